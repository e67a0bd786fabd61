package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nafas/internal/triage"
)

// source is a Source as Prometheus asks for it.
type source struct{ Source }

// countTime bounds the counting: a store that does not answer is shown as
// down.
const countTime = 10 * time.Second

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("nafas_"+name, help, labels, nil)
}

var (
	up            = desc("store_up", "1 where the database answers.")
	studies       = desc("studies", "Studies by state.", "state")
	withoutImages = desc("studies_without_images", "Studies whose images were deleted after their days.")
	quarantined   = desc("quarantined_instances", "Instances in quarantine.")
	oldestStudy   = desc("oldest_unfinished_study_age_seconds", "Time since the last instance of the study that has waited longest for a result; 0 where none waits.", "request_priority")
	deliveries    = desc("deliveries", "Deliveries by destination and state.", "destination", "state")
	oldestWaiting = desc("oldest_waiting_delivery_age_seconds", "Time since the oldest delivery that waits was queued.", "destination")
	jobs          = desc("jobs_waiting", "Jobs that wait or run, by kind.", "kind")
	inbox         = desc("inbox_instances", "Acknowledged instances that have no rows yet.")
	free          = desc("disk_free_bytes", "What may still be written to the data folder.")
	watermark     = desc("disk_watermark_bytes", "Intake stops while less than this is free.")
	low           = desc("disk_low", "1 where less than twice the watermark is free.")
	starts        = desc("worker_starts_total", "Worker processes started.")
	deaths        = desc("worker_deaths_total", "Worker processes that ended at work or had to be killed.")
)

// Describe implements prometheus.Collector.
func (*source) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, studies, withoutImages, quarantined, oldestStudy, deliveries, oldestWaiting, jobs, inbox, free, watermark, low, starts, deaths} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (s *source) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), countTime)
	defer cancel()
	n, err := s.Numbers(ctx)
	gauge(up, one(err == nil))
	if err == nil {
		numbers(n, time.Now(), gauge)
	}
	if disk, err := s.Disk(); err == nil {
		gauge(free, float64(disk.FreeBytes))
		gauge(watermark, float64(disk.WatermarkBytes))
		gauge(low, one(disk.Low()))
	}
	gauge(inbox, float64(s.Inbox()))
	started, died := s.Worker()
	to <- prometheus.MustNewConstMetric(starts, prometheus.CounterValue, float64(started))
	to <- prometheus.MustNewConstMetric(deaths, prometheus.CounterValue, float64(died))
}

func numbers(n triage.Numbers, now time.Time, gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	for _, state := range []triage.State{triage.Receiving, triage.Waiting, triage.Running, triage.Done, triage.NotAssessed, triage.Failed} {
		gauge(studies, float64(n.Studies[state]), string(state))
	}
	gauge(withoutImages, float64(n.WithoutImages))
	gauge(quarantined, float64(n.Quarantined))
	for _, asked := range []triage.RequestPriority{triage.RequestUrgent, triage.RequestRoutine} {
		age := 0.0
		if at, ok := n.Oldest[asked]; ok {
			age = max(0, now.Sub(at).Seconds())
		}
		gauge(oldestStudy, age, string(asked))
	}
	for _, d := range n.Deliveries {
		gauge(deliveries, float64(d.Count), d.Destination, string(d.State))
		if !d.Oldest.IsZero() {
			gauge(oldestWaiting, max(0, now.Sub(d.Oldest).Seconds()), d.Destination)
		}
	}
	for _, kind := range []string{triage.SettleJob{}.Kind(), triage.ReadJob{}.Kind(), triage.DeliverJob{}.Kind()} {
		gauge(jobs, float64(n.Jobs[kind]), kind)
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
