package workflowgraph

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

func TestAConnectionThatFailedIsTriedAgainAtOnceWhenItIsWanted(t *testing.T) {
	fake := newFakeServer(t, true)
	address, isAway := doorTo(t, fake.URL)
	server, err := parseServerURL("http://"+address, "")
	if err != nil {
		t.Fatal(err)
	}
	connection, err := newGRPCConnection(server, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.Connect()
	untilState(t, connection, connectivity.TransientFailure)
	isAway.Store(false)
	for range 10 {
		reconnect(t.Context(), connection)
		if connection.GetState() == connectivity.Ready {
			return
		}
	}
	t.Errorf("the connection is %s", connection.GetState())
}

// doorTo stands in for a server that is down: it accepts connections and closes them, until told otherwise.
func doorTo(t *testing.T, serverURL string) (address string, isAway *atomic.Bool) {
	t.Helper()
	server, err := url.Parse(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	isAway = &atomic.Bool{}
	isAway.Store(true)
	go func() {
		for {
			down, err := listener.Accept()
			if err != nil {
				return
			}
			if isAway.Load() {
				down.Close()
				continue
			}
			up, err := net.Dial("tcp", server.Host)
			if err != nil {
				down.Close()
				continue
			}
			t.Cleanup(func() { up.Close(); down.Close() })
			go io.Copy(up, down)
			go io.Copy(down, up)
		}
	}()
	return listener.Addr().String(), isAway
}

func untilState(t *testing.T, connection *grpc.ClientConn, wanted connectivity.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within(20*time.Second))
	defer cancel()
	for state := connection.GetState(); state != wanted; state = connection.GetState() {
		if !connection.WaitForStateChange(ctx, state) {
			t.Fatalf("the connection is %s, not %s", state, wanted)
		}
	}
}
