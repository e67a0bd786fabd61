package client

import (
	"context"
	"errors"
	"fmt"
	"io"

	nafasv1 "nafas/proto/nafas/v1"
)

// chunkBytes is how much of a file goes into one message: large enough that
// a CT slice is one or two, below the service's limit of 1 MiB.
const chunkBytes = 512 << 10

// File is one Part 10 file to send.
type File struct {
	// Name identifies the file in the receipt.
	Name string
	Open func() ([]byte, error)
}

// Receipt is what the service said of an upload.
type Receipt = nafasv1.Receipt

// UnreadableFile is a file that could not be read here, and so was not sent.
type UnreadableFile struct {
	Name string
	Err  error
}

// Submit sends files in one stream; the receipt comes when all accepted ones
// are durable. sent is called after each file.
func (c *Client) Submit(ctx context.Context, header *nafasv1.UploadHeader, files []File, sent func()) (*Receipt, []UnreadableFile, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.triage.SubmitSeries(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = stream.Send(&nafasv1.SubmitSeriesRequest{Part: &nafasv1.SubmitSeriesRequest_Header{Header: header}})
	var unreadable []UnreadableFile
	if err == nil {
		unreadable, err = sendFiles(files, sent, func(chunk *nafasv1.Chunk) error {
			return stream.Send(&nafasv1.SubmitSeriesRequest{Part: &nafasv1.SubmitSeriesRequest_Chunk{Chunk: chunk}})
		})
	}
	// The reason why a stream broke comes with the reply, not with Send.
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable, err
	}
	reply, err := stream.CloseAndRecv()
	if err != nil {
		return nil, unreadable, err
	}
	return reply.GetReceipt(), unreadable, nil
}

// Follow sends files in one stream and passes every event of their analysis
// to event, until all studies of the upload are final.
func (c *Client) Follow(ctx context.Context, header *nafasv1.UploadHeader, files []File, sent func(), event func(*nafasv1.TriageSeriesResponse) error) ([]UnreadableFile, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.triage.TriageSeries(ctx)
	if err != nil {
		return nil, err
	}
	err = stream.Send(&nafasv1.TriageSeriesRequest{Part: &nafasv1.TriageSeriesRequest_Header{Header: header}})
	var unreadable []UnreadableFile
	if err == nil {
		unreadable, err = sendFiles(files, sent, func(chunk *nafasv1.Chunk) error {
			return stream.Send(&nafasv1.TriageSeriesRequest{Part: &nafasv1.TriageSeriesRequest_Chunk{Chunk: chunk}})
		})
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return unreadable, err
	}
	if err := stream.CloseSend(); err != nil {
		return unreadable, err
	}
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return unreadable, nil
		}
		if err != nil {
			return unreadable, err
		}
		if err := event(e); err != nil {
			return unreadable, err
		}
	}
}

func sendFiles(files []File, sent func(), send func(*nafasv1.Chunk) error) ([]UnreadableFile, error) {
	var unreadable []UnreadableFile
	for _, f := range files {
		data, err := f.Open()
		switch {
		case err != nil:
			unreadable = append(unreadable, UnreadableFile{Name: f.Name, Err: err})
		default:
			if err := sendFile(f.Name, data, send); err != nil {
				return unreadable, fmt.Errorf("sending %s: %w", f.Name, err)
			}
		}
		sent()
	}
	return unreadable, nil
}

func sendFile(name string, data []byte, send func(*nafasv1.Chunk) error) error {
	for {
		n := min(chunkBytes, len(data))
		chunk := &nafasv1.Chunk{Name: name, Data: data[:n], Last: n == len(data)}
		if err := send(chunk); err != nil {
			return err
		}
		if chunk.Last {
			return nil
		}
		data = data[n:]
	}
}
