package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	nafasv1 "nafas/proto/nafas/v1"
)

type deliveriesCmd struct {
	List  deliveriesListCmd  `cmd:"" default:"withargs" help:"List deliveries, the oldest first."`
	Retry deliveriesRetryCmd `cmd:"" help:"Try dead deliveries again."`
}

type deliveriesListCmd struct {
	connectFlags
	State       string `help:"Only these: waiting, delivered, dead or replaced." enum:"all,waiting,delivered,dead,replaced" default:"all"`
	Destination string `help:"Only to this destination." placeholder:"NAME"`
	Study       string `help:"Only of this study." placeholder:"UID"`
}

var deliveryStates = map[string]nafasv1.DeliveryState{
	"waiting": nafasv1.DeliveryState_DELIVERY_STATE_WAITING, "delivered": nafasv1.DeliveryState_DELIVERY_STATE_DELIVERED,
	"dead": nafasv1.DeliveryState_DELIVERY_STATE_DEAD, "replaced": nafasv1.DeliveryState_DELIVERY_STATE_REPLACED,
}

// Run asks for page after page and prints each as it comes.
func (c *deliveriesListCmd) Run(s *streams, ctx kongContext) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	rq := &nafasv1.ListDeliveriesRequest{
		State: deliveryStates[c.State], Destination: c.Destination, StudyInstanceUid: c.Study, PageSize: 1000,
	}
	print := deliveryPrinter(s)
	for {
		page, err := conn.Triage().ListDeliveries(ctx, rq)
		if err != nil {
			return err
		}
		if err := print(page.GetDeliveries()); err != nil {
			return err
		}
		if rq.PageToken = page.GetNextPageToken(); rq.PageToken == "" {
			return nil
		}
	}
}

// deliveryPrinter prints pages in the chosen format.
func deliveryPrinter(s *streams) func([]*nafasv1.Delivery) error {
	header := []string{"study_instance_uid", "destination", "state", "attempts", "queued_at", "updated_at", "reason"}
	row := func(d *nafasv1.Delivery) []string {
		return []string{
			d.GetStudyInstanceUid(), d.GetDestination(), deliveryWord(d.GetState()), strconv.Itoa(int(d.GetAttempts())),
			d.GetQueuedAt().AsTime().Format(time.RFC3339), d.GetUpdatedAt().AsTime().Format(time.RFC3339), d.GetReason(),
		}
	}
	first := true
	return func(list []*nafasv1.Delivery) error {
		defer func() { first = false }()
		switch s.format {
		case "json":
			for _, d := range list {
				if err := printJSON(s.out, d); err != nil {
					return err
				}
			}
			return nil
		case "csv":
			var rows [][]string
			if first {
				rows = append(rows, header)
			}
			for _, d := range list {
				rows = append(rows, row(d))
			}
			return writeCSV(s.out, rows)
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		if first {
			fmt.Fprintln(w, strings.ToUpper(strings.Join(header, "\t")))
		}
		for _, d := range list {
			fmt.Fprintln(w, strings.Join(row(d), "\t"))
		}
		return w.Flush()
	}
}

func deliveryWord(state nafasv1.DeliveryState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "DELIVERY_STATE_"))
}

type deliveriesRetryCmd struct {
	connectFlags
	Destination string `help:"Those to this destination." placeholder:"NAME"`
	Study       string `help:"Those of this study." placeholder:"UID"`
	All         bool   `help:"All."`
}

// Run puts dead deliveries back.
func (c *deliveriesRetryCmd) Run(s *streams, ctx kongContext) error {
	if c.All == (c.Destination != "" || c.Study != "") {
		return usage("say which: --destination, --study, or --all")
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	got, err := conn.Triage().RetryDeliveries(ctx, &nafasv1.RetryDeliveriesRequest{StudyInstanceUid: c.Study, Destination: c.Destination})
	if err != nil {
		return err
	}
	if s.format == "json" {
		return printJSON(s.out, got)
	}
	_, err = fmt.Fprintf(s.out, "%d deliveries are tried again\n", got.GetDeliveries())
	return err
}
