package workflowgraph

import (
	"context"
	"sync/atomic"
)

// logSender stores one attempt's chunks, over the stream where there is one. Each chunk is stored once however often it is
// sent, so whatever the stream leaves open goes over a plain call, whose answer says what is wrong, chunk by chunk.
type logSender struct {
	api    workerAPI
	stream *logStream
	lease  lease
	// The stream acknowledges contiguous sequences only, so once a chunk was refused it has nothing more to say.
	callsOnly atomic.Bool
}

func (s *logSender) push(ctx context.Context, chunks []LogChunk) error {
	if s.stream != nil && !s.callsOnly.Load() {
		if err := s.stream.push(ctx, s.lease, chunks); err != errNoLogStream {
			return err
		}
	}
	err := s.api.pushLogs(ctx, s.lease, chunks)
	if err != nil && !isTemporary(err) {
		s.callsOnly.Store(true)
	}
	return err
}
