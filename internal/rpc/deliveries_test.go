package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	nafasv1 "nafas/proto/nafas/v1"
)

func TestDeliveriesAreListed(t *testing.T) {
	c := newClient(t, oneFinding)
	for _, uid := range []string{"1.2.3", "1.2.4"} {
		_, err := submit(t, c, complete(), submitChunk("a", uid+"|"+uid+".5|"+uid+".9|P", true))
		require.NoError(t, err)
		waitFinal(t, c, uid)
	}
	rq := &nafasv1.ListDeliveriesRequest{PageSize: 3}
	first, err := c.ListDeliveries(t.Context(), rq)
	require.NoError(t, err)
	require.Len(t, first.Deliveries, 3)
	d := first.Deliveries[0]
	require.Equal(t, "archive", d.Destination)
	require.Equal(t, "1.2.3", d.StudyInstanceUid)
	require.Equal(t, nafasv1.DeliveryState_DELIVERY_STATE_WAITING, d.State)
	require.NotNil(t, d.QueuedAt)
	rq.PageToken = first.NextPageToken
	rest, err := c.ListDeliveries(t.Context(), rq)
	require.NoError(t, err)
	require.Len(t, rest.Deliveries, 1)
	require.Empty(t, rest.NextPageToken)

	none, err := c.ListDeliveries(t.Context(), &nafasv1.ListDeliveriesRequest{State: nafasv1.DeliveryState_DELIVERY_STATE_DEAD})
	require.NoError(t, err)
	require.Empty(t, none.Deliveries)
	retried, err := c.RetryDeliveries(t.Context(), &nafasv1.RetryDeliveriesRequest{})
	require.NoError(t, err)
	require.Zero(t, retried.Deliveries, "what waits is tried anyway")

	for _, bad := range []*nafasv1.ListDeliveriesRequest{
		{PageSize: -1}, {PageToken: "x"}, {PageToken: "-4"}, {State: 99}, {StudyInstanceUid: "not a uid"},
	} {
		_, err := c.ListDeliveries(t.Context(), bad)
		requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
	}
	_, err = c.RetryDeliveries(t.Context(), &nafasv1.RetryDeliveriesRequest{StudyInstanceUid: "not a uid"})
	requireStatus(t, err, codes.InvalidArgument, "INVALID_REQUEST")
}
