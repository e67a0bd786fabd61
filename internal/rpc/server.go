// Package rpc is the gRPC side of Nafas: it validates, converts between the
// wire and internal/triage, and maps errors. It decides nothing.
package rpc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"nafas/internal/access"
	"nafas/internal/registry"
	"nafas/internal/rescore"
	"nafas/internal/triage"
	nafasv1 "nafas/proto/nafas/v1"
)

// maxMessageBytes leaves room for a chunk of 1 MiB and its framing.
const maxMessageBytes = maxChunkBytes + 64<<10

// Options of a server.
type Options struct {
	Service *triage.Service
	Log     *slog.Logger
	// TLS is nil for plaintext; access.Exposure decides whether that may be.
	TLS *tls.Config
	// Tokens is nil where no token is asked for.
	Tokens *access.Tokens
	// Trail is nil where nothing is recorded.
	Trail Trail
	// Rescorings is nil where none are made; Preview goes with it.
	Rescorings *rescore.Service
	Preview    Previewer
	// Models is nil where they cannot be changed.
	Models *registry.Service
	// Reflection lists the services to whoever may read. It stays off where
	// a listener beyond loopback asks for no token.
	Reflection bool
	// Texts are the report formats that are no DICOM objects.
	Texts map[nafasv1.ReportFormat]Text
	// UploadIdle is how long an open upload may be silent before it is
	// ended. Default 2 minutes.
	UploadIdle time.Duration
}

// Text writes what is said of a study for systems other than a PACS, from an
// image of the series that it is about.
type Text struct {
	MediaType string
	Write     func(one triage.Delivery, image []byte, language string) ([]byte, error)
}

// Server is the gRPC server.
type Server struct {
	grpc   *grpc.Server
	health *health.Server
	stop   context.CancelFunc
	once   sync.Once
}

// New makes a server that is not serving yet: its health is NOT_SERVING until
// SetReady.
func New(o Options) *Server {
	stopping, stop := context.WithCancel(context.Background())
	gs := grpc.NewServer(serverOptions(o)...)
	hs := health.NewServer()
	hs.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	hs.SetServingStatus(nafasv1.TriageService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_NOT_SERVING)
	healthv1.RegisterHealthServer(gs, hs)
	nafasv1.RegisterTriageServiceServer(gs, &triageService{service: o.Service, log: o.Log, stopping: stopping.Done(), uploadIdle: cmp.Or(o.UploadIdle, uploadIdle), texts: o.Texts})
	nafasv1.RegisterReviewServiceServer(gs, &reviewService{service: o.Service, log: o.Log})
	if o.Rescorings != nil {
		nafasv1.RegisterRescoreServiceServer(gs, &rescoreService{service: o.Rescorings, preview: o.Preview, log: o.Log, stopping: stopping.Done()})
	}
	if o.Models != nil {
		models := &modelService{service: o.Models, log: o.Log, uploadIdle: cmp.Or(o.UploadIdle, uploadIdle)}
		if o.Trail != nil {
			models.books = &bookkeeper{o.Trail, o.Log}
		}
		nafasv1.RegisterModelServiceServer(gs, models)
	}
	if o.Reflection {
		reflection.Register(gs)
	}
	return &Server{grpc: gs, health: hs, stop: stop}
}

func serverOptions(o Options) []grpc.ServerOption {
	unary, stream := callChain(o)
	opts := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessageBytes),
		grpc.ChainUnaryInterceptor(unary...),
		grpc.ChainStreamInterceptor(stream...),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	if o.TLS != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	return opts
}

// SetReady says on the health service that studies are taken in.
func (s *Server) SetReady() {
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)
	s.health.SetServingStatus(nafasv1.TriageService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
}

// Serve answers on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	err := s.grpc.Serve(l)
	if errors.Is(err, grpc.ErrServerStopped) {
		return nil
	}
	return err
}

// Shutdown stops taking calls, lets those in hand end until ctx does, and
// then breaks them off. Streams that would stay open are told that the
// server is stopping.
func (s *Server) Shutdown(ctx context.Context) {
	s.once.Do(func() {
		s.health.Shutdown()
		s.stop()
		done := make(chan struct{})
		go func() {
			s.grpc.GracefulStop()
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			s.grpc.Stop()
			<-done
		}
	})
}
