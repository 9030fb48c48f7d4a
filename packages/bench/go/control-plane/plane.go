package main

import (
	"context"
	"strconv"

	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// plane is a cache of go-control-plane that is kept up to date with a world.
type plane interface {
	cache() cache.Cache
	fill(*world) error
	// change makes the change of that number.
	change(number int) error
}

var served = []string{
	resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType,
}

func newPlane(kind string) plane {
	if kind == "snapshot" {
		return &snapshotPlane{snapshots: cache.NewSnapshotCache(false, oneGroup{}, nil)}
	}
	linear := make(map[string]*cache.LinearCache)
	mux := &cache.MuxCache{
		Classify:      func(r *cache.Request) string { return r.GetTypeUrl() },
		ClassifyDelta: func(r *cache.DeltaRequest) string { return r.GetTypeUrl() },
		Caches:        make(map[string]cache.Cache),
	}
	for _, url := range served {
		linear[url] = cache.NewLinearCache(url)
		mux.Caches[url] = linear[url]
	}
	return &linearPlane{linear: linear, mux: mux}
}

// linearPlane has a linear cache for each type: a change updates one resource.
type linearPlane struct {
	world  *world
	linear map[string]*cache.LinearCache
	mux    *cache.MuxCache
}

func (p *linearPlane) cache() cache.Cache { return p.mux }

func (p *linearPlane) fill(w *world) error {
	p.world = w
	for _, url := range served {
		named := make(map[string]types.Resource)
		for _, each := range w.resources(url) {
			named[cache.GetResourceName(each)] = each
		}
		p.linear[url].SetResources(named)
	}
	return nil
}

func (p *linearPlane) change(number int) error {
	changed := p.world.change(number)
	return p.linear[resource.EndpointType].UpdateResource(changed.GetClusterName(), changed)
}

// snapshotPlane has one snapshot for all nodes: a change makes another.
type snapshotPlane struct {
	world     *world
	snapshots cache.SnapshotCache
	version   int
}

func (p *snapshotPlane) cache() cache.Cache { return p.snapshots }

func (p *snapshotPlane) fill(w *world) error {
	p.world = w
	return p.publish()
}

func (p *snapshotPlane) change(number int) error {
	p.world.change(number)
	return p.publish()
}

func (p *snapshotPlane) publish() error {
	p.version++
	version := strconv.Itoa(p.version)
	all := make(map[resource.Type][]types.Resource)
	for _, url := range served {
		all[url] = p.world.resources(url)
	}
	snapshot, err := cache.NewSnapshot(version, all)
	if err != nil {
		return err
	}
	// Only what changed has another version.
	for kind := range snapshot.Resources {
		if kind != int(types.Endpoint) {
			snapshot.Resources[kind].Version = "1"
		}
	}
	return p.snapshots.SetSnapshot(context.Background(), "all", snapshot)
}
