package workflowgraph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// fakeServer is a server controlled by the test: the job stream, and the documented paths that workers use. Other gRPC
// methods are unimplemented.
type fakeServer struct {
	workflowgraphv1.UnimplementedJobServiceServer
	URL string

	mutex   sync.Mutex
	changed *sync.Cond
	queue   []*workflowgraphv1.Claim
	// What arrived.
	sessions []*fakeSession
	received []string
	results  map[string]result
	reports  int
	released []string
	calls    []string
	// asked are the numbers of jobs requested by claims for several jobs.
	asked []int
	// The authorization headers of calls and streams.
	authorizations map[string]bool
	// requests are the paths, queries and bodies of calls; onlyLabelled is the value sent by register and claim.
	requests     []string
	onlyLabelled map[string]bool
	// Behaviours. answersToCut: this many calls are handled, but their connection is cut before the response.
	answersToCut int
	noJobStream  bool
	// cutsToCome cuts that many sessions before anything is sent.
	cutsToCome int
	// refuse returns the status and body of the response to a call; zero handles the call.
	refuse func(method, path string) (int, string)
	// beat is the answer to heartbeats of leases; that the lease lives when empty.
	beat string
	// cancelled is the answer to whether a job was cancelled.
	cancelled bool
	// stopGraceSecs and timeoutSecs are of every job.
	stopGraceSecs float64
	leaseTTLSecs  uint64
	timeoutSecs   *uint64
	// judge refuses a result from the stream; nil accepts it.
	judge func(report *workflowgraphv1.JobReport) *workflowgraphv1.JobReportResult
}

type fakeSession struct {
	stream  grpc.BidiStreamingServer[workflowgraphv1.WorkJobsRequest, workflowgraphv1.WorkJobsResponse]
	hello   *workflowgraphv1.WorkJobsRequest_Hello
	credits int
	// The credits of the first message.
	firstCredits int
	drained      bool
	cut          bool
	sending      sync.Mutex
}

func newFakeServer(t *testing.T, http2 bool) *fakeServer {
	t.Helper()
	fake := &fakeServer{results: make(map[string]result), authorizations: make(map[string]bool), onlyLabelled: make(map[string]bool)}
	fake.changed = sync.NewCond(&fake.mutex)
	rpc := grpc.NewServer()
	workflowgraphv1.RegisterJobServiceServer(rpc, fake)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fake.mutex.Lock()
		fake.authorizations[r.Header.Get("Authorization")] = true
		fake.mutex.Unlock()
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			rpc.ServeHTTP(w, r)
		} else {
			fake.serveJSON(w, r)
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(http2)
	server.Start()
	fake.URL = server.URL
	t.Cleanup(func() {
		fake.cutSessions()
		server.CloseClientConnections()
		server.Close()
	})
	return fake
}

// add queues a job whose key is also its lease's id.
func (f *fakeServer) add(ids ...string) {
	f.mutex.Lock()
	for _, id := range ids {
		f.queue = append(f.queue, &workflowgraphv1.Claim{
			Job:   &workflowgraphv1.ClaimedJob{JobId: id, WorkflowId: "run", Workflow: "flow", Command: "true", TimeoutSecs: f.timeoutSecs},
			Lease: &workflowgraphv1.Lease{LeaseId: id, TtlSecs: max(1, f.leaseTTLSecs), JobId: id, WorkflowId: "run", StopGraceSecs: f.stopGraceSecs},
		})
	}
	f.mutex.Unlock()
	f.push()
}

// push sends queued jobs to sessions with credits.
func (f *fakeServer) push() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	defer f.changed.Broadcast()
	for _, session := range f.sessions {
		if session.cut || session.drained {
			continue
		}
		count := min(session.credits, len(f.queue))
		if count == 0 {
			continue
		}
		session.credits -= count
		session.send(&workflowgraphv1.WorkJobsResponse{Claims: f.queue[:count]})
		f.queue = f.queue[count:]
	}
}

func (s *fakeSession) send(message *workflowgraphv1.WorkJobsResponse) {
	s.sending.Lock()
	defer s.sending.Unlock()
	_ = s.stream.Send(message)
}

func (f *fakeServer) WorkJobs(stream grpc.BidiStreamingServer[workflowgraphv1.WorkJobsRequest, workflowgraphv1.WorkJobsResponse]) error {
	f.mutex.Lock()
	if f.noJobStream {
		f.mutex.Unlock()
		return status.Error(codes.Unimplemented, "no job stream here")
	}
	if f.cutsToCome > 0 {
		f.cutsToCome--
		f.mutex.Unlock()
		return status.Error(codes.Unavailable, "cut")
	}
	session := &fakeSession{stream: stream}
	f.sessions = append(f.sessions, session)
	f.mutex.Unlock()
	messages := make(chan *workflowgraphv1.WorkJobsRequest)
	go func() {
		defer close(messages)
		for {
			message, err := stream.Recv()
			if err != nil {
				return
			}
			messages <- message
		}
	}()
	for {
		select {
		case message, isOpen := <-messages:
			if !isOpen {
				return nil
			}
			f.take(session, message)
			f.push()
		case <-time.After(5 * time.Millisecond):
			f.mutex.Lock()
			cut := session.cut
			f.mutex.Unlock()
			if cut {
				go func() {
					for range messages {
					}
				}()
				return status.Error(codes.Unavailable, "cut")
			}
		}
	}
}

