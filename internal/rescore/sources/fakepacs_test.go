package sources_test

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/dimse"
	"nafas/dicomio/dimse/command"
	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/match"
	"nafas/dicomio/part10"
	"nafas/dicomio/pixel"
	"nafas/internal/rescore"
	"nafas/internal/rescore/sources"
)

// fakePACS answers C-FIND and C-MOVE, and does what it is told to do wrong.
type fakePACS struct {
	t        testing.TB
	address  string
	moveTo   string
	holdings []holding
	// most it gives at once; what is more ends with refuse, or, where that is 0,
	// without a word.
	most   int
	refuse command.Status
	// find ends a question with a status that is not 0.
	find func(level, study string, nth int) command.Status
	// give changes what it sends of a series; end is the end of a C-MOVE where it
	// is not 0; counts changes the numbers that it says.
	give   func(files [][]byte, nth int) [][]byte
	end    command.Status
	counts func(command.Counts) *command.Counts
	// hangUp ends the association in place of an answer.
	hangUp bool
	// mute is a series for which it opens no association.
	mute string
	// calling is what it calls itself when it sends.
	calling string

	mu           sync.Mutex
	asked        map[string]int
	associations int
}

// startPACS listens; moveTo is where it sends to.
func startPACS(t testing.TB, f *fakePACS) *fakePACS {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	own, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f.t, f.address, f.moveTo, f.asked = t, ln.Addr().String(), own.Addr().String(), map[string]int{}
	require.NoError(t, own.Close())
	var open sync.WaitGroup
	t.Cleanup(func() { ln.Close(); open.Wait() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				_ = (&fakeAssociation{fakePACS: f, conn: conn, r: bufio.NewReader(conn)}).serve()
			})
		}
	}()
	return f
}

func (f *fakePACS) source(t testing.TB, q rescore.Query, studies ...string) *sources.DIMSE {
	t.Helper()
	opt := options(t)
	opt.Decoded, opt.Pause = pixel.Known(), time.Millisecond
	return f.sourceWith(t, opt, q, studies...)
}

