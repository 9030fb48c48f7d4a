package main

import (
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// world is what is served: the resources that the bench has sent, and its changes.
type world struct {
	assignments []*endpoint.ClusterLoadAssignment
	others      map[string][]types.Resource
}

func newWorld(anys [][]byte) *world {
	w := &world{others: make(map[string][]types.Resource)}
	for _, bytes := range anys {
		var any anypb.Any
		must(proto.Unmarshal(bytes, &any))
		message, err := any.UnmarshalNew()
		must(err)
		if assignment, ok := message.(*endpoint.ClusterLoadAssignment); ok {
			w.assignments = append(w.assignments, assignment)
		} else {
			w.others[any.GetTypeUrl()] = append(w.others[any.GetTypeUrl()], message)
		}
	}
	return w
}

func (w *world) resources(url string) []types.Resource {
	if url != resource.EndpointType {
		return w.others[url]
	}
	all := make([]types.Resource, len(w.assignments))
	for i, each := range w.assignments {
		all[i] = each
	}
	return all
}

// change gives one endpoint another port, and shares the others with the assignment before.
func (w *world) change(number int) *endpoint.ClusterLoadAssignment {
	at := number % len(w.assignments)
	before := w.assignments[at]
	group := before.GetEndpoints()[0]
	endpoints := append([]*endpoint.LbEndpoint(nil), group.GetLbEndpoints()...)
	which := number / len(w.assignments) % len(endpoints)
	endpoints[which] = moved(endpoints[which], uint32(10_000+number%50_000))
	after := &endpoint.ClusterLoadAssignment{
		ClusterName: before.GetClusterName(),
		Endpoints: []*endpoint.LocalityLbEndpoints{{
			Locality:            group.GetLocality(),
			LbEndpoints:         endpoints,
			LoadBalancingWeight: group.GetLoadBalancingWeight(),
		}},
	}
	w.assignments[at] = after
	return after
}

func moved(before *endpoint.LbEndpoint, port uint32) *endpoint.LbEndpoint {
	address := before.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()
	socket := &core.SocketAddress{
		Address:       address,
		PortSpecifier: &core.SocketAddress_PortValue{PortValue: port},
	}
	return &endpoint.LbEndpoint{
		HealthStatus:        before.GetHealthStatus(),
		LoadBalancingWeight: before.GetLoadBalancingWeight(),
		HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{
			Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: socket}},
		}},
	}
}
