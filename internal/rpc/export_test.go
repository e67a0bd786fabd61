package rpc

import (
	"google.golang.org/grpc"

	nafasv1 "nafas/proto/nafas/v1"
)

// MethodsOfNoRecord are the methods of the services that are neither recorded nor
// known to need no record, or that are both.
func MethodsOfNoRecord() (out []string) {
	for _, service := range []grpc.ServiceDesc{nafasv1.TriageService_ServiceDesc, nafasv1.ReviewService_ServiceDesc, nafasv1.ModelService_ServiceDesc, nafasv1.RescoreService_ServiceDesc} {
		var names []string
		for _, m := range service.Methods {
			names = append(names, m.MethodName)
		}
		for _, s := range service.Streams {
			names = append(names, s.StreamName)
		}
		for _, name := range names {
			full := "/" + service.ServiceName + "/" + name
			if _, is := recorded[full]; is == unrecorded[full] {
				out = append(out, full)
			}
		}
	}
	return out
}
