package main

import (
	"context"
	"fmt"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	nafasv1 "nafas/proto/nafas/v1"
)

type healthCmd struct {
	connectFlags
	Timeout time.Duration `help:"How long to wait for the answer." default:"5s"`
}

// Run asks the standard gRPC health service; a container's health check runs
// it.
func (c *healthCmd) Run(s *streams, ctx kongContext) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	reply, err := healthv1.NewHealthClient(conn.Conn()).Check(deadline,
		&healthv1.HealthCheckRequest{Service: nafasv1.TriageService_ServiceDesc.ServiceName})
	if err != nil {
		return fmt.Errorf("no answer from %s: %w", c.Address, err)
	}
	if reply.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%s answers %s", c.Address, reply.GetStatus())
	}
	_, err = fmt.Fprintf(s.out, "%s takes studies in\n", c.Address)
	return err
}
