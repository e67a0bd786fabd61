package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/internal/access"
	"nafas/internal/access/account"
	"nafas/internal/audit"
	"nafas/internal/store"
	"nafas/internal/triage"
)

// An erasure takes the patient out of the audit trail; who did what and when
// stays, in a chain that holds.
func TestErasingLeavesTheTrail(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	service := triage.New(s, s, named, nil, triage.Options{MinFreeBytes: 1, Log: silent()})
	trail := audit.NewTrail(s.Books(), pseudonym)
	open := func(uid string) {
		require.NoError(t, trail.Record(t.Context(), audit.Event{Kind: audit.Opened, Who: audit.Who{Name: "amina"}, StudyUIDs: []string{uid}}))
	}
	take := func(file string) {
		_, err := upload(t, service, file)
		require.NoError(t, err)
	}
	take("2.25.9001/2.25.9002/2.25.9003/ID77^HOSP^Noor/x/")
	open("2.25.9001")
	take("2.25.7001/2.25.7002/2.25.7003/ID77^HOSP^Noor/x/") // under the wrong name
	open("2.25.7001")
	take("2.25.7001/2.25.7002/2.25.7003/ID5^HOSP^Somebody/x/")
	open("2.25.7001")

	told := func() (out []audit.Told) {
		require.NoError(t, audit.Tell(t.Context(), s.Books(), 0, func(e audit.Told) (bool, error) {
			out = append(out, e)
			return true, nil
		}))
		return out
	}
	whole := func() audit.Verdict {
		v, err := audit.Verify(t.Context(), s.Books(), nil)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
		require.EqualValues(t, 3, v.Records)
		return v
	}
	whole()
	require.Equal(t, audit.Study{UID: "2.25.9001", PatientID: "ID77", Issuer: "HOSP", PatientName: "Noor"}, told()[0].Studies[0].Study)

	found, err := s.Erasable(t.Context(), store.Whose{ID: "ID77"}, named)
	require.NoError(t, err)
	proof, err := s.Erase(t.Context(), found, noon, pseudonym)
	require.NoError(t, err)
	require.Equal(t, []string{pseudonym("2.25.7001")}, proof.TrailOf)
	require.Empty(t, traces(t, dir, "ID77", "Noor", "2.25.9001"))
	require.Equal(t, 2, whole().Erased)
	after := told()
	require.Equal(t, audit.ToldStudy{Pseudonym: pseudonym("2.25.9001"), Erased: true}, after[0].Studies[0])
	require.Equal(t, "amina", after[0].Who.Name)
	require.True(t, after[1].Studies[0].Erased)
	require.Equal(t, "Somebody", after[2].Studies[0].PatientName)
}

func TestAccounts(t *testing.T) {
	books, err := store.OpenBooks(t.Context(), t.TempDir(), store.Options{Log: silent()})
	require.NoError(t, err)
	defer func() { require.NoError(t, books.Close()) }()
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	amina := account.Account{Name: "amina", Display: "Dr A", Roles: []access.Role{access.RoleRead, access.RoleReview}, Hash: "h", CreatedAt: at, ChangedAt: at}

	_, err = books.Account(t.Context(), "amina")
	require.ErrorIs(t, err, account.ErrUnknown)
	require.ErrorIs(t, books.ChangeAccount(t.Context(), "amina", func(*account.Account) {}), account.ErrUnknown)
	require.ErrorIs(t, books.RemoveAccount(t.Context(), "amina", at), account.ErrUnknown)
	require.NoError(t, books.AddAccount(t.Context(), amina))
	require.ErrorIs(t, books.AddAccount(t.Context(), amina), account.ErrTaken)
	got, err := books.Account(t.Context(), "amina")
	require.NoError(t, err)
	require.Equal(t, amina, got)

	// A password that changed while it was checked opens nothing.
	ask := account.Session{ID: [32]byte{1}, Name: "amina", Account: true, CreatedAt: at, SeenAt: at}
	require.NoError(t, books.ChangeAccount(t.Context(), "amina", func(a *account.Account) { a.Hash = "other" }))
	require.ErrorIs(t, books.OpenSession(t.Context(), ask, "h"), account.ErrUnknown)
	require.NoError(t, books.OpenSession(t.Context(), ask, "other"))
	require.NoError(t, books.Rehash(t.Context(), "amina", "h", "stale"), "of an earlier password")
	got, err = books.Account(t.Context(), "amina")
	require.NoError(t, err)
	require.Equal(t, "other", got.Hash)
	_, err = books.Session(t.Context(), ask.ID)
	require.NoError(t, err)

	require.NoError(t, books.RemoveAccount(t.Context(), "amina", at))
	_, err = books.Session(t.Context(), ask.ID)
	require.ErrorIs(t, err, account.ErrUnknown)
	require.ErrorIs(t, books.AddAccount(t.Context(), amina), account.ErrTaken, "reviews speak of the one who was here")
	any, err := books.AnyAccount(t.Context())
	require.NoError(t, err)
	require.False(t, any)
	list, err := books.Accounts(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
}

// Users are managed while a server has the folder.
func TestBooksBesideAServer(t *testing.T) {
	dir := t.TempDir()
	server, err := store.Open(t.Context(), dir, store.Options{Log: silent()})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	beside, err := store.OpenBooks(t.Context(), dir, store.Options{Log: silent()})
	require.NoError(t, err)
	require.NoError(t, beside.AddAccount(t.Context(), account.Account{Name: "amina", Display: "A", Roles: []access.Role{access.RoleRead}, Hash: "h"}))
	require.NoError(t, beside.Close())
	any, err := server.Books().AnyAccount(t.Context())
	require.NoError(t, err)
	require.True(t, any)
	any, err = store.AnyAccount(t.Context(), dir)
	require.NoError(t, err)
	require.True(t, any)
	any, err = store.AnyAccount(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.False(t, any)
}
