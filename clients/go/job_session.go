package workflowgraph

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

const (
	// reportBytesMax: a larger report goes over plain HTTP, where it is judged alone.
	reportBytesMax = 1024 * 1024
	// reportAnswerTimeout: a stream without a response to a report for this long is abandoned.
	reportAnswerTimeout = 15 * time.Second
	// drainedStreamTimeout is how long the server may take to end a stream that it said it would.
	drainedStreamTimeout = 2 * time.Second
	// closeTimeout is how long a stream may take to end when everything was said.
	closeTimeout = time.Second
)

// errNotOverStream: a report must be sent in another way.
var errNotOverStream = errors.New("not over this stream")

// sessionEvents are the callbacks of a session, in the order of the server's messages.
type sessionEvents interface {
	// answered: the result of the lease's job was judged by the server.
	answered(leaseID string)
	claimed(claim claim)
	// malformed: a job was pushed that cannot be read.
	malformed(leaseID string, err error)
	stopped(leaseID string, order stopOrder)
	lost(leaseID string)
	// drain: the worker began to drain, or its drain was undone.
	drain(drain serverDrain)
}

// jobSession is one stream of WorkJobs: jobs come down, and receipts, credits and results go up, those of a moment in one
// message.
type jobSession struct {
	serverURL string
	stream    workflowgraphv1.JobService_WorkJobsClient
	cancel    context.CancelFunc
	events    sessionEvents
	openedAt  time.Time

	mutex   sync.Mutex
	out     sessionOutbox
	waiting map[string]chan *workflowgraphv1.JobReportResult
	// Whether the server has sent a message.
	heard bool

	wake chan struct{}
	// Closed at the stream's end; err says how it ended from then on.
	done chan struct{}
	err  error
}

func openJobSession(connection *grpc.ClientConn, config *WorkerConfig, events sessionEvents) (*jobSession, error) {
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := workflowgraphv1.NewJobServiceClient(connection).WorkJobs(ctx)
	if err != nil {
		cancel()
		return nil, errorOfGRPC(config.ServerURL, err)
	}
	session := &jobSession{
		serverURL: config.ServerURL,
		stream:    stream,
		cancel:    cancel,
		events:    events,
		openedAt:  time.Now(),
		waiting:   make(map[string]chan *workflowgraphv1.JobReportResult),
		wake:      make(chan struct{}, 1),
		done:      make(chan struct{}),
	}
	ttlSecs := int64(config.LeaseTTL / time.Second)
	session.out.hello = &workflowgraphv1.WorkJobsRequest_Hello{
		WorkerId:     config.WorkerID,
		Labels:       config.offeredLabels(),
		OnlyLabelled: config.OnlyLabelled,
		LeaseTtlSecs: &ttlSecs,
		Slots:        uint32(config.Slots),
		Version:      userAgent,
	}
	return session, nil
}

// start sends the hello, with the credits that were added before.
func (s *jobSession) start() {
	s.rouse()
	go s.send()
	go s.receive()
}

// close says all that is left to say, and ends the stream.
func (s *jobSession) close() {
	s.add(func(out *sessionOutbox) { out.drain, out.isLast = true, true })
	timer := time.AfterFunc(closeTimeout, s.cancel)
	defer timer.Stop()
	<-s.done
}

// wasHad says whether the stream has shown to be one.
func (s *jobSession) wasHad() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.heard || time.Since(s.openedAt) > 2*time.Second
}

func (s *jobSession) addCredits(count int) {
	s.add(func(out *sessionOutbox) { out.credits += uint32(count) })
}

// drain asks for no more jobs.
func (s *jobSession) drain() {
	s.add(func(out *sessionOutbox) { out.drain = true })
}

// report gives nil when the server took the result, an *Error when it refused it, and errNotOverStream when it is to be
// sent another way.
func (s *jobSession) report(ctx context.Context, leaseID string, ended result) error {
	report := reportToProto(leaseID, ended)
	if proto.Size(report) > reportBytesMax {
		return errNotOverStream
	}
	answer := make(chan *workflowgraphv1.JobReportResult, 1)
	s.add(func(out *sessionOutbox) {
		s.waiting[leaseID] = answer
		out.reports = append(out.reports, report)
	})
	defer func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		delete(s.waiting, leaseID)
	}()
	late := time.NewTimer(reportAnswerTimeout)
	defer late.Stop()
	select {
	case judged := <-answer:
		return errorOfReport(judged)
	case <-s.done:
		return errNotOverStream
	case <-late.C:
		s.cancel()
		return errNotOverStream
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errorOfReport(judged *workflowgraphv1.JobReportResult) error {
	if judged.Refused == nil {
		return nil
	}
	reason := reasonOf(judged.GetRefused())
	if reason == "" {
		return &Error{Status: http.StatusBadRequest, Code: "malformed", Message: judged.GetMessage()}
	}
	return &Error{Status: http.StatusConflict, Code: "conflict", Reason: reason, Message: judged.GetMessage()}
}

func (s *jobSession) add(change func(out *sessionOutbox)) {
	s.mutex.Lock()
	change(&s.out)
	s.mutex.Unlock()
	s.rouse()
}

func (s *jobSession) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *jobSession) send() {
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		for {
			s.mutex.Lock()
			message := s.out.take()
			isLast := message == nil && s.out.isLast
			s.mutex.Unlock()
			if isLast {
				_ = s.stream.CloseSend()
				return
			}
			if message == nil {
				break
			}
			if s.stream.Send(message) != nil {
				// The receiver gets the cause.
				return
			}
		}
	}
}

func (s *jobSession) receive() {
	for {
		message, err := s.stream.Recv()
		if err != nil {
			s.err = errorOfGRPC(s.serverURL, err)
			s.cancel()
			close(s.done)
			return
		}
		s.handle(message)
	}
}

func (s *jobSession) handle(message *workflowgraphv1.WorkJobsResponse) {
	s.mutex.Lock()
	s.heard = true
	for _, claimed := range message.GetClaims() {
		s.out.received = append(s.out.received, claimed.GetLease().GetLeaseId())
	}
	s.mutex.Unlock()
	if len(message.GetClaims()) > 0 {
		s.rouse()
	}
	for _, judged := range message.GetResults() {
		s.events.answered(judged.GetLeaseId())
		s.mutex.Lock()
		answer := s.waiting[judged.GetLeaseId()]
		delete(s.waiting, judged.GetLeaseId())
		s.mutex.Unlock()
		if answer != nil {
			answer <- judged
		}
	}
	for _, claimed := range message.GetClaims() {
		if read, err := claimOfProto(claimed); err != nil {
			s.events.malformed(claimed.GetLease().GetLeaseId(), err)
		} else {
			s.events.claimed(*read)
		}
	}
	for _, stop := range message.GetStops() {
		s.events.stopped(stop.GetLeaseId(), stopOrder{causeOfProto(stop.GetReason()), durationOfSecs(stop.GetWithinSecs())})
	}
	// Those of the stops that were cancelled, again; an older server has only these.
	for _, leaseID := range message.GetCancelledLeaseIds() {
		s.events.stopped(leaseID, stopOrder{cause: ErrCancelled})
	}
	for _, leaseID := range message.GetLostLeaseIds() {
		s.events.lost(leaseID)
	}
	// After the jobs that came with it: they are running.
	if drain := message.GetDrain(); drain != nil {
		s.events.drain(serverDrain{active: drain.GetActive(), stop: drain.GetActive() && drain.GetStop()})
	}
	if message.GetDraining() {
		// What is under way may still be answered; then the server ends the stream, or we do.
		time.AfterFunc(drainedStreamTimeout, s.cancel)
	}
}
