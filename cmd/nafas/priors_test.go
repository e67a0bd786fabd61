package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	nafasv1 "nafas/proto/nafas/v1"
)

// A study that is sent has its prior fetched without a hand on it, and is read
// again against it.
func TestOrthancHasThePriorOfAStudy(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		priorFetched(t, `
deliver:
  - {name: pacs, dicom: "ORTHANC@127.0.0.1:4242"}
priors:
  dicom: "ORTHANC@127.0.0.1:4242"
`, "--dicom-listen", "127.0.0.1:11112")
	})
}

// The same by DICOMweb alone.
func TestOrthancHasThePriorOfAStudyOverDICOMweb(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		priorFetched(t, `
deliver:
  - {name: pacs, web: "http://127.0.0.1:8042/dicom-web"}
priors:
  web: "http://127.0.0.1:8042/dicom-web"
`)
	})
}

// An archive that sends by C-MOVE needs somewhere to send to.
func TestPriorsByDICOMNeedAListener(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("priors: {dicom: A@127.0.0.1:1}\n"), 0o600))
	code, _, stderr := nafas(t, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--settings", settings)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "priors: it needs --dicom-listen")
}

func priorFetched(t *testing.T, text string, args ...string) {
	o := startOrthanc(t, "11112")
	settings := filepath.Join(t.TempDir(), "nafas.yaml")
	require.NoError(t, os.WriteFile(settings, []byte(text), 0o600))
	args = append(args, "--quiet", "1s", "--settings", settings)
	code, out, stderr := nafas(t, append([]string{"config", "check"}, args...)...)
	require.Equal(t, exitDone, code, out+stderr)
	require.Contains(t, out, "priors     ok: at most 1 for a study, of the 5 years before it")

	dated := func(who, date string) (string, [][]byte, func(s *server)) {
		uid, files := smallStudyOf(t, who, ctwriter.Options{Date: date}, date)
		return uid, contents(t, files), func(s *server) {
			_, err := s.send(t.Context(), files)
			require.NoError(t, err)
		}
	}
	oldest, images, _ := dated("returns", "20230101")
	o.upload(images)
	earlier, images, sendEarlier := dated("returns", "20250101")
	held := o.upload(images)
	stranger, images, _ := dated("another", "20250301")
	o.upload(images)
	later, images, _ := dated("returns", "20250901")
	o.upload(images)
	current, _, sendCurrent := dated("returns", "20250601")

	s := startServer(t, t.TempDir(), args...)
	sendCurrent(s)
	study := func(uid string) *nafasv1.Study {
		got, err := s.client.Triage().GetStudy(t.Context(), &nafasv1.GetStudyRequest{StudyInstanceUid: uid})
		require.NoError(t, err)
		return got.Study
	}
	comparedWith := func() (uid string) {
		for _, series := range study(current).Series {
			uid += series.GetResult().GetComparison().GetEarlierStudyInstanceUid()
		}
		return uid
	}
	require.Eventually(t, func() bool { return comparedWith() == earlier }, 2*time.Minute, 200*time.Millisecond,
		"the study is compared with the latest one before it")
	for _, uid := range []string{oldest, stranger, later} {
		require.Zero(t, s.instances(uid), "not fetched")
	}
	prior := study(earlier)
	require.True(t, prior.PriorOnly)
	require.Equal(t, nafasv1.StudyState_STUDY_STATE_DONE, prior.State)
	require.Equal(t, nafasv1.Priority_PRIORITY_UNSPECIFIED, prior.Priority)
	require.False(t, study(current).PriorOnly)
	require.Eventually(t, func() bool {
		list := study(current).Deliveries
		return len(list) > 0 && list[len(list)-1].State == nafasv1.DeliveryState_DELIVERY_STATE_DELIVERED
	}, time.Minute, 200*time.Millisecond)
	require.Empty(t, study(earlier).Deliveries)
	require.Equal(t, []string{"CT"}, o.series(held), "nothing is delivered to it")

	// Sent for itself it is a case as any other.
	sendEarlier(s)
	require.Eventually(t, func() bool {
		return slices.Equal([]string{"CT", "KO", "SR"}, o.series(held))
	}, 2*time.Minute, 200*time.Millisecond, "report and key images are in the study")
	ordinary := s.wait(earlier, time.Minute)
	require.False(t, ordinary.PriorOnly)
	require.NotEqual(t, nafasv1.Priority_PRIORITY_UNSPECIFIED, ordinary.Priority)
	require.Equal(t, earlier, comparedWith(), "and still what the later one is compared with")
}
