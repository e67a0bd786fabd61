package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	nafasv1 "nafas/proto/nafas/v1"
)

// InstallModel sends these files of a model's folder in one stream, and waits until
// the service has installed the model.
func (c *Client) InstallModel(ctx context.Context, folder fs.FS, names []string) (*nafasv1.InstallModelResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.Models().InstallModel(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		// The reason why a stream broke comes with the reply, not with Send.
		if err := sendModelFile(folder, name, stream.Send); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("sending %s: %w", name, err)
		}
	}
	return stream.CloseAndRecv()
}

// sendModelFile sends a file piece by piece: one may be larger than the memory.
func sendModelFile(folder fs.FS, name string, send func(*nafasv1.InstallModelRequest) error) error {
	f, err := folder.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, chunkBytes)
	for {
		n, err := io.ReadFull(f, buf)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if err := send(&nafasv1.InstallModelRequest{Chunk: &nafasv1.Chunk{Name: name, Data: buf[:n], Last: last}}); err != nil || last {
			return err
		}
	}
}
