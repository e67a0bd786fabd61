// Package metrics shows an operator how the service fares, in the text format
// of Prometheus. Labels are states, kinds and the destinations' names in the
// settings: nothing in them comes from a study.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nafas/internal/triage"
)

// Source is what is counted when somebody asks; its methods are called from
// several goroutines.
type Source struct {
	Numbers func(ctx context.Context) (triage.Numbers, error)
	Disk    func() (triage.Disk, error)
	// Inbox is how many acknowledged instances have no rows yet.
	Inbox func() int
	// Worker is how often a worker process was started, and how often one
	// ended at work or had to be killed.
	Worker func() (starts, deaths int64)
}

// Metrics is a triage.Meter that shows what it hears.
type Metrics struct {
	registry *prometheus.Registry
	took     *prometheus.CounterVec
	read     *prometheus.HistogramVec
	trouble  *prometheus.CounterVec
}

var _ triage.Meter = (*Metrics)(nil)

// readBuckets, s: from the quiet time of a study that is read at once to that
// of a night on which nothing was read.
var readBuckets = []float64{5, 10, 20, 30, 45, 60, 75, 90, 120, 150, 180, 240, 300, 450, 600, 900, 1800, 3600, 7200, 14400, 43200}

// outcomes are the words for triage.Outcome.
var outcomes = map[triage.Outcome]string{
	triage.Accept: "accepted", triage.Repeat: "repeated", triage.NewVersion: "new_version", triage.Quarantine: "quarantined",
}

// New makes a Metrics; what cannot have happened yet is shown as 0.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		took: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nafas_instances_total", Help: "Instances taken in since the start, by what became of them.",
		}, []string{"outcome"}),
		read: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nafas_last_instance_to_result_seconds", Help: "Time from the last instance of a study to its result.", Buckets: readBuckets,
		}, []string{"state"}),
		trouble: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nafas_reading_failures_total", Help: "Readings that ended early since the start, by how.",
		}, []string{"kind"}),
	}
	for _, word := range outcomes {
		m.took.WithLabelValues(word)
	}
	for _, state := range []triage.State{triage.Done, triage.NotAssessed} {
		m.read.WithLabelValues(string(state))
	}
	for _, kind := range kinds {
		m.trouble.WithLabelValues(kind)
	}
	m.registry.MustRegister(m.took, m.read, m.trouble, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// kinds are the words for triage.TroubleKind.
var kinds = map[triage.TroubleKind]string{
	triage.TroubleCrash: "crash", triage.TroubleError: "error", triage.TroubleNoWorker: "no_worker",
	triage.TroubleLimit: "error",
}

// Took implements triage.Meter.
func (m *Metrics) Took(outcome triage.Outcome, n int) {
	m.took.WithLabelValues(outcomes[outcome]).Add(float64(n))
}

// Read implements triage.Meter.
func (m *Metrics) Read(state triage.State, sinceLastInstance time.Duration) {
	m.read.WithLabelValues(string(state)).Observe(sinceLastInstance.Seconds())
}

// Trouble implements triage.Meter.
func (m *Metrics) Trouble(kind triage.TroubleKind) { m.trouble.WithLabelValues(kinds[kind]).Inc() }

// Watch adds what is counted when somebody asks. It is called once.
func (m *Metrics) Watch(s Source) { m.registry.MustRegister(&source{s}) }

// Handler answers /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 30 * time.Second})
}
