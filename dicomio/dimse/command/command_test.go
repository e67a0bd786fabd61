package command_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/dimse/command"
)

func TestACommandIsReadAsItWasWritten(t *testing.T) {
	for name, s := range map[string]*command.Set{
		"echo":     {Field: command.CEchoRQ, MessageID: 7, SOPClassUID: "1.2.840.10008.1.1"},
		"store":    {Field: command.CStoreRQ, MessageID: 1, SOPClassUID: "1.2.3", SOPInstanceUID: "1.2.3.4", Priority: 1, HasData: true, OriginatorAE: "PACS", OriginatorID: 9},
		"response": {Field: command.CStoreRSP, MessageID: 1, SOPClassUID: "1.2.3", SOPInstanceUID: "1.2.3.4", Status: command.OutOfResources, Comment: "the disk is full"},
		"move":     {Field: command.CMoveRQ, MessageID: 65535, SOPClassUID: "1.2.3", MoveDestination: "NAFAS", HasData: true, Priority: 2},
		"moved":    {Field: command.CMoveRSP, MessageID: 2, Status: command.Pending, Counts: &command.Counts{Remaining: 3, Completed: 2, Failed: 1, Warning: 4}},
		"action":   {Field: command.NActionRQ, MessageID: 3, SOPClassUID: "1.2.3", SOPInstanceUID: "1.2", ActionType: 1, HasData: true},
		"event":    {Field: command.NEventRQ, MessageID: 4, SOPClassUID: "1.2.3", SOPInstanceUID: "1.2", EventType: 2, HasData: true},
		"cancel":   {Field: command.CCancelRQ, MessageID: 4},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Append(nil)
			require.Zero(t, len(b)%2)
			got, err := command.Parse(b)
			require.NoError(t, err)
			require.Equal(t, s, got)
		})
	}
}

// The bytes of a C-ECHO-RSP, by hand, after PS3.7 table 9.3-13.
func TestTheLayoutOfACommand(t *testing.T) {
	s := command.Set{Field: command.CEchoRSP, MessageID: 0x0102, SOPClassUID: "1.2"}
	require.Equal(t, []byte{
		0, 0, 0, 0, 4, 0, 0, 0, 52, 0, 0, 0,
		0, 0, 2, 0, 4, 0, 0, 0, '1', '.', '2', 0,
		0, 0, 0, 1, 2, 0, 0, 0, 0x30, 0x80,
		0, 0, 0x20, 1, 2, 0, 0, 0, 2, 1,
		0, 0, 0, 8, 2, 0, 0, 0, 1, 1,
		0, 0, 0, 9, 2, 0, 0, 0, 0, 0,
	}, s.Append(nil))
}

// The user of a normalized service names what is requested, not affected
// (PS3.7 tables 10.3-1 and 10.3-7).
func TestAnActionNamesTheRequestedInstance(t *testing.T) {
	action := command.Set{Field: command.NActionRQ, SOPClassUID: "1.2", SOPInstanceUID: "1.3"}
	require.True(t, bytes.Contains(action.Append(nil), []byte{0, 0, 3, 0, 4, 0, 0, 0, '1', '.', '2'}))
	require.True(t, bytes.Contains(action.Append(nil), []byte{0, 0, 1, 0x10, 4, 0, 0, 0, '1', '.', '3'}))
	reply := action.Reply(command.Success, "")
	require.True(t, bytes.Contains(reply.Append(nil), []byte{0, 0, 2, 0, 4, 0, 0, 0, '1', '.', '2'}))
}

func TestALongCommentIsCut(t *testing.T) {
	s := command.Set{Field: command.CStoreRSP, Comment: string(bytes.Repeat([]byte("x"), 100))}
	got, err := command.Parse(s.Append(nil))
	require.NoError(t, err)
	require.Len(t, got.Comment, 64)
}

func TestWhatIsNoCommandIsRefused(t *testing.T) {
	whole := (&command.Set{Field: command.CEchoRQ, SOPClassUID: "1.2"}).Append(nil)
	response := (&command.Set{Field: command.CEchoRSP}).Append(nil)
	for name, b := range map[string][]byte{
		"nothing":                     nil,
		"cut within an element":       whole[:len(whole)-1],
		"no data set type":            whole[:len(whole)-10],
		"a response without status":   response[:len(response)-10],
		"an element of another group": append(bytes.Clone(whole), 8, 0, 0x18, 0, 0, 0, 0, 0),
		"a number of four bytes":      append(bytes.Clone(whole), 0, 0, 0x10, 1, 4, 0, 0, 0, 1, 0, 0, 0),
		"a length beyond the end":     append(bytes.Clone(whole), 0, 0, 0x10, 1, 0xF0, 0xFF, 0xFF, 0xFF),
		"bytes that hold no element":  append(bytes.Clone(whole), 1, 2, 3),
	} {
		_, err := command.Parse(b)
		require.Error(t, err, name)
	}
}

func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		status                    command.Status
		pending, warning, failure bool
	}{
		{command.Success, false, false, false},
		{command.Pending, true, false, false},
		{command.PendingWarning, true, false, false},
		{command.Cancelled, false, false, false},
		{0xB000, false, true, false},
		{0xB007, false, true, false},
		{0x0107, false, true, false},
		{command.OutOfResources, false, false, true},
		{command.CannotUnderstand, false, false, true},
		{command.SOPClassNotSupported, false, false, true},
	} {
		require.Equal(t, c.pending, c.status.IsPending(), c.status)
		require.Equal(t, c.warning, c.status.IsWarning(), c.status)
		require.Equal(t, c.failure, c.status.IsFailure(), c.status)
	}
	require.Equal(t, "A700H", command.OutOfResources.String())
}

func FuzzParse(f *testing.F) {
	f.Add((&command.Set{Field: command.CStoreRQ, SOPClassUID: "1.2", SOPInstanceUID: "1.3", HasData: true}).Append(nil))
	f.Add((&command.Set{Field: command.CMoveRSP, Counts: &command.Counts{}}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := command.Parse(b)
		if err != nil {
			return
		}
		again, err := command.Parse(s.Append(nil))
		require.NoError(t, err)
		require.Equal(t, s.Append(nil), again.Append(nil))
	})
}
