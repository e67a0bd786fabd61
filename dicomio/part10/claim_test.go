package part10_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/part10"
)

func TestClaimCoversWhatAFileBecomes(t *testing.T) {
	plain, bomb := sampleFile(t, part10.ExplicitLE), deflateBomb(t, 47)
	size := int64(len(plain))
	require.Less(t, part10.Claim(plain, size), 20*size, "what is not deflated does not inflate")
	require.Equal(t, part10.Claim(plain, size), part10.Claim(plain[:1000], size), "the start is enough")

	f, err := part10.Parse(bomb, part10.DefaultLimits())
	require.NoError(t, err)
	require.GreaterOrEqual(t, part10.Claim(bomb, int64(len(bomb))), int64(len(f.Bytes)))
	require.GreaterOrEqual(t, part10.Claim(plain[:140], size), int64(48<<20), "the transfer syntax may come later")
	large := int64(100 << 20)
	require.GreaterOrEqual(t, part10.Claim(bomb[:1000], large), int64(1<<30), "a large one inflates to more")
	require.Less(t, part10.Claim(plain[:1000], large), 2*large, "a header has a bound of its own")
}
