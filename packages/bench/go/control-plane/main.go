// An xDS server of go-control-plane for the bench xds-push. It answers each line of JSON with another.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
)

// request is what the bench asks for; which fields count depends on Do.
type request struct {
	Do        string
	Cache     string   // listen: linear or snapshot
	Resources [][]byte // fill: each a google.protobuf.Any
	First     int      // change: the number of the first change
	Count     int
	PerSecond float64 // 0: at once
}

type answer struct {
	Port int     `json:"port,omitempty"`
	CPU  float64 `json:"cpu,omitempty"` // microseconds so far
	RSS  int     `json:"rss,omitempty"` // bytes
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	var plane plane
	fmt.Println("ready")
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		must(json.Unmarshal(line, &asked))
		var said answer
		switch asked.Do {
		case "listen":
			plane = newPlane(asked.Cache)
			said.Port = listen(plane)
		case "fill":
			world := newWorld(asked.Resources)
			must(plane.fill(world))
			// The text of the request is no part of what is measured.
			line, asked.Resources = nil, nil
			debug.FreeOSMemory()
		case "change":
			change(plane, asked)
		case "usage":
			said = usage()
		}
		must(out.Encode(said))
	}
}

// change makes Count changes, spread evenly, and as fast as it can where it lags behind.
func change(plane plane, asked request) {
	began := time.Now()
	for done := 0; done < asked.Count; {
		due := asked.Count
		if asked.PerSecond > 0 {
			due = min(due, 1+int(time.Since(began).Seconds()*asked.PerSecond))
		}
		for ; done < due; done++ {
			must(plane.change(asked.First + done))
		}
		if done < asked.Count {
			time.Sleep(time.Millisecond)
		}
	}
}

func listen(plane plane) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	grpcServer := grpc.NewServer()
	xds := server.NewServer(context.Background(), plane.cache(), nil)
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, xds)
	go func() { must(grpcServer.Serve(listener)) }()
	return listener.Addr().(*net.TCPAddr).Port
}

func usage() answer {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	micros := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e6 + float64(t.Usec) }
	statm, err := os.ReadFile("/proc/self/statm")
	must(err)
	var size, resident int
	_, err = fmt.Fscan(strings.NewReader(string(statm)), &size, &resident)
	must(err)
	return answer{CPU: micros(used.Utime) + micros(used.Stime), RSS: resident * os.Getpagesize()}
}

// oneGroup has all nodes see the same.
type oneGroup struct{}

func (oneGroup) ID(*core.Node) string { return "all" }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
