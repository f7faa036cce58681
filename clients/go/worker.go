package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"workflowgraph.dev/client/internal/backoff"
)

// sayAliveInterval is how often a worker says that it is there.
const sayAliveInterval = 10 * time.Second

// Worker takes jobs from a server and runs them. Several can live in one process. A worker runs once: make a new one to
// start again.
type Worker struct {
	config     settings
	api        workerAPI
	presence   *presence
	slots      *slots
	heartbeats *heartbeats
	reporter   *reporter
	connection *grpc.ClientConn
	// jobs and logs are nil without streams.
	jobs *jobStream
	logs *logStream
	// Why streams are not available although they were requested.
	noStreams error

	// Done when the worker takes no more jobs.
	stopping context.Context
	stop     context.CancelFunc
	// Done when the server knows the worker.
	registered   context.Context
	isRegistered context.CancelFunc
	// Done when the server refused the worker, so that nothing can be reported any more.
	reports       context.Context
	giveUpReports context.CancelFunc
	// The parent of all executors' contexts: it has the values of the one that Run was given, and not its end.
	jobContext context.Context

	mutex      sync.Mutex
	hasStarted bool
	attempts   map[*attempt]struct{}
	drained    serverDrain
	// Told when attempts has become empty.
	isIdle *sync.Cond
	// The releases of jobs that came too late.
	releases sync.WaitGroup
	// What is asked of the server beside the work.
	checks sync.WaitGroup
}

// NewWorker gives a *ConfigError for a configuration that cannot be. It does not talk to the server.
func NewWorker(config WorkerConfig) (*Worker, error) {
	complete, err := newSettings(config)
	if err != nil {
		return nil, err
	}
	w := &Worker{
		config:   complete,
		api:      workerAPI{newHTTPConnection(complete.server, complete.TLS)},
		presence: newPresence(complete.ServerURL, complete.Logger),
		slots:    newSlots(complete.Slots),
		attempts: make(map[*attempt]struct{}),
	}
	w.isIdle = sync.NewCond(&w.mutex)
	w.stopping, w.stop = context.WithCancel(context.Background())
	w.registered, w.isRegistered = context.WithCancel(context.Background())
	w.reports, w.giveUpReports = context.WithCancel(context.Background())
	w.heartbeats = newHeartbeats(w.api, w.presence, complete.HeartbeatInterval)
	w.heartbeats.drained = w.heardDrain
	if complete.Transport == TransportStream {
		w.useStreams()
	}
	w.reporter = &reporter{api: w.api, presence: w.presence, slots: w.slots, stream: w.jobs}
	return w, nil
}

func (w *Worker) useStreams() {
	connection, err := newGRPCConnection(w.config.server, w.config.TLS)
	if err != nil {
		w.noStreams = err
		return
	}
	w.connection = connection
	w.jobs = &jobStream{
		connection:  connection,
		config:      &w.config.WorkerConfig,
		slots:       w.slots,
		events:      workerEvents{w},
		connected:   w.heartbeats.beatAll,
		forgetDrain: w.forgetDrain,
		register:    w.register,
	}
	w.logs = &logStream{connection: connection, serverURL: w.config.ServerURL}
	w.heartbeats.stream = &heartbeatStream{connection: connection, serverURL: w.config.ServerURL, owner: w.heartbeats}
}

// Registered is closed when the server has first made the worker known: from then on it is handed jobs.
func (w *Worker) Registered() <-chan struct{} { return w.registered.Done() }

// ID is the worker's name at the server.
func (w *Worker) ID() string { return w.config.WorkerID }

// ServerURL is where the server is, without a user or password.
func (w *Worker) ServerURL() string { return w.config.ServerURL }

// Running is how many jobs run now.
func (w *Worker) Running() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return len(w.attempts)
}

// Run works until the context is done, or Stop, and returns nil when the last job has ended and its result is with the
// server: running jobs may finish, for the drain timeout at most, and those left are then ended and reported as failures
// that may be retried. Executors' contexts have the values of this one.
//
// It also returns nil when the server drains the worker with stop, after the last running job. During a drain without
// stop it stays, without jobs.
//
// A server that is away is waited for. Run fails with an *Error when the server refuses the worker, such as for its
// token.
func (w *Worker) Run(ctx context.Context) error {
	w.mutex.Lock()
	if w.hasStarted {
		w.mutex.Unlock()
		return fmt.Errorf("workflowgraph: worker %s was started already", w.ID())
	}
	w.hasStarted = true
	w.jobContext = context.WithoutCancel(ctx)
	w.mutex.Unlock()
	unfollow := context.AfterFunc(ctx, w.stop)
	defer unfollow()

	if featured, ok := w.config.Executor.(Featured); ok && slices.Contains(featured.Features(), FeatureWorkspace) {
		go sweepWorkspaces()
	}
	beating, stopBeating := context.WithCancel(context.Background())
	go w.heartbeats.run(beating)
	go w.sayAlive(beating)
	err := w.takeJobs()
	if isUnauthorised(err) {
		w.config.Logger.Error("the server refuses this worker: what its jobs end with cannot be reported", "error", err, "running", w.Running())
		w.giveUpReports()
	}
	w.drain()
	stopBeating()
	// It is over as soon as the worker stops. A worker that was refused is not told to.
	w.stop()
	w.checks.Wait()
	w.closeConnections()
	w.giveUpReports()
	w.config.Logger.Info("worker stopped", "worker", w.ID())
	return err
}

// Stop begins what the end of Run's context begins: no new jobs, and Run returns when the running ones have finished. It
// does not wait for that.
func (w *Worker) Stop() { w.stop() }

