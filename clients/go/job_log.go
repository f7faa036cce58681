package workflowgraph

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"workflowgraph.dev/client/internal/backoff"
	"workflowgraph.dev/client/internal/text"
)

// batchChunksMax bounds the chunks in one call; the server takes a thousand.
const batchChunksMax = 500

type jobLogConfig struct {
	// Output is batched for this long before it is sent.
	batchWait time.Duration
	// This much output is sent at once.
	batchBytes int
	// With more than this unsent, writers wait.
	unsentBytesMax int
	// How long the log is kept while the server refuses the worker, for example because of a revoked token.
	refusedMax time.Duration
	// push stores chunks. It returns when they are durable.
	push func(ctx context.Context, chunks []LogChunk) error
	// away is called for each failed attempt that will be retried, sent for each successful one.
	away func(err error)
	sent func()
	// dropped is called for output that the server refused permanently.
	dropped func(bytes int, err error)
}

// jobLog sends the log of one attempt to the server: pieces of both streams in order of arrival, in one sequence,
// batched by time and size, one call at a time. Unsent output is kept and retried until the lease is gone.
type jobLog struct {
	config         jobLogConfig
	stdout, stderr *logWriter

	ctx   context.Context
	close context.CancelFunc

	mutex       sync.Mutex
	pieces      []logPiece
	unsentBytes int
	sequence    uint64
	isSending   bool
	isFlushing  bool
	timer       *time.Timer
	// Closed and replaced when there is room again, and when nothing is left to send.
	changed chan struct{}
}

type logPiece struct {
	stream    LogStream
	timestamp Time
	data      []byte
}

func newJobLog(config jobLogConfig) *jobLog {
	log := &jobLog{config: config, changed: make(chan struct{})}
	log.ctx, log.close = context.WithCancel(context.Background())
	log.stdout = &logWriter{log: log, stream: StreamStdout}
	log.stderr = &logWriter{log: log, stream: StreamStderr}
	return log
}

func (l *jobLog) writer(stream LogStream) io.Writer {
	if stream == StreamStderr {
		return l.stderr
	}
	return l.stdout
}

// logWriter is one stream as an io.Writer.
type logWriter struct {
	log     *jobLog
	stream  LogStream
	mutex   sync.Mutex
	decoder text.Decoder
}

func (w *logWriter) Write(data []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.log.append(w.stream, w.decoder.Decode(data))
	w.log.waitForRoom()
	return len(data), nil
}

// flush writes the bytes at the end that are no whole character.
func (w *logWriter) flush() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.log.append(w.stream, w.decoder.Flush())
}

// append takes valid UTF-8, and never waits.
func (l *jobLog) append(stream LogStream, valid []byte) {
	if len(valid) == 0 || l.ctx.Err() != nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, part := range text.Cut(valid, l.config.batchBytes) {
		l.appendPart(stream, part)
	}
	if l.isSending {
		return
	}
	if l.batchIsFull() {
		l.startSending()
	} else if l.timer == nil {
		l.timer = time.AfterFunc(l.config.batchWait, func() {
			l.mutex.Lock()
			defer l.mutex.Unlock()
			l.startSending()
		})
	}
}

func (l *jobLog) appendPart(stream LogStream, part []byte) {
	l.unsentBytes += len(part)
	if count := len(l.pieces); count > 0 {
		last := &l.pieces[count-1]
		if last.stream == stream && len(last.data)+len(part) <= l.config.batchBytes {
			last.data = append(last.data, part...)
			return
		}
	}
	l.pieces = append(l.pieces, logPiece{
		stream:    stream,
		timestamp: Time{time.Now()},
		data:      append([]byte(nil), part...),
	})
}

// batchIsFull looks at the last pieces only: all before them were full when they were closed, or are many.
func (l *jobLog) batchIsFull() bool {
	if len(l.pieces) >= batchChunksMax {
		return true
	}
	bytes := 0
	for i := len(l.pieces) - 1; i >= 0; i-- {
		if bytes += len(l.pieces[i].data); bytes >= l.config.batchBytes {
			return true
		}
	}
	return false
}

// waitForRoom returns at once when the log is not full, or closed.
func (l *jobLog) waitForRoom() { l.waitForRoomUnless(func() bool { return false }) }

