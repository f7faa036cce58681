package workflowgraph

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// callTimeout is how long a call that does not wait for anything may take.
const callTimeout = 30 * time.Second

// answerBytesMax: a longer response is refused rather than kept in memory.
const answerBytesMax = 256 * 1024 * 1024

// httpConnection makes calls on the documented JSON paths of one server, over kept-alive connections.
type httpConnection struct {
	serverURL     string
	authorization string
	client        *http.Client
}

func newHTTPConnection(server serverAddress, tlsConfig *tls.Config) *httpConnection {
	transport := &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		DialContext:       (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:   tlsConfig.Clone(),
		ForceAttemptHTTP2: true,
		// Enough connections for many slots, and for the claim and the heartbeats.
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		// Longer than any call waits at the server.
		ResponseHeaderTimeout: 2 * time.Minute,
	}
	return &httpConnection{
		serverURL:     server.url.String(),
		authorization: server.authorization,
		client:        &http.Client{Transport: transport},
	}
}

func (c *httpConnection) close() { c.client.CloseIdleConnections() }

// httpCall is one call. Every call of the API may be repeated.
type httpCall struct {
	method string
	// path begins with a slash, is escaped, and may have a query.
	path        string
	body        []byte
	contentType string
	header      http.Header
}

// post sends the body as JSON and reads the answer into the result, which may be nil.
func (c *httpConnection) post(ctx context.Context, path string, body, result any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.call(ctx, httpCall{method: http.MethodPost, path: path, body: data, contentType: "application/json"}, result)
}

func (c *httpConnection) get(ctx context.Context, path string, result any) error {
	return c.call(ctx, httpCall{method: http.MethodGet, path: path}, result)
}

// call returns an *Error if the server refuses, an *UnreachableError if it cannot be reached, and the context's error
// if that was cancelled. A context without a deadline gets one.
func (c *httpConnection) call(ctx context.Context, call httpCall, result any) error {
	if _, hasDeadline := ctx.Deadline(); !hasDeadline {
		timed, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		ctx = timed
	}
	answer, err := c.open(ctx, call)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	data, err := c.readAll(ctx, answer)
	if err != nil {
		return err
	}
	if result == nil || len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, result); err != nil {
		return &Error{
			Status:  answer.StatusCode,
			Code:    "not_json",
			Message: fmt.Sprintf("%s %s was not answered as a workflow-graph server would (%v): is %s one?", call.method, call.path, err, c.serverURL),
		}
	}
	return nil
}

// open streams a successful response.
func (c *httpConnection) open(ctx context.Context, call httpCall) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, call.method, c.serverURL+call.path, bytes.NewReader(call.body))
	if err != nil {
		return nil, err
	}
	for name, values := range call.header {
		request.Header[name] = values
	}
	// Not sent, but lets the call be repeated when a kept connection turns out to be closed.
	request.Header["Idempotency-Key"] = nil
	request.Header.Set("User-Agent", userAgent)
	if call.contentType != "" {
		request.Header.Set("Content-Type", call.contentType)
	}
	if c.authorization != "" {
		request.Header.Set("Authorization", c.authorization)
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if answer.StatusCode >= 200 && answer.StatusCode <= 299 {
		return answer, nil
	}
	defer answer.Body.Close()
	data, err := c.readAll(ctx, answer)
	if err != nil {
		return nil, err
	}
	return nil, errorOfAnswer(answer.StatusCode, data, call)
}

func (c *httpConnection) readAll(ctx context.Context, answer *http.Response) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(answer.Body, answerBytesMax+1))
	if err == nil && len(data) > answerBytesMax {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return data, nil
}

// unreachable distinguishes the caller's cancellation from a timeout.
func (c *httpConnection) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if inner := (*url.Error)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return &UnreachableError{ServerURL: c.serverURL, Err: err}
}

// errorOfAnswer is the error in an unsuccessful response.
func errorOfAnswer(status int, data []byte, call httpCall) *Error {
	var body struct {
		Code    string          `json:"code"`
		Reason  Reason          `json:"reason"`
		Message string          `json:"message"`
		Details json.RawMessage `json:"details"`
	}
	// A response of a proxy need not be JSON.
	_ = json.Unmarshal(data, &body)
	refusal := &Error{Status: status, Code: body.Code, Reason: body.Reason, Message: body.Message}
	_ = json.Unmarshal(body.Details, &refusal.Problems)
	if refusal.Code == "" {
		refusal.Code = fmt.Sprintf("http_%d", status)
	}
	if refusal.Message == "" {
		refusal.Message = fmt.Sprintf("%s %s was answered with HTTP status %d", call.method, call.path, status)
	}
	return refusal
}
