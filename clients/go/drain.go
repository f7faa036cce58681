package workflowgraph

// serverDrain is the server's drain of a worker, which gets no jobs; its zero value means that there is none.
type serverDrain struct {
	active bool
	// stop: the worker stops when it runs no job.
	stop bool
}

// drainAnswer is the part of a response to a heartbeat about the worker's drain. An older server sends none.
type drainAnswer struct {
	Drain     bool `json:"drain"`
	DrainStop bool `json:"drain_stop"`
}

func (a drainAnswer) drain() serverDrain {
	return serverDrain{active: a.Drain, stop: a.Drain && a.DrainStop}
}

// heardDrain handles the drain in a response to a heartbeat. An open job stream reports each change itself, and a
// response that was sent before the change may arrive after it.
func (w *Worker) heardDrain(drain serverDrain) {
	if w.jobs == nil || w.jobs.live() == nil {
		w.beDrained(drain)
	}
}

// beDrained handles the drain of this worker, or its end. The server sends no jobs; with stop, the worker stops when the
// running ones have ended.
func (w *Worker) beDrained(drain serverDrain) {
	w.mutex.Lock()
	isNew := drain != w.drained
	w.drained = drain
	w.stopIfDrained()
	w.mutex.Unlock()
	if isNew {
		w.config.Logger.Warn(drain.text(), "worker", w.ID())
	}
}

// forgetDrain is not logged: the new session reports a drain that still exists.
func (w *Worker) forgetDrain() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.drained = serverDrain{}
}

// stopIfDrained is called with the mutex held, when the drain changes and when a job ends.
func (w *Worker) stopIfDrained() {
	if w.drained.stop && len(w.attempts) == 0 {
		w.stop()
	}
}

func (d serverDrain) text() string {
	switch {
	case !d.active:
		return "the drain of this worker was undone: it gets jobs again"
	case d.stop:
		return "the server drains this worker: it gets no jobs, and stops when no job is running"
	default:
		return "the server drains this worker: it gets no jobs until the drain is undone"
	}
}
