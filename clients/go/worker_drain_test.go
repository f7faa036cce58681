package workflowgraph

import (
	"testing"
	"time"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// TestAWorkerDrainedWithStopEndsWhenItsJobHasEnded covers both ways to get jobs.
func TestAWorkerDrainedWithStopEndsWhenItsJobHasEnded(t *testing.T) {
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		t.Run(string(transport), func(t *testing.T) {
			fake := newFakeServer(t, true)
			executor := newGate()
			worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Slots: 2, Transport: transport, Executor: executor})
			fake.add("one")
			<-executor.started
			fake.drainWorker(transport, serverDrain{active: true, stop: true})
			worker.says(t, "stops when no job is running")
			if worker.stopping.Err() != nil {
				t.Error("it stops while a job is running")
			}
			close(executor.letGo)
			worker.endsByItself(t)
			if fake.result(t, "one").failure != nil {
				t.Error("the job failed")
			}
		})
	}
}

func TestAnIdleWorkerDrainedWithStopEnds(t *testing.T) {
	fake := newFakeServer(t, true)
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.until(t, "a session", func() bool { return len(fake.sessions) == 1 && fake.sessions[0].hello != nil })
	fake.drainWorker(TransportStream, serverDrain{active: true, stop: true})
	worker.endsByItself(t)
}

// TestADrainedWorkerStaysAndWorksAfterTheUndo covers both ways to get jobs.
func TestADrainedWorkerStaysAndWorksAfterTheUndo(t *testing.T) {
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		t.Run(string(transport), func(t *testing.T) {
			fake := newFakeServer(t, true)
			executor := newGate()
			worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Slots: 2, Transport: transport, Executor: executor})
			fake.add("one")
			<-executor.started
			fake.drainWorker(transport, serverDrain{active: true})
			worker.says(t, "until the drain is undone")
			fake.drainWorker(transport, serverDrain{})
			worker.says(t, "the drain of this worker was undone")
			close(executor.letGo)
			fake.result(t, "one")
			fake.add("two")
			fake.result(t, "two")
			if err := worker.end(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestADrainUndoneWhileTheStreamIsAwayDoesNotEndTheWorker(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	<-executor.started
	fake.drainWorker(TransportStream, serverDrain{active: true, stop: true})
	worker.says(t, "stops when no job is running")
	fake.cutSessions()
	fake.until(t, "a second session", func() bool { return len(fake.sessions) == 2 && fake.sessions[1].hello != nil })
	close(executor.letGo)
	fake.result(t, "one")
	fake.add("two")
	fake.result(t, "two")
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
}

// drainWorker reports a drain in the way that the transport has: on the last session, or with each heartbeat.
func (f *fakeServer) drainWorker(transport Transport, drain serverDrain) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if transport == TransportStream {
		f.sessions[len(f.sessions)-1].send(&workflowgraphv1.WorkJobsResponse{
			Drain: &workflowgraphv1.WorkJobsResponse_Drain{Active: drain.active, Stop: drain.stop},
		})
		return
	}
	f.beat = `{"ttl_secs": 1, "cancelled": false}`
	if drain.active {
		f.beat = `{"ttl_secs": 1, "cancelled": false, "drain": true, "drain_stop": false}`
	}
	if drain.stop {
		f.beat = `{"ttl_secs": 1, "cancelled": false, "drain": true, "drain_stop": true}`
	}
}

// says waits until the worker logs the text.
func (r *runningWorker) says(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(within(20 * time.Second)); r.log.count(text) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the worker does not say %q", text)
		}
	}
}

// endsByItself waits until Run returns nil although nobody stops the worker.
func (r *runningWorker) endsByItself(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(within(20 * time.Second)):
		t.Fatal("the worker does not end")
	}
}
