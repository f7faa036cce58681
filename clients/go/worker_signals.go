package workflowgraph

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"workflowgraph.dev/client/internal/processtree"
)

// RunUntilSignal is Run until SIGTERM or an interrupt as well: the first such signal is Stop, the second Terminate, and the
// third ends this process with status 130, and the processes of its jobs by force. Several workers may wait for the same
// signals.
func (w *Worker) RunUntilSignal(ctx context.Context) error {
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	defer close(ended)
	defer signal.Stop(signals)
	go w.followSignals(signals, ended)
	return w.Run(ctx)
}

func (w *Worker) followSignals(signals <-chan os.Signal, ended <-chan struct{}) {
	for count := 1; ; count++ {
		select {
		case <-ended:
			return
		case <-signals:
		}
		switch count {
		case 1:
			w.config.Logger.Info("stopping; a second signal ends the running jobs", "worker", w.ID(), "running", w.Running())
			w.Stop()
		case 2:
			w.Terminate()
		default:
			processtree.KillAll()
			os.Exit(130)
		}
	}
}
