package workflowgraph

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// errNoLogStream: the chunks have to go another way.
var errNoLogStream = errors.New("no log stream")

// logStream is the stream that carries the logs of all jobs of a worker, opened when it is first used.
type logStream struct {
	connection *grpc.ClientConn
	serverURL  string

	mutex         sync.Mutex
	current       *openLogs
	isUnavailable bool
	nextTry       time.Time
}

type openLogs struct {
	stream workflowgraphv1.LogService_StreamLogsClient
	cancel context.CancelFunc
	done   chan struct{}
	// Sends are one after the other.
	sending sync.Mutex

	mutex   sync.Mutex
	waiting map[string]*logsUnderWay
}

// logsUnderWay are a lease's chunks that were sent and are not known to be durable.
type logsUnderWay struct {
	last   uint64
	answer chan error
}

// push sends one lease's chunks and waits until they are durable. It gives an *Error when the lease takes no more, and
// errNoLogStream when nothing is known of the chunks, which may be sent again in another way.
func (l *logStream) push(ctx context.Context, held lease, chunks []LogChunk) error {
	open := l.open()
	if open == nil {
		return errNoLogStream
	}
	under := &logsUnderWay{last: chunks[len(chunks)-1].Sequence, answer: make(chan error, 1)}
	open.mutex.Lock()
	open.waiting[held.id] = under
	open.mutex.Unlock()
	defer func() {
		open.mutex.Lock()
		defer open.mutex.Unlock()
		delete(open.waiting, held.id)
	}()
	if !open.send(held, chunks) {
		return errNoLogStream
	}
	late := time.NewTimer(callTimeout)
	defer late.Stop()
	select {
	case err := <-under.answer:
		return err
	case <-open.done:
		return errNoLogStream
	case <-late.C:
		open.cancel()
		return errNoLogStream
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends the stream.
func (l *logStream) close() {
	l.mutex.Lock()
	open := l.current
	l.isUnavailable = true
	l.mutex.Unlock()
	if open != nil {
		open.cancel()
		<-open.done
	}
}

func (l *logStream) open() *openLogs {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.current != nil {
		return l.current
	}
	if l.isUnavailable || time.Now().Before(l.nextTry) {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := workflowgraphv1.NewLogServiceClient(l.connection).StreamLogs(ctx)
	if err != nil {
		cancel()
		l.ended(errorOfGRPC(l.serverURL, err))
		return nil
	}
	l.current = &openLogs{stream: stream, cancel: cancel, done: make(chan struct{}), waiting: make(map[string]*logsUnderWay)}
	go l.receive(l.current)
	return l.current
}

// ended is called with the mutex held.
func (l *logStream) ended(err error) {
	l.current = nil
	l.isUnavailable = l.isUnavailable || isUnimplemented(err)
	l.nextTry = time.Now().Add(streamRetry)
}

func (l *logStream) receive(open *openLogs) {
	for {
		answer, err := open.stream.Recv()
		if err != nil {
			open.cancel()
			l.mutex.Lock()
			l.ended(errorOfGRPC(l.serverURL, err))
			l.mutex.Unlock()
			close(open.done)
			return
		}
		open.take(answer)
	}
}

func (o *openLogs) send(held lease, chunks []LogChunk) bool {
	message := &workflowgraphv1.StreamLogsRequest{LeaseId: held.id}
	for _, chunk := range chunks {
		message.Chunks = append(message.Chunks, chunkToProto(held, chunk))
	}
	o.sending.Lock()
	defer o.sending.Unlock()
	return o.stream.Send(message) == nil
}

func (o *openLogs) take(answer *workflowgraphv1.StreamLogsResponse) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	under := o.waiting[answer.GetLeaseId()]
	if under == nil {
		return
	}
	var err error
	if answer.Refused != nil {
		err = &Error{
			Status:  http.StatusConflict,
			Code:    "conflict",
			Reason:  reasonOf(answer.GetRefused()),
			Message: "the lease takes no more log",
		}
	} else if answer.GetDurableSequence() < under.last {
		return
	}
	delete(o.waiting, answer.GetLeaseId())
	under.answer <- err
}
