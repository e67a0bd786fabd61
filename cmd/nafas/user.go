package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/triage"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Add somebody who signs in to the review page with a password."`
	List    userListCmd    `cmd:"" help:"List users."`
	Passwd  userPasswdCmd  `cmd:"" help:"Set a password; the user is signed out everywhere."`
	Roles   userRolesCmd   `cmd:"" help:"Set what a user may do; the user is signed out everywhere."`
	Disable userDisableCmd `cmd:"" help:"Keep a user out, at once."`
	Enable  userEnableCmd  `cmd:"" help:"Let a user in again."`
	Remove  userRemoveCmd  `cmd:"" help:"Remove a user. The name is given to nobody else: reviews speak of it."`
	SignOut userSignOutCmd `cmd:"" help:"Sign a user out everywhere, one that a provider knows too (oidc:NAME)."`
}

// booksFlags open what is known of people.
type booksFlags struct {
	Data string `help:"Data folder; a service may run on it." default:"nafas-data" type:"path"`
}

// open gives the books and their trail; close ends them.
func (f booksFlags) open(ctx context.Context, s *streams) (*store.Books, *audit.Trail, error) {
	books, err := store.OpenBooks(ctx, f.Data, store.Options{Log: s.logger()})
	if err != nil {
		return nil, nil, fmt.Errorf("data folder %s: %w", f.Data, err)
	}
	trail, err := f.trail(books)
	if err != nil {
		return nil, nil, errors.Join(err, books.Close())
	}
	return books, trail, nil
}

func (f booksFlags) trail(books *store.Books) (*audit.Trail, error) {
	pseudonyms, err := triage.LoadPseudonyms(pseudonymKey(f.Data))
	if err != nil {
		return nil, err
	}
	return audit.NewTrail(books, pseudonyms.Study), nil
}

// change does something to a user and records it.
func (f booksFlags) change(ctx context.Context, s *streams, typed, what string, do func(books *store.Books, name string) error) error {
	name, err := account.Name(typed)
	if err != nil {
		return usage("%w", err)
	}
	return f.changeNamed(ctx, s, name, what, do)
}

func (f booksFlags) changeNamed(ctx context.Context, s *streams, name, what string, do func(books *store.Books, name string) error) error {
	books, trail, err := f.open(ctx, s)
	if err != nil {
		return err
	}
	err = do(books, name)
	outcome := audit.Success
	if err != nil {
		outcome = audit.Minor
	}
	// What was done is said too where it did not work: somebody tried.
	recorded := trail.Record(ctx, audit.Event{Kind: audit.Administered, Outcome: outcome, Who: shellUser(), Detail: what + " " + name})
	return errors.Join(err, recorded, books.Close())
}

// shellUser is who runs this process.
func shellUser() audit.Who {
	who := audit.Who{Name: fmt.Sprintf("uid:%d", os.Getuid()), By: "shell"}
	if u, err := user.Current(); err == nil {
		who.Name, who.Display = u.Username, u.Name
	}
	return who
}

// passwordFlags say where a password comes from.
type passwordFlags struct {
	Stdin bool `help:"Read the password from standard input, its first line, and do not ask." name:"password-stdin"`
}

// read asks twice at the terminal, without showing what is typed.
func (f passwordFlags) read(s *streams, name, display string) (string, error) {
	password, err := f.typed(s.err)
	if err != nil {
		return "", err
	}
	if err := account.CheckPassword(password, name, display); err != nil {
		return "", usage("%w", err)
	}
	return password, nil
}

func (f passwordFlags) typed(prompt io.Writer) (string, error) {
	if f.Stdin {
		line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", usage("a password is typed at a terminal; give --password-stdin to read it from standard input")
	}
	var words [2]string
	for i, say := range []string{"Password: ", "Again: "} {
		fmt.Fprint(prompt, say)
		word, err := term.ReadPassword(in)
		fmt.Fprintln(prompt)
		if err != nil {
			return "", err
		}
		words[i] = string(word)
	}
	if words[0] != words[1] {
		return "", usage("the two are not the same")
	}
	return words[0], nil
}

type userAddCmd struct {
	booksFlags
	passwordFlags
	Name    string `arg:"" help:"What is typed to sign in."`
	Display string `help:"How pages and reports call the user, such as 'Dr Amina Alaoui'." required:""`
	Roles   string `help:"Roles: read, review, admin." default:"read,review"`
}

// Run adds a user.
func (c *userAddCmd) Run(s *streams, ctx kongContext) error {
	roles, err := peopleRoles(c.Roles)
	if err != nil {
		return err
	}
	c.Display = strings.TrimSpace(c.Display)
	if err := account.CheckDisplay(c.Display); err != nil {
		return usage("%w", err)
	}
	name, err := account.Name(c.Name)
	if err != nil {
		return usage("%w", err)
	}
	password, err := c.read(s, name, c.Display)
	if err != nil {
		return err
	}
	hash, err := account.NewHasher().Hash(ctx, password)
	if err != nil {
		return err
	}
	now := time.Now()
	err = c.change(ctx, s, name, "add "+c.Roles, func(books *store.Books, name string) error {
		return books.AddAccount(ctx, account.Account{Name: name, Display: c.Display, Roles: roles, Hash: hash, CreatedAt: now, ChangedAt: now})
	})
	if err == nil {
		fmt.Fprintf(s.err, "%s can sign in to the review page\n", name)
	}
	return err
}

func peopleRoles(text string) ([]access.Role, error) {
	roles, err := access.ParseRoles(text)
	if err == nil {
		err = account.CheckRoles(roles)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	return roles, nil
}

type userPasswdCmd struct {
	booksFlags
	passwordFlags
	Name string `arg:"" help:"Whose password."`
}

// Run sets a password.
func (c *userPasswdCmd) Run(s *streams, ctx kongContext) error {
	return c.change(ctx, s, c.Name, "password of", func(books *store.Books, name string) error {
		known, err := books.Account(ctx, name)
		if err != nil {
			return err
		}
		password, err := c.read(s, name, known.Display)
		if err != nil {
			return err
		}
		hash, err := account.NewHasher().Hash(ctx, password)
		if err != nil {
			return err
		}
		return books.ChangeAccount(ctx, name, func(a *account.Account) { a.Hash, a.ChangedAt = hash, time.Now() })
	})
}

type userRolesCmd struct {
	booksFlags
	Name  string `arg:"" help:"Whose roles."`
	Roles string `arg:"" help:"Roles: read, review, admin."`
}

// Run sets the roles.
func (c *userRolesCmd) Run(s *streams, ctx kongContext) error {
	roles, err := peopleRoles(c.Roles)
	if err != nil {
		return err
	}
	return c.change(ctx, s, c.Name, "roles "+c.Roles+" of", func(books *store.Books, name string) error {
		return books.ChangeAccount(ctx, name, func(a *account.Account) { a.Roles = roles })
	})
}

type userDisableCmd struct {
	booksFlags
	Name string `arg:"" help:"Who is kept out."`
}

// Run disables a user and ends the sessions.
func (c *userDisableCmd) Run(s *streams, ctx kongContext) error {
	return c.change(ctx, s, c.Name, "disable", func(books *store.Books, name string) error {
		return books.ChangeAccount(ctx, name, func(a *account.Account) { a.Disabled = true })
	})
}

type userEnableCmd struct {
	booksFlags
	Name string `arg:"" help:"Who is let in again."`
}

// Run enables a user.
func (c *userEnableCmd) Run(s *streams, ctx kongContext) error {
	return c.change(ctx, s, c.Name, "enable", func(books *store.Books, name string) error {
		return books.ChangeAccount(ctx, name, func(a *account.Account) { a.Disabled = false })
	})
}

type userRemoveCmd struct {
	booksFlags
	Name string `arg:"" help:"Who is removed."`
}

// Run removes a user; it says where that opens the page to everybody.
func (c *userRemoveCmd) Run(s *streams, ctx kongContext) error {
	return c.change(ctx, s, c.Name, "remove", func(books *store.Books, name string) error {
		if err := books.RemoveAccount(ctx, name, time.Now()); err != nil {
			return err
		}
		any, err := books.AnyAccount(ctx)
		if err == nil && !any {
			fmt.Fprintln(s.err, "that was the last user: where the service is reached from this machine alone, without tokens and without an OpenID Connect provider, everybody on it is let in now")
		}
		return err
	})
}

type userSignOutCmd struct {
	booksFlags
	Name string `arg:"" help:"Who is signed out."`
}

// Run ends the sessions of a user.
func (c *userSignOutCmd) Run(s *streams, ctx kongContext) error {
	do := func(books *store.Books, name string) error {
		n, err := books.EndSessionsOf(ctx, name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%d sessions ended\n", n)
		return err
	}
	if strings.HasPrefix(c.Name, account.ProviderPrefix) {
		return c.changeNamed(ctx, s, c.Name, "sign out", do)
	}
	return c.change(ctx, s, c.Name, "sign out", do)
}

type userListCmd struct{ booksFlags }

// listedUser is a user in a list.
type listedUser struct {
	Name              string        `json:"name"`
	Display           string        `json:"display"`
	Roles             []access.Role `json:"roles"`
	Disabled          bool          `json:"disabled"`
	PasswordChangedAt time.Time     `json:"password_changed_at"`
	Sessions          int           `json:"sessions"`
}

// Run lists users.
func (c *userListCmd) Run(s *streams, ctx kongContext) error {
	books, _, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	list, err := listUsers(ctx, books)
	if err = errors.Join(err, books.Close()); err != nil {
		return err
	}
	if s.format == "json" {
		out := json.NewEncoder(s.out)
		out.SetIndent("", "  ")
		return out.Encode(list)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tDISPLAY\tROLES\tSTATE\tPASSWORD OF\tSESSIONS")
	for _, u := range list {
		state := "enabled"
		if u.Disabled {
			state = "disabled"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", u.Name, u.Display, roleWords(u.Roles), state, u.PasswordChangedAt.Local().Format(time.DateOnly), u.Sessions)
	}
	return w.Flush()
}

func listUsers(ctx context.Context, books *store.Books) ([]listedUser, error) {
	all, err := books.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := books.SessionsOf(ctx)
	if err != nil {
		return nil, err
	}
	out := []listedUser{}
	for _, a := range all {
		out = append(out, listedUser{a.Name, a.Display, a.Roles, a.Disabled, a.ChangedAt, sessions[a.Name]})
	}
	return out, nil
}

func roleWords(roles []access.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ",")
}
