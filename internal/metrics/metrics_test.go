package metrics_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"nafas/internal/metrics"
	"nafas/internal/triage"
)

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, w.Code, w.Body.String())
	return w.Body.String()
}

func TestWhatIsShown(t *testing.T) {
	m := metrics.New()
	var fails error
	m.Watch(metrics.Source{
		Numbers: func(context.Context) (triage.Numbers, error) {
			return triage.Numbers{
				Studies: map[triage.State]int{triage.Done: 3, triage.Waiting: 1}, WithoutImages: 2, Quarantined: 4,
				Oldest: map[triage.RequestPriority]time.Time{triage.RequestUrgent: time.Now().Add(-time.Hour)},
				Deliveries: []triage.DeliveryNumber{
					{Destination: "PACS", State: triage.DeliveryDead, Count: 1},
					{Destination: "PACS", State: triage.DeliveryWaiting, Count: 2, Oldest: time.Now().Add(-time.Hour)},
				},
				Jobs: map[string]int{"read": 1},
			}, fails
		},
		Disk:   func() (triage.Disk, error) { return triage.Disk{FreeBytes: 150, WatermarkBytes: 100}, nil },
		Inbox:  func() int { return 5 },
		Worker: func() (int64, int64) { return 7, 6 },
	})
	m.Took(triage.Accept, 300)
	m.Trouble(triage.TroubleCrash)
	for range 19 {
		m.Read(triage.Done, 70*time.Second)
	}
	m.Read(triage.Done, 20*time.Minute)
	text := scrape(t, m)
	for _, line := range []string{
		`nafas_store_up 1`,
		`nafas_studies{state="done"} 3`,
		`nafas_studies{state="failed"} 0`,
		`nafas_studies_without_images 2`,
		`nafas_quarantined_instances 4`,
		`nafas_oldest_unfinished_study_age_seconds{request_priority="routine"} 0`,
		`nafas_oldest_unfinished_study_age_seconds{request_priority="urgent"} 36`, // about an hour
		`nafas_deliveries{destination="PACS",state="dead"} 1`,
		`nafas_oldest_waiting_delivery_age_seconds{destination="PACS"} 36`,
		`nafas_jobs_waiting{kind="read"} 1`,
		`nafas_jobs_waiting{kind="deliver"} 0`,
		`nafas_inbox_instances 5`,
		`nafas_disk_free_bytes 150`,
		`nafas_disk_watermark_bytes 100`,
		`nafas_disk_low 1`,
		`nafas_worker_starts_total 7`,
		`nafas_worker_deaths_total 6`,
		`nafas_instances_total{outcome="accepted"} 300`,
		`nafas_instances_total{outcome="quarantined"} 0`,
		`nafas_reading_failures_total{kind="crash"} 1`,
		`nafas_last_instance_to_result_seconds_bucket{state="done",le="60"} 0`,
		`nafas_last_instance_to_result_seconds_bucket{state="done",le="75"} 19`,
		`nafas_last_instance_to_result_seconds_count{state="done"} 20`,
		`nafas_last_instance_to_result_seconds_count{state="not_assessed"} 0`,
	} {
		require.Contains(t, text, line)
	}

	fails = errors.New("no database")
	text = scrape(t, m)
	require.Contains(t, text, "nafas_store_up 0")
	require.NotContains(t, text, "nafas_studies{", "no number where none is known")
	require.Contains(t, text, "nafas_disk_low 1")
	require.False(t, strings.Contains(text, "no database"))
}

// The pages name no metric that is not there, and no metric is left out.
func TestThePagesNameTheMetrics(t *testing.T) {
	m := metrics.New()
	m.Watch(metrics.Source{
		Numbers: func(context.Context) (triage.Numbers, error) {
			return triage.Numbers{Deliveries: []triage.DeliveryNumber{{Destination: "A", State: triage.DeliveryWaiting, Oldest: time.Now()}}}, nil
		},
		Disk: func() (triage.Disk, error) { return triage.Disk{}, nil }, Inbox: func() int { return 0 },
		Worker: func() (int64, int64) { return 0, 0 },
	})
	name := regexp.MustCompile(`\bnafas_[a-z_]+[a-z]\b`)
	shown := map[string]bool{}
	for _, word := range regexp.MustCompile(`(?m)^# TYPE (nafas_\w+)`).FindAllStringSubmatch(scrape(t, m), -1) {
		shown[word[1]] = true
	}
	require.Greater(t, len(shown), 15)
	deploy, err := os.ReadFile("../../docs/deploy.md")
	require.NoError(t, err)
	alerts, err := os.ReadFile("../../docs/alerts.yml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(alerts, &rules))
	require.NotEmpty(t, rules.Groups[0].Rules)
	for _, word := range name.FindAllString(string(deploy)+string(alerts), -1) {
		require.True(t, shown[strings.TrimSuffix(word, "_bucket")], "%s is not there", word)
	}
	for word := range shown {
		require.Contains(t, string(deploy), word, "not in docs/deploy.md")
	}
}