func (f *fakePACS) sourceWith(t testing.TB, opt sources.Options, q rescore.Query, studies ...string) *sources.DIMSE {
	t.Helper()
	to := dimse.Remote{Address: f.address, CalledAE: "PACS", CallingAE: "RESCORE"}
	s := sources.NewDIMSE(to, sources.Own{AE: "RESCORE", Listen: f.moveTo}, q, studies, opt)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func (f *fakePACS) nth(question string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[question]++
	return f.asked[question] - 1
}

type fakeAssociation struct {
	*fakePACS
	conn net.Conn
	r    *bufio.Reader
	// syntaxes are those of the contexts.
	syntaxes map[byte]string
	cmd      *command.Set
}

func (a *fakeAssociation) serve() error {
	for {
		h, err := pdu.ReadHeader(a.r)
		if err != nil {
			return err
		}
		body, err := pdu.ReadBody(a.r, h)
		if err != nil {
			return err
		}
		switch h.Type {
		case pdu.TypeAssociateRQ:
			err = a.accept(body)
		case pdu.TypeReleaseRQ:
			_, err = a.conn.Write(pdu.AppendReleaseRP(nil))
		case pdu.TypeData:
			err = a.data(body)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (a *fakeAssociation) accept(body []byte) error {
	rq, err := pdu.ParseAssociateRQ(body)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.associations++
	a.mu.Unlock()
	a.syntaxes = map[byte]string{}
	for i := range rq.Contexts {
		c := &rq.Contexts[i]
		c.AbstractSyntax, c.TransferSyntaxes = "", c.TransferSyntaxes[:1]
		a.syntaxes[c.ID] = c.TransferSyntaxes[0]
	}
	_, err = a.conn.Write(rq.AppendAC(nil))
	return err
}

func (a *fakeAssociation) data(body []byte) error {
	f, err := pdu.ReadFragment(bytes.NewReader(body), uint32(len(body)))
	if err != nil {
		return err
	}
	if f.Command {
		a.cmd, err = command.Parse(body[pdu.DataHeaderLen:])
		return err
	}
	elems, err := part10.ParseDataset(a.syntaxes[f.ContextID], body[pdu.DataHeaderLen:], part10.DefaultLimits())
	if err != nil {
		return err
	}
	if a.fakePACS.hangUp {
		return net.ErrClosed
	}
	if a.cmd.Field == command.CMoveRQ {
		return a.move(f.ContextID, elems)
	}
	return a.answerFind(f.ContextID, elems)
}

func (a *fakeAssociation) reply(id byte, reply *command.Set, data []byte) error {
	reply.HasData = data != nil
	raw := reply.Append(nil)
	out := append(pdu.AppendDataHeader(nil, pdu.Fragment{ContextID: id, Command: true, Last: true, Length: uint32(len(raw))}), raw...)
	if data != nil {
		out = append(out, pdu.AppendDataHeader(nil, pdu.Fragment{ContextID: id, Last: true, Length: uint32(len(data))})...)
		out = append(out, data...)
	}
	_, err := a.conn.Write(out)
	return err
}

func keyed(elems part10.Elements, t tag.Tag, keyword, vr, value string) bool {
	text, _ := elems.String(t)
	c, all, err := match.Parse(keyword, vr, text)
	return text == "" || err == nil && (all || c.Matches(value))
}

func (a *fakeAssociation) answerFind(id byte, elems part10.Elements) error {
	level, _ := elems.String(tag.QueryRetrieveLevel)
	study, _ := elems.String(tag.StudyInstanceUID)
	dates, _ := elems.String(tag.StudyDate)
	end := command.Success
	if a.find != nil {
		if s := a.find(level, study, a.nth(level+study+dates)); s != 0 {
			return a.reply(id, a.cmd.Reply(s, ""), nil)
		}
	}
	var found []func(*part10.Builder)
	for _, h := range a.holdings {
		if !keyed(elems, tag.StudyInstanceUID, "StudyInstanceUID", "UI", h.uid) || !keyed(elems, tag.ModalitiesInStudy, "ModalitiesInStudy", "CS", strings.Join(h.modalities, `\`)) ||
			!h.found(func(date string) bool { return keyed(elems, tag.StudyDate, "StudyDate", "DA", date) }) || !keyed(elems, tag.StudyTime, "StudyTime", "TM", h.time) {
			continue
		}
		if level == "STUDY" {
			found = append(found, func(b *part10.Builder) {
				b.Text(tag.StudyInstanceUID, h.uid)
				b.Text(tag.StudyDate, h.date)
				b.Text(tag.ModalitiesInStudy, h.modalities...)
			})
			continue
		}
		for _, s := range h.series {
			if !keyed(elems, tag.SeriesInstanceUID, "SeriesInstanceUID", "UI", s.uid) {
				continue
			}
			if level == "SERIES" {
				found = append(found, func(b *part10.Builder) {
					b.Text(tag.StudyInstanceUID, h.uid)
					b.Text(tag.SeriesInstanceUID, s.uid)
					b.Text(tag.Modality, s.modality)
					if s.says >= 0 {
						b.Text(tag.NumberOfSeriesRelatedInstances, strconv.Itoa(s.says))
					}
				})
				continue
			}
			for i := range s.files {
				found = append(found, func(b *part10.Builder) { b.Text(tag.SOPInstanceUID, s.uid+"."+strconv.Itoa(i)) })
			}
		}
	}
	if a.most > 0 && len(found) > a.most {
		found = found[:a.most]
		if a.refuse != 0 {
			end = a.refuse
		}
	}
	for _, fill := range found {
		var b part10.Builder
		fill(&b)
		answer, err := b.Elements()
		if err != nil {
			return err
		}
		data, err := part10.MarshalDataset(a.syntaxes[id], answer)
		if err != nil {
			return err
		}
		if err := a.reply(id, a.cmd.Reply(command.Pending, ""), data); err != nil {
			return err
		}
	}
	return a.reply(id, a.cmd.Reply(end, ""), nil)
}

func (a *fakeAssociation) move(id byte, elems part10.Elements) error {
	series, _ := elems.String(tag.SeriesInstanceUID)
	var counts command.Counts
	for _, h := range a.holdings {
		for _, s := range h.series {
			if s.uid != series {
				continue
			}
			files := s.files
			if a.give != nil {
				files = a.give(append([][]byte(nil), files...), a.nth("move"+series))
			}
			if s.uid == a.mute {
				counts.Failed = uint16(len(files))
				continue
			}
			counts = a.send(files)
		}
	}
	reply := a.cmd.Reply(command.Success, "")
	reply.Counts = &counts
	if counts.Failed > 0 {
		reply.Status = 0xB000
	}
	if a.end != 0 {
		reply.Status = a.end
	}
	if a.fakePACS.counts != nil {
		reply.Counts = a.fakePACS.counts(counts)
	}
	return a.reply(id, reply, nil)
}

// send sends to our listener, as an archive does.
func (a *fakeAssociation) send(files [][]byte) (counts command.Counts) {
	calling := a.calling
	if calling == "" {
		calling = "PACS"
	}
	const ct, sc = dicomio.ClassCT, classSC
	c, err := dimse.Dial(context.Background(), dimse.Remote{Address: a.moveTo, CalledAE: "RESCORE", CallingAE: calling}, []dimse.Proposal{
		{AbstractSyntax: ct, TransferSyntaxes: []string{part10.ExplicitLE}}, {AbstractSyntax: sc, TransferSyntaxes: []string{part10.ExplicitLE}},
	})
	if err != nil {
		counts.Failed = uint16(len(files))
		return counts
	}
	defer c.Close()
	for _, data := range files {
		in := dimse.Instance{SOPClassUID: ct, SOPInstanceUID: "1.2.3", TransferSyntax: part10.ExplicitLE, Data: bytes.NewReader([]byte("broken!!"))}
		if f, err := part10.Parse(data, part10.DefaultLimits()); err == nil {
			id, err := dicomio.Identify(f)
			require.NoError(a.t, err)
			meta, err := part10.Meta(id.SOPClassUID, id.SOPUID, id.TransferSyntax)
			require.NoError(a.t, err)
			in.SOPClassUID, in.SOPInstanceUID, in.Data = id.SOPClassUID, id.SOPUID, bytes.NewReader(data[len(meta):])
		}
		status, err := c.Store(in)
		if err != nil || status.IsFailure() {
			counts.Failed++
		} else {
			counts.Completed++
		}
	}
	return counts
}
