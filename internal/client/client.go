// Package client speaks to a Nafas service over gRPC as a sender would: it
// dials, uploads series in chunks and waits for results.
package client

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"nafas/internal/access"
	nafasv1 "nafas/proto/nafas/v1"
)

// Options of a connection.
type Options struct {
	// Address is host:port.
	Address string
	// Token, where set, is sent with every call.
	Token string
	// TLS files; used where UseTLS is set, or the address is not loopback.
	TLS    access.ClientTLS
	UseTLS bool
	// Insecure allows plaintext, and the token in it, beyond this machine.
	Insecure bool
}

// Client is a connection to a service.
type Client struct {
	conn   *grpc.ClientConn
	triage nafasv1.TriageServiceClient
}

// maxReply holds a report with pictures of 20 findings, or their segmentation.
const maxReply = 256 << 20

// Dial prepares a connection; it connects at the first call.
func Dial(o Options) (*Client, error) {
	creds, err := o.credentials()
	if err != nil {
		return nil, err
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(creds), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReply)),
	}
	if o.Token != "" {
		options = append(options,
			grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				return invoke(withToken(ctx, o.Token), method, req, reply, cc, opts...)
			}),
			grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				return open(withToken(ctx, o.Token), desc, cc, method, opts...)
			}))
	}
	conn, err := grpc.NewClient(o.Address, options...)
	if err != nil {
		return nil, fmt.Errorf("address %s: %w", o.Address, err)
	}
	return &Client{conn: conn, triage: nafasv1.NewTriageServiceClient(conn)}, nil
}

func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func (o Options) credentials() (credentials.TransportCredentials, error) {
	named := o.TLS != access.ClientTLS{}
	if !o.UseTLS && !named && (o.Insecure || access.Loopback(o.Address)) {
		return insecure.NewCredentials(), nil
	}
	cfg, err := o.TLS.Config()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(cfg), nil
}

// Conn is the connection, for other services on it.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Triage is the service's own client.
func (c *Client) Triage() nafasv1.TriageServiceClient { return c.triage }

// Reviews is the client of what readers say.
func (c *Client) Reviews() nafasv1.ReviewServiceClient { return nafasv1.NewReviewServiceClient(c.conn) }

// Models is the client of what a service reads with.
func (c *Client) Models() nafasv1.ModelServiceClient { return nafasv1.NewModelServiceClient(c.conn) }

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }
