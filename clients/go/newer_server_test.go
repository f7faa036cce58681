package workflowgraph

import (
	"net/http"
	"testing"
	"time"
)

func TestVersionsAreComparedByTheirNumbers(t *testing.T) {
	for _, pair := range [][2]string{{"0.1.0", "0.2.0"}, {"0.9.0", "0.10.0"}, {"1.2.3", "2.0.0-rc.1"}, {"1.2.3", "1.2.4+x"}} {
		if !isOlder(pair[0], pair[1]) || isOlder(pair[1], pair[0]) {
			t.Errorf("%s is not older than %s", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"1.0.0", "1.0.0"}, {"", "1.0.0"}, {"1.0", "2.0.0"}, {"1.0.0", "unknown"}} {
		if isOlder(pair[0], pair[1]) {
			t.Errorf("%q counts as older than %q", pair[0], pair[1])
		}
	}
}

func TestAServerThatIsNewerIsNamedOnceAndGetsTheWorkDone(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.refuse = func(_, path string) (int, string) {
		if path == "/api/session" {
			return http.StatusOK, `{"version": "99.0.0"}`
		}
		return 0, ""
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.add("one")
	fake.result(t, "one")
	for end := time.Now().Add(within(20 * time.Second)); worker.log.count("the server is newer") == 0; {
		if time.Now().After(end) {
			t.Fatal("the newer server was not named")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := worker.end(t); err != nil {
		t.Fatal(err)
	}
	if said := worker.log.count("the server is newer"); said != 1 {
		t.Errorf("said it %d times", said)
	}
}
