package workflowgraph

import (
	"fmt"
	"net/http"
	"testing"
)

func TestAClaimAsksForAsManyJobsAsSlotsAreFree(t *testing.T) {
	fake := newFakeServer(t, false)
	fake.add("a", "b", "c")
	held := newGate()
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Transport: TransportHTTP, Slots: 4, Executor: held})
	for range 3 {
		<-held.started
	}
	fake.until(t, "a claim beside the running jobs", func() bool { return fake.lastCall() == "/api/jobs/claim" })
	fake.mutex.Lock()
	defer fake.mutex.Unlock()
	// The last free slot is one job, which has a call of its own.
	if fmt.Sprint(fake.asked) != "[4]" {
		t.Errorf("claims asked for %v jobs", fake.asked)
	}
}

func TestAServerWithoutClaimsOfSeveralJobsIsAskedForOneAtATime(t *testing.T) {
	fake := newFakeServer(t, false)
	fake.refuse = func(_, path string) (int, string) {
		if path == "/api/jobs/claim-many" {
			return http.StatusNotFound, `{"code": "not_found", "message": "no such path"}`
		}
		return 0, ""
	}
	fake.add("a", "b", "c")
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Transport: TransportHTTP, Slots: 3, Executor: newGateOpen()})
	for _, id := range []string{"a", "b", "c"} {
		fake.result(t, id)
	}
	if count := fake.called("/api/jobs/claim-many"); count != 1 {
		t.Errorf("the call that it does not have was made %d times", count)
	}
}

func TestJobsOfAClaimThatTheStopCutShortAreReleased(t *testing.T) {
	fake := newFakeServer(t, false)
	asked := make(chan struct{})
	letGo := make(chan struct{})
	isFirst := true
	fake.refuse = func(_, path string) (int, string) {
		if path == "/api/jobs/claim-many" && isFirst {
			isFirst = false
			close(asked)
			fake.mutex.Unlock()
			<-letGo
			fake.mutex.Lock()
		}
		return 0, ""
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Transport: TransportHTTP, Slots: 3, Executor: newGateOpen()})
	<-asked
	fake.add("a", "b")
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
	close(letGo)
	fake.mutex.Lock()
	defer fake.mutex.Unlock()
	if !fake.hasReleased("a") || !fake.hasReleased("b") || fake.reports != 0 {
		t.Errorf("released %v, and %d reports", fake.released, fake.reports)
	}
}
