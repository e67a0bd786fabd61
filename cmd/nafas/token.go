package main

import (
	"fmt"

	"nafas/internal/access"
)

type tokenCmd struct {
	New tokenNewCmd `cmd:"" help:"Print a new token (standard error) and the line for the token file (standard output)."`
}

type tokenNewCmd struct {
	Name  string `arg:"" help:"Whose token it is, without spaces."`
	Roles string `help:"Roles: submit, read, review, admin." default:"submit,read"`
}

// Run prints the token on standard error, so that `nafas token new pacs >>
// tokens` keeps the hash only.
func (c *tokenNewCmd) Run(s *streams) error {
	roles, err := access.ParseRoles(c.Roles)
	if err != nil {
		return usage("%w", err)
	}
	token, line, err := access.NewToken(c.Name, roles)
	if err != nil {
		return usage("%w", err)
	}
	fmt.Fprintf(s.err, "token for %s, shown only now: %s\n", c.Name, token)
	_, err = fmt.Fprintln(s.out, line)
	return err
}
