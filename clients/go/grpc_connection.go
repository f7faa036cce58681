package workflowgraph

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// newGRPCConnection creates a connection that opens on first use. It fails for a URL with a path, which gRPC does not
// support.
func newGRPCConnection(address serverAddress, tlsConfig *tls.Config) (*grpc.ClientConn, error) {
	server := address.url
	if server.Path != "" {
		return nil, fmt.Errorf("gRPC has no way to the path %s of the server's URL", server.Path)
	}
	security := insecure.NewCredentials()
	port := "80"
	if server.Scheme == "https" {
		security = credentials.NewTLS(tlsConfig)
		port = "443"
	}
	if given := server.Port(); given != "" {
		port = given
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(security),
		grpc.WithUserAgent(userAgent),
		// A worker that waits for its server retries more often than gRPC does by default.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		// A message brings as many jobs as there are free slots.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
	}
	if address.authorization != "" {
		options = append(options, grpc.WithPerRPCCredentials(authorizationHeader(address.authorization)))
	}
	return grpc.NewClient("dns:///"+net.JoinHostPort(server.Hostname(), port), options...)
}

// reconnectWithin is how long a connection that failed before is waited for.
const reconnectWithin = time.Second

// reconnect makes a failed connection retry at once, and waits for it. Otherwise a call between two retries fails with
// the last error without being tried.
func reconnect(ctx context.Context, connection *grpc.ClientConn) {
	if connection.GetState() != connectivity.TransientFailure {
		return
	}
	connection.ResetConnectBackoff()
	ctx, cancel := context.WithTimeout(ctx, reconnectWithin)
	defer cancel()
	// It shows its failure until a try has succeeded.
	connection.WaitForStateChange(ctx, connectivity.TransientFailure)
}

type authorizationHeader string

func (h authorizationHeader) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(h)}, nil
}

// RequireTransportSecurity is false: a token for an http:// URL is the user's decision.
func (h authorizationHeader) RequireTransportSecurity() bool { return false }

// errStreamEnded: the server ended a stream without an error.
var errStreamEnded = errors.New("the server ended the stream")

// errorOfGRPC converts the error of a stream to an *Error or an *UnreachableError.
func errorOfGRPC(serverURL string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return &UnreachableError{ServerURL: serverURL, Err: errStreamEnded}
	}
	said := status.Convert(err)
	switch said.Code() {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded:
		return &UnreachableError{ServerURL: serverURL, Err: errors.New(said.Message())}
	}
	refusal := &Error{Status: http.StatusInternalServerError, Code: "internal", Message: said.Message()}
	if meaning, ok := grpcMeanings[said.Code()]; ok {
		refusal.Status, refusal.Code = meaning.status, meaning.code
	}
	for _, detail := range said.Details() {
		if detail, ok := detail.(*workflowgraphv1.ErrorDetail); ok {
			refusal.Reason = reasonOf(detail.GetReason())
			for _, problem := range detail.GetProblems() {
				refusal.Problems = append(refusal.Problems, Problem{
					Message: problem.GetMessage(),
					Field:   problem.GetField(),
					Job:     problem.GetJob(),
					Line:    int(problem.GetLine()),
					Column:  int(problem.GetColumn()),
				})
			}
		}
	}
	return refusal
}

// grpcMeanings are the HTTP statuses and words of the documented paths.
var grpcMeanings = map[codes.Code]struct {
	status int
	code   string
}{
	codes.InvalidArgument:    {http.StatusBadRequest, "malformed"},
	codes.OutOfRange:         {http.StatusBadRequest, "malformed"},
	codes.FailedPrecondition: {http.StatusBadRequest, "malformed"},
	codes.Unauthenticated:    {http.StatusUnauthorized, "unauthenticated"},
	codes.PermissionDenied:   {http.StatusForbidden, "forbidden"},
	codes.NotFound:           {http.StatusNotFound, "not_found"},
	codes.Aborted:            {http.StatusConflict, "conflict"},
	codes.AlreadyExists:      {http.StatusConflict, "conflict"},
	codes.ResourceExhausted:  {http.StatusRequestEntityTooLarge, "too_large"},
	codes.Unimplemented:      {http.StatusNotImplemented, "unimplemented"},
}

// isUnimplemented returns whether the server, or a proxy in front of it, does not support the stream.
func isUnimplemented(err error) bool { return statusOf(err) == http.StatusNotImplemented }

func reasonOf(reason workflowgraphv1.ErrorReason) Reason {
	switch reason {
	case workflowgraphv1.ErrorReason_ERROR_REASON_LEASE_EXPIRED:
		return ReasonLeaseExpired
	case workflowgraphv1.ErrorReason_ERROR_REASON_SUPERSEDED:
		return ReasonSuperseded
	case workflowgraphv1.ErrorReason_ERROR_REASON_COMPLETED:
		return ReasonCompleted
	case workflowgraphv1.ErrorReason_ERROR_REASON_CANCELLED:
		return ReasonCancelled
	case workflowgraphv1.ErrorReason_ERROR_REASON_UNKNOWN_LEASE:
		return ReasonUnknownLease
	case workflowgraphv1.ErrorReason_ERROR_REASON_JOB_RUNNING:
		return ReasonJobRunning
	case workflowgraphv1.ErrorReason_ERROR_REASON_DEPENDANT_RUNNING:
		return ReasonDependantRunning
	}
	return ""
}
