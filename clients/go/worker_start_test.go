package workflowgraph

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAServerThatRefusesTheWorkerEndsItWithTheServersWord(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.refuse = func(string, string) (int, string) {
		return http.StatusUnauthorized, `{"code": "unauthenticated", "message": "no such token"}`
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Token: "wrong"})
	var refusal *Error
	if err := <-worker.ended; !errors.As(err, &refusal) || refusal.Code != "unauthenticated" || refusal.Message != "no such token" {
		t.Errorf("Run gave %v", err)
	}
}

func TestAWorkerWaitsForAServerThatIsAway(t *testing.T) {
	fake := newFakeServer(t, true)
	isAway := true
	fake.refuse = func(string, string) (int, string) {
		if isAway {
			return http.StatusBadGateway, "<html>"
		}
		return 0, ""
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.until(t, "two tries", func() bool { return len(fake.calls) >= 2 })
	fake.mutex.Lock()
	isAway = false
	fake.mutex.Unlock()
	fake.add("one")
	fake.result(t, "one")
	if away, back := worker.log.count("server is away"), worker.log.count("server is back"); away != 1 || back != 1 {
		t.Errorf("said away %d times and back %d times", away, back)
	}
}

func TestAConfigurationThatCannotBeNamesItsField(t *testing.T) {
	for field, config := range map[string]WorkerConfig{
		"ServerURL":         {ServerURL: "localhost:3000"},
		"WorkerID":          {WorkerID: strings.Repeat("x", 201)},
		"Labels":            {Labels: []string{""}},
		"Slots":             {Slots: -1},
		"Transport":         {Transport: "pigeon"},
		"LeaseTTL":          {LeaseTTL: 1500 * time.Millisecond},
		"ClaimWait":         {ClaimWait: time.Hour},
		"HeartbeatInterval": {HeartbeatInterval: time.Millisecond},
		"LogBatchBytes":     {LogBatchBytes: 1},
		"UnsentLogBytes":    {UnsentLogBytes: 1},
	} {
		_, err := NewWorker(config)
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := NewWorker(WorkerConfig{}); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}