// Terminate is Stop, and ends the running jobs now: they are asked to end, and after the grace forced to.
func (w *Worker) Terminate() {
	w.stop()
	w.stopAttempts()
}

// takeJobs returns when the worker is to stop, or was refused.
func (w *Worker) takeJobs() error {
	if _, err := w.register(w.stopping); err != nil {
		return err
	}
	if w.stopping.Err() != nil {
		return nil
	}
	w.isRegistered()
	w.config.Logger.Info("worker registered", "worker", w.ID(), "server", w.config.ServerURL, "labels", w.config.Labels, "slots", w.config.Slots)
	w.checks.Go(w.warnOfNewerServer)
	noStream := w.noStreams
	if w.jobs != nil {
		err := w.jobs.run(w.stopping)
		if absent := (*noStreamError)(nil); !errors.As(err, &absent) {
			return err
		}
		noStream = err
	}
	if noStream != nil {
		w.config.Logger.Warn("no streams, using plain HTTP", "server", w.config.ServerURL, "reason", noStream)
	}
	loop := &claimLoop{
		api:      w.api,
		calls:    claimCalls{http: w.api.http},
		config:   &w.config.WorkerConfig,
		presence: w.presence,
		slots:    w.slots,
		start:    w.start,
		register: w.register,
	}
	return loop.run(w.stopping)
}

// register makes the worker known. It waits for a server that is away, and says whether it was.
func (w *Worker) register(ctx context.Context) (wasAway bool, err error) {
	var waits backoff.Backoff
	for ctx.Err() == nil {
		err := w.api.register(ctx, &w.config.WorkerConfig)
		if err == nil {
			w.presence.back()
			return wasAway, nil
		}
		if ctx.Err() != nil {
			break
		}
		if !isTemporary(err) {
			return wasAway, err
		}
		wasAway = true
		w.presence.away(err)
		backoff.Sleep(ctx, waits.Next())
	}
	return wasAway, nil
}

// sayAlive registers the worker again when the server does not know it any more.
func (w *Worker) sayAlive(ctx context.Context) {
	ticker := time.NewTicker(sayAliveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		timed, cancel := context.WithTimeout(ctx, sayAliveInterval)
		drain, err := w.api.sayAlive(timed, w.ID())
		switch {
		case err == nil:
			w.heardDrain(drain)
		case statusOf(err) == http.StatusNotFound:
			// A refusal is met by the next claim or stream too.
			_ = w.api.register(timed, &w.config.WorkerConfig)
		}
		cancel()
	}
}

// start runs a job whose slot was taken.
func (w *Worker) start(claimed claim) {
	a := newAttempt(w, claimed)
	w.mutex.Lock()
	w.attempts[a] = struct{}{}
	w.mutex.Unlock()
	go func() {
		a.run()
		w.slots.free(claimed.lease.id)
		w.mutex.Lock()
		defer w.mutex.Unlock()
		delete(w.attempts, a)
		if len(w.attempts) == 0 {
			w.isIdle.Broadcast()
		}
		w.stopIfDrained()
	}()
}

func (w *Worker) stopAttempts() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for a := range w.attempts {
		a.stop(ErrWorkerStopped)
	}
}

func (w *Worker) drain() {
	w.stop()
	running := w.Running()
	if running > 0 {
		w.config.Logger.Info("stopping: running jobs may finish", "running", running, "within", max(0, w.config.DrainTimeout))
	}
	timer := time.AfterFunc(max(0, w.config.DrainTimeout), w.stopAttempts)
	defer timer.Stop()
	w.waitUntilIdle()
	if w.jobs != nil {
		// A job may have been started just as the worker was stopped.
		w.jobs.close()
		w.waitUntilIdle()
	}
	w.releases.Wait()
}

func (w *Worker) waitUntilIdle() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for len(w.attempts) > 0 {
		w.isIdle.Wait()
	}
}

func (w *Worker) closeConnections() {
	if w.connection != nil {
		w.heartbeats.stream.close()
		w.logs.close()
		_ = w.connection.Close()
	}
	w.api.http.close()
}

// workerEvents are a worker's ears on its job stream.
type workerEvents struct{ worker *Worker }

func (e workerEvents) answered(leaseID string) { e.worker.slots.settled(leaseID) }

// claimed starts the job, or releases one that came too late or beyond the credits.
func (e workerEvents) claimed(claimed claim) {
	w := e.worker
	if w.stopping.Err() == nil && w.slots.take(claimed.lease.id) {
		w.start(claimed)
		return
	}
	w.release(claimed.lease.id, "a job that came too late could not be released", "job", claimed.job.ID)
}

// malformed releases the job: another worker may read it.
func (e workerEvents) malformed(leaseID string, err error) {
	w := e.worker
	w.config.Logger.Warn("a pushed job could not be read", "error", err)
	if w.slots.take(leaseID) {
		w.slots.free(leaseID)
	}
	w.release(leaseID, "a job that could not be read could not be released")
}

// release gives a job back unrun. A failure is logged.
func (w *Worker) release(leaseID, failed string, fields ...any) {
	w.releases.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), takeBackTimeout)
		defer cancel()
		if err := w.api.release(ctx, leaseID); err != nil {
			w.config.Logger.Debug(failed, append(fields, "error", err)...)
		}
	})
}

func (e workerEvents) stopped(leaseID string, order stopOrder) {
	e.worker.heartbeats.stop(leaseID, order)
}

func (e workerEvents) drain(drain serverDrain) { e.worker.beDrained(drain) }

func (e workerEvents) lost(leaseID string) { e.worker.heartbeats.lost(leaseID, "", "") }
