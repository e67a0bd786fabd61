package sources_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/rescore/sources"
)

// Each pair of names is written in a way of its own, as text, and read back.
func TestPathsAreReadBack(t *testing.T) {
	names := []string{"a", "a.zip", "a!b", "a!", "!", "!a", "=", "=41", "!=41", "x!=", "é/ü", "\xe9t\xe9/1.dcm", "a/b c", "\xff\xff", "b", "!b", "./a", "a!!b", "a!./b"}
	written := map[string][2]string{}
	for _, file := range names {
		for _, member := range append([]string{""}, names...) {
			if file == "./a" || member == "./a" {
				continue // no walk and no archive gives such a name
			}
			p := sources.JoinPath(file, member)
			require.True(t, len(p) > 0)
			before, twice := written[p]
			require.False(t, twice, "%q is %q and %q", p, before, [2]string{file, member})
			written[p] = [2]string{file, member}
			gotFile, gotMember, err := sources.SplitPath(p)
			require.NoError(t, err, "%q", p)
			require.Equal(t, [2]string{file, member}, [2]string{gotFile, gotMember}, "%q", p)
			for _, r := range p {
				require.NotEqual(t, '\uFFFD', r, "text")
			}
		}
	}
	require.Equal(t, "2019/x.zip!ct/1.dcm", sources.JoinPath("2019/x.zip", "ct/1.dcm"), "as people write it")
	for _, broken := range []string{"a!=", "a!=4", "a!=zz", "a!b!c", "!a"} {
		_, _, err := sources.SplitPath(broken)
		require.Error(t, err, broken)
	}
}

func FuzzPaths(f *testing.F) {
	f.Add("a!b", "c")
	f.Fuzz(func(t *testing.T, file, member string) {
		if file == "" || len(member) > 1 && member[:2] == "./" {
			return
		}
		gotFile, gotMember, err := sources.SplitPath(sources.JoinPath(file, member))
		require.NoError(t, err)
		require.Equal(t, file, gotFile)
		require.Equal(t, member, gotMember)
		_, _, _ = sources.SplitPath(file)
	})
}
