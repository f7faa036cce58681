package workflowgraph

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"workflowgraph.dev/client/internal/processtree"
)

// stopSignals ask a process to end. A terminal that is closed sends SIGHUP, Ctrl-\ sends SIGQUIT.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// RunUntilSignal is Run, and stops the worker at SIGTERM, SIGINT, SIGHUP or SIGQUIT: the first signal is Stop, the second
// Terminate, and the third kills the processes of its jobs and ends this process with status 130. A terminal that closes
// may send SIGHUP several times, so it only ever is Stop. SIGHUP stays ignored where it was ignored before, as nohup does
// (Go's runtime takes SIGQUIT in any case). Several workers may wait for the same signals.
//
// Until it returns, a closed pipe at stdout or stderr (SIGPIPE) does not end this process: the jobs would outlive it.
func (w *Worker) RunUntilSignal(ctx context.Context) error {
	signals := make(chan os.Signal, 3)
	for _, each := range stopSignals {
		if wasIgnored := (each == syscall.SIGHUP || each == syscall.SIGQUIT) && signal.Ignored(each); !wasIgnored {
			signal.Notify(signals, each)
		}
	}
	defer signal.Stop(signals)
	brokenPipes := make(chan os.Signal, 1)
	signal.Notify(brokenPipes, syscall.SIGPIPE)
	defer signal.Stop(brokenPipes)
	ended := make(chan struct{})
	defer close(ended)
	go w.followSignals(signals, ended)
	return w.Run(ctx)
}

func (w *Worker) followSignals(signals <-chan os.Signal, ended <-chan struct{}) {
	for count := 0; ; {
		select {
		case <-ended:
			return
		case received := <-signals:
			if received == syscall.SIGHUP && count > 0 {
				continue
			}
			count++
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
