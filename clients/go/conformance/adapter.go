package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	workflowgraph "workflowgraph.dev/client"
	"workflowgraph.dev/client/internal/processtree"
)

type options struct {
	ServerURL           string   `json:"server_url"`
	Labels              []string `json:"labels"`
	OnlyLabelled        bool     `json:"only_labelled"`
	PassEnv             []string `json:"pass_env"`
	Slots               int      `json:"slots"`
	Transport           string   `json:"transport"`
	Executor            string   `json:"executor"`
	LeaseTTLSecs        int      `json:"lease_ttl_secs"`
	Token               string   `json:"token"`
	CAFile              string   `json:"ca_file"`
	DrainTimeoutMs      *float64 `json:"drain_timeout_ms"`
	GraceMs             *float64 `json:"grace_ms"`
	HeartbeatIntervalMs *float64 `json:"heartbeat_interval_ms"`
	LogBatchIntervalMs  *float64 `json:"log_batch_interval_ms"`
}

type event map[string]any

type adapter struct {
	logger  *slog.Logger
	mutex   sync.Mutex
	out     *json.Encoder
	workers map[string]*workflowgraph.Worker
	// client is made with the first call.
	client *workflowgraph.Client
}

func newAdapter(out io.Writer) *adapter {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return &adapter{
		logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		out:     encoder,
		workers: make(map[string]*workflowgraph.Worker),
	}
}

func (a *adapter) do(given command) {
	switch given.Do {
	case "hello":
		a.tell(event{
			"event":      "hello",
			"client":     "go",
			"transports": []string{"stream", "http"},
			"executors":  []string{"function", "shell"},
		})
	case "call":
		a.answer(given.clientCall)
	case "start":
		a.start(given.Worker, given.Options)
	case "drain", "terminate":
		a.mutex.Lock()
		worker := a.workers[given.Worker]
		a.mutex.Unlock()
		switch {
		case worker == nil:
			fmt.Fprintf(os.Stderr, "there is no worker %q\n", given.Worker)
		case given.Do == "drain":
			worker.Stop()
		default:
			worker.Terminate()
		}
	default:
		fmt.Fprintf(os.Stderr, "unknown command %q\n", given.Do)
	}
}

func (a *adapter) start(name string, chosen options) {
	config := workflowgraph.WorkerConfig{
		ServerURL:         chosen.ServerURL,
		WorkerID:          name,
		Labels:            chosen.Labels,
		OnlyLabelled:      chosen.OnlyLabelled,
		PassEnv:           chosen.PassEnv,
		Slots:             chosen.Slots,
		Transport:         workflowgraph.Transport(chosen.Transport),
		LeaseTTL:          time.Duration(chosen.LeaseTTLSecs) * time.Second,
		Token:             chosen.Token,
		DrainTimeout:      milliseconds(chosen.DrainTimeoutMs),
		Grace:             milliseconds(chosen.GraceMs),
		HeartbeatInterval: max(0, milliseconds(chosen.HeartbeatIntervalMs)),
		LogBatchInterval:  milliseconds(chosen.LogBatchIntervalMs),
		Logger:            a.logger.With("worker_name", name),
	}
	if config.ServerURL == "" {
		config.ServerURL = os.Getenv("SERVER_URL")
	}
	switch chosen.Executor {
	case "shell":
	case "noop": // Does nothing and sends no events: for benchmarks.
		config.Executor = workflowgraph.ExecutorFunc(func(context.Context, *workflowgraph.Job) (workflowgraph.Outputs, error) {
			return nil, nil
		})
	default:
		config.Executor = &stepExecutor{adapter: a, worker: name}
	}
	worker, err := newWorker(config, chosen.CAFile)
	if err != nil {
		a.tell(event{"event": "stopped", "worker": name, "error": err.Error()})
		return
	}
	a.mutex.Lock()
	a.workers[name] = worker
	a.mutex.Unlock()
	ended := make(chan struct{})
	go func() {
		select {
		case <-worker.Registered():
			a.tell(event{"event": "started", "worker": name})
		case <-ended:
		}
	}()
	go func() {
		defer close(ended)
		stopped := event{"event": "stopped", "worker": name, "error": nil}
		if err := worker.Run(context.Background()); err != nil {
			stopped["error"] = err.Error()
		}
		a.tell(stopped)
	}()
}

func newWorker(config workflowgraph.WorkerConfig, caFile string) (worker *workflowgraph.Worker, err error) {
	if caFile != "" {
		if config.TLS, err = workflowgraph.TrustFile(caFile); err != nil {
			return nil, err
		}
	}
	return workflowgraph.NewWorker(config)
}

// killAll ends the workers at once: shell jobs by force, functions with this process.
func (a *adapter) killAll() { processtree.KillAll() }

func (a *adapter) tell(what event) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if err := a.out.Encode(what); err != nil {
		fmt.Fprintln(os.Stderr, "nobody reads:", err)
	}
}

// milliseconds: an option of 0 means none, a config's 0 means the default.
func milliseconds(ms *float64) time.Duration {
	switch {
	case ms == nil:
		return 0
	case *ms <= 0:
		return -1
	}
	return time.Duration(*ms * float64(time.Millisecond))
}