// waitForRoomUnless asks again after letGo.
func (l *jobLog) waitForRoomUnless(hurries func() bool) {
	l.waitUntil(context.Background(), func() bool { return l.unsentBytes <= l.config.unsentBytesMax || hurries() })
}

// letGo makes all who wait look again.
func (l *jobLog) letGo() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.change()
}

// change is called with the mutex held.
func (l *jobLog) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *jobLog) waitUntil(ctx context.Context, isSo func() bool) {
	for {
		l.mutex.Lock()
		if isSo() {
			l.mutex.Unlock()
			return
		}
		changed := l.changed
		l.mutex.Unlock()
		select {
		case <-changed:
		case <-l.ctx.Done():
			return
		case <-ctx.Done():
			return
		}
	}
}

// flush returns when all that was written is with the server, the log is closed, or the context is done.
func (l *jobLog) flush(ctx context.Context) {
	l.stdout.flush()
	l.stderr.flush()
	l.mutex.Lock()
	l.isFlushing = true
	l.startSending()
	l.mutex.Unlock()
	l.waitUntil(ctx, func() bool { return len(l.pieces) == 0 && !l.isSending })
}

// startSending is called with the mutex held.
func (l *jobLog) startSending() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if l.isSending || len(l.pieces) == 0 || l.ctx.Err() != nil {
		return
	}
	l.isSending = true
	go l.send()
}

// send sends batches until a full one, or the end of the log, is no longer there to be sent.
func (l *jobLog) send() {
	for {
		chunks, bytes := l.takeBatch()
		l.push(chunks)
		l.mutex.Lock()
		l.unsentBytes -= bytes
		goesOn := len(l.pieces) > 0 && (l.isFlushing || l.batchIsFull()) && l.ctx.Err() == nil
		if !goesOn {
			l.isSending = false
			if len(l.pieces) > 0 && l.timer == nil && l.ctx.Err() == nil {
				l.timer = time.AfterFunc(l.config.batchWait, func() {
					l.mutex.Lock()
					defer l.mutex.Unlock()
					l.startSending()
				})
			}
		}
		if !l.isSending || l.unsentBytes <= l.config.unsentBytesMax/2 {
			l.change()
		}
		l.mutex.Unlock()
		if !goesOn {
			return
		}
	}
}

func (l *jobLog) takeBatch() (chunks []LogChunk, bytes int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, piece := range l.pieces {
		if len(chunks) == batchChunksMax || len(chunks) > 0 && bytes+len(piece.data) > l.config.batchBytes {
			break
		}
		bytes += len(piece.data)
		chunks = append(chunks, LogChunk{
			Sequence:  l.sequence,
			Data:      string(piece.data),
			Timestamp: piece.timestamp,
			Stream:    piece.stream,
		})
		l.sequence++
	}
	l.pieces = append([]logPiece(nil), l.pieces[len(chunks):]...)
	return chunks, bytes
}

func (l *jobLog) push(chunks []LogChunk) {
	var waits backoff.Backoff
	began := time.Now()
	for l.ctx.Err() == nil {
		err := l.config.push(l.ctx, chunks)
		switch {
		case err == nil:
			l.config.sent()
			return
		case l.ctx.Err() != nil || errors.Is(err, context.Canceled):
			return
		case statusOf(err) == http.StatusConflict:
			l.close()
			return
		case !isTemporary(err) && !isUnauthorised(err):
			l.pushInHalves(chunks, err)
			return
		case isUnauthorised(err) && time.Since(began) >= l.config.refusedMax:
			l.config.dropped(l.unsent(), err)
			l.close()
			return
		}
		l.config.away(err)
		backoff.Sleep(l.ctx, waits.Next())
	}
}

func (l *jobLog) unsent() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.unsentBytes
}

// pushInHalves: a refused batch can be too large, or contain one invalid chunk. The others are still sent.
func (l *jobLog) pushInHalves(chunks []LogChunk, err error) {
	if len(chunks) == 1 {
		l.config.dropped(len(chunks[0].Data), err)
		return
	}
	half := (len(chunks) + 1) / 2
	l.push(chunks[:half])
	l.push(chunks[half:])
}
