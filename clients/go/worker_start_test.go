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
		"PassEnv":           {PassEnv: []string{"SERVER_URL"}},
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

func TestOnlyNamesThatJobsMayHaveArePassed(t *testing.T) {
	for _, name := range []string{"", "A B", "A=B", "A*B", "DATABASE_URL", "WORKER_ID", "WORKER_*", "WORKFLOW_GRAPH_TOKEN", "WORKFLOW_GRAPH_*"} {
		for _, config := range []WorkerConfig{{PassEnv: []string{name}}, {Executor: &ShellExecutor{PassEnv: []string{name}}}} {
			if _, err := NewWorker(config); err == nil {
				t.Errorf("%q was taken", name)
			}
		}
	}
	if _, err := NewWorker(WorkerConfig{PassEnv: []string{"*", "AWS_*", "W*", "CI", "DATABASE_URL_OF_THE_APP"}}); err != nil {
		t.Error(err)
	}
}

func TestAUserInTheServersURLIsSentAndNeverShown(t *testing.T) {
	for _, each := range []struct{ token, want string }{
		{"", "Basic dXNlcjpwQHNz"},
		{"t0ken", "Bearer t0ken"},
	} {
		fake := newFakeServer(t, true)
		url := strings.Replace(fake.URL, "http://", "http://user:p%40ss@", 1)
		worker := startWorker(t, WorkerConfig{ServerURL: url, Token: each.token, Executor: newGateOpen()})
		fake.add("one")
		fake.result(t, "one")
		fake.mutex.Lock()
		if len(fake.authorizations) != 1 || !fake.authorizations[each.want] {
			t.Errorf("sent %v, not %q", fake.authorizations, each.want)
		}
		fake.mutex.Unlock()
		if worker.ServerURL() != fake.URL || worker.log.count("p@ss")+worker.log.count("p%40ss") > 0 {
			t.Errorf("%s is shown, or the log has the password", worker.ServerURL())
		}
	}
	_, err := NewWorker(WorkerConfig{ServerURL: "ftp://user:p/ss@host"})
	if err == nil || strings.Contains(err.Error(), "ss@") || !strings.Contains(err.Error(), "***@host") {
		t.Errorf("%v", err)
	}
}
