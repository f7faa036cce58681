package workflowgraph

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// logText is a logger's output, to be read while it is written.
type logText struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logText) Write(data []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(data)
}

func (l *logText) count(part string) int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Count(l.text.String(), part)
}

// runningWorker is a worker whose Run goes on beside the test.
type runningWorker struct {
	*Worker
	log   *logText
	ended chan error
}

func startWorker(t *testing.T, config WorkerConfig) *runningWorker {
	t.Helper()
	log := new(logText)
	config.Logger = slog.New(slog.NewTextHandler(log, nil))
	worker, err := NewWorker(config)
	if err != nil {
		t.Fatal(err)
	}
	running := &runningWorker{Worker: worker, log: log, ended: make(chan error, 1)}
	go func() { running.ended <- worker.Run(context.Background()) }()
	t.Cleanup(func() {
		worker.giveUpReports()
		worker.Terminate()
		if t.Failed() {
			t.Log(log.text.String())
		}
	})
	return running
}

func (r *runningWorker) end(t *testing.T) error {
	t.Helper()
	r.Stop()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(within(20 * time.Second)):
		t.Fatal("the worker does not end")
		return nil
	}
}

// gate is an executor whose jobs wait until they are let go or told to end.
type gate struct {
	started chan *Job
	letGo   chan struct{}
	causes  chan error
}

func newGate() *gate {
	return &gate{started: make(chan *Job, 100), letGo: make(chan struct{}), causes: make(chan error, 100)}
}

func (g *gate) Execute(ctx context.Context, job *Job) (Outputs, error) {
	g.started <- job
	select {
	case <-g.letGo:
		return Outputs{"by": job.ID}, nil
	case <-ctx.Done():
		g.causes <- context.Cause(ctx)
		return nil, ctx.Err()
	}
}

func (g *gate) cause(t *testing.T) error {
	t.Helper()
	select {
	case cause := <-g.causes:
		return cause
	case <-time.After(within(10 * time.Second)):
		t.Fatal("the job was not told to end")
		return nil
	}
}

func newGateOpen() *gate {
	open := newGate()
	close(open.letGo)
	return open
}

// compute keeps a thread busy with work.
func compute(wait time.Duration) {
	data := make([]byte, 64*1024)
	for end := time.Now().Add(wait); time.Now().Before(end); {
		for i := range data {
			data[i] = data[i]*31 + byte(i)
		}
	}
}