func (f *fakeServer) take(session *fakeSession, message *workflowgraphv1.WorkJobsRequest) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	defer f.changed.Broadcast()
	if message.Hello != nil {
		session.hello = message.Hello
		session.firstCredits = int(message.AddCredits)
	}
	session.credits += int(message.AddCredits)
	session.drained = session.drained || message.Drain
	f.received = append(f.received, message.ReceivedLeaseIds...)
	for _, report := range message.Reports {
		judged := &workflowgraphv1.JobReportResult{LeaseId: report.LeaseId}
		if f.judge != nil {
			if refused := f.judge(report); refused != nil {
				judged = refused
			}
		}
		if judged.Refused == nil {
			if failure := report.GetFailure(); failure != nil {
				f.results[report.LeaseId] = failed(failure.Error, failure.Retryable)
			} else {
				f.results[report.LeaseId] = success(report.GetSuccess().GetValues())
			}
		}
		f.reports++
		session.credits++
		session.send(&workflowgraphv1.WorkJobsResponse{Results: []*workflowgraphv1.JobReportResult{judged}})
	}
}

func (f *fakeServer) cutSessions() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, session := range f.sessions {
		session.cut = true
	}
}

func (f *fakeServer) session(number int) *fakeSession {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.sessions[number]
}

// until waits for a state of the server that the test expects.
func (f *fakeServer) until(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	timer := time.AfterFunc(within(20*time.Second), f.changed.Broadcast)
	defer timer.Stop()
	begin := time.Now()
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for !isSo() {
		if time.Since(begin) > within(19*time.Second) {
			t.Fatalf("waited in vain for %s; calls: %v", what, f.calls)
		}
		f.changed.Wait()
	}
}

func (f *fakeServer) result(t *testing.T, id string) result {
	t.Helper()
	f.until(t, "the result of "+id, func() bool { _, isThere := f.results[id]; return isThere })
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.results[id]
}

func (f *fakeServer) serveJSON(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	defer f.changed.Broadcast()
	f.calls = append(f.calls, r.URL.Path)
	f.requests = append(f.requests, r.URL.String()+" "+string(body))
	if strings.Contains(string(body), `"only_labelled":true`) {
		f.onlyLabelled[strings.TrimSuffix(path.Base(r.URL.Path), "-many")] = true
	}
	if f.answersToCut > 0 {
		f.answersToCut--
		panic(http.ErrAbortHandler)
	}
	if f.refuse != nil {
		if code, text := f.refuse(r.Method, r.URL.Path); code != 0 {
			w.WriteHeader(code)
			fmt.Fprint(w, text)
			return
		}
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/api/jobs/claim":
		_ = json.NewEncoder(w).Encode(f.claimJSON())
	case r.URL.Path == "/api/jobs/claim-many":
		var read struct {
			MaxJobs int `json:"max_jobs"`
		}
		_ = json.Unmarshal(body, &read)
		f.asked = append(f.asked, read.MaxJobs)
		claims := []any{}
		for len(f.queue) > 0 && len(claims) < read.MaxJobs {
			claims = append(claims, f.claimJSON())
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"claims": claims})
	case parts[len(parts)-1] == "heartbeat" && parts[1] == "jobs":
		fmt.Fprint(w, cmp.Or(f.beat, `{"ttl_secs": 1, "cancelled": false, "stop_reason": null, "stop_within_secs": null}`))
	case parts[len(parts)-1] == "complete":
		var read struct{ Outputs Outputs }
		_ = json.Unmarshal(body, &read)
		f.results[parts[2]] = success(read.Outputs)
		f.reports++
	case parts[len(parts)-1] == "fail":
		var read failure
		_ = json.Unmarshal(body, &read)
		f.results[parts[2]] = failed(read.Error, read.Retryable)
		f.reports++
		if read.Error == "cancelled" {
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"code": "conflict", "reason": "cancelled", "message": "the run was cancelled"}`)
		}
	case parts[len(parts)-1] == "release":
		f.released = append(f.released, parts[2])
	case parts[len(parts)-1] == "cancelled":
		fmt.Fprint(w, f.cancelled)
	default:
		fmt.Fprint(w, "{}")
	}
}

// claimJSON is nil, null in JSON, when no job waits.
func (f *fakeServer) claimJSON() any {
	if len(f.queue) == 0 {
		return nil
	}
	next := f.queue[0]
	f.queue = f.queue[1:]
	return map[string]any{
		"job": map[string]any{
			"job_id": next.Job.JobId, "workflow_id": "run", "command": "true", "timeout_secs": next.Job.TimeoutSecs, "new_field": 1,
		},
		"lease": map[string]any{
			"lease_id": next.Lease.LeaseId, "ttl_secs": next.Lease.TtlSecs, "stop_grace_secs": next.Lease.StopGraceSecs,
		},
	}
}

func (f *fakeServer) called(path string) int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	count := 0
	for _, call := range f.calls {
		if call == path {
			count++
		}
	}
	return count
}

func (f *fakeServer) lastCall() string { return f.calls[len(f.calls)-1] }

func (f *fakeServer) hasReleased(id string) bool { return slices.Contains(f.released, id) }
