package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/models"
	"nafas/models/manifest"
)

func TestEveryShippedModelOpens(t *testing.T) {
	for _, name := range models.Names() {
		m, err := models.Open(name)
		require.NoError(t, err, name)
		require.Equal(t, name, m.Name, "a model's folder has its name")
	}
}

func TestOpenByPath(t *testing.T) {
	m, err := models.Open("manifest/testdata/example")
	require.NoError(t, err)
	require.Equal(t, "example-heatmap", m.Name)

	_, err = models.Open("manifest/testdata")
	require.ErrorIs(t, err, models.ErrNotFound)
	_, err = models.Open("nafas-lung-0")
	require.ErrorIs(t, err, models.ErrNotFound)
	require.ErrorContains(t, err, manifest.FileName)
}
