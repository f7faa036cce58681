package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const runMain = "WORKER_TEST_RUN_MAIN"

// TestMain lets this test's program be the worker too.
func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestSecretsAreUsedAndNotToBeSeenFromOutside(t *testing.T) {
	headers := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Get("Authorization")
		if strings.HasSuffix(r.URL.Path, "/claim") {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Second):
			}
		}
		_, _ = io.WriteString(w, "null")
	}))
	defer server.Close()
	withUser := strings.Replace(server.URL, "http://", "http://someone:hush@", 1)
	for name, each := range map[string]struct {
		variables []string
		header    string
	}{
		"a token":            {[]string{"SERVER_URL=" + server.URL, "WORKFLOW_GRAPH_TOKEN=hush-token"}, "Bearer hush-token"},
		"a user in the URL":  {[]string{"SERVER_URL=" + withUser}, "Basic c29tZW9uZTpodXNo"},
		"a database as well": {[]string{"SERVER_URL=" + withUser, "WORKFLOW_GRAPH_TOKEN=hush", "DATABASE_URL=postgres://hush@x/y"}, "Bearer hush"},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command(os.Args[0], "-transport", "http", "-slots", "1")
			command.Env = append([]string{runMain + "=1", "PATH=" + os.Getenv("PATH")}, each.variables...)
			output := new(strings.Builder)
			command.Stdout, command.Stderr = output, output
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = command.Process.Kill() }()
			select {
			case header := <-headers:
				if header != each.header {
					t.Errorf("sent %q", header)
				}
			case <-time.After(time.Minute):
				t.Fatal("no call came")
			}
			for _, file := range []string{"environ", "cmdline"} {
				shown, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", command.Process.Pid, file))
				if err != nil && !errors.Is(err, fs.ErrPermission) {
					t.Error(err)
				}
				if strings.Contains(string(shown), "hush") {
					t.Errorf("%s shows %q", file, shown)
				}
			}
			if err := command.Process.Signal(syscall.SIGHUP); err != nil {
				t.Error(err)
			}
			if err := command.Wait(); err != nil || strings.Contains(output.String(), "hush") {
				t.Errorf("%v: %s", err, output)
			}
			for len(headers) > 0 {
				<-headers
			}
		})
	}
}

func TestPassEnvIsAListThatAddsUp(t *testing.T) {
	t.Setenv("WORKER_PASS_ENV", "CI, AWS_*")
	config, err := readConfig([]string{"-pass-env", "A,B", "-pass-env", "C"}, io.Discard)
	if got := strings.Join(config.PassEnv, " "); err != nil || got != "CI AWS_* A B C" {
		t.Errorf("%q, %v", got, err)
	}
}
