package workflowgraph

import "fmt"

// LogStream is one of a job's two output streams.
type LogStream string

// The two streams.
const (
	StreamStdout LogStream = "stdout"
	StreamStderr LogStream = "stderr"
)

// LogChunk is a piece of a job's output.
type LogChunk struct {
	// RunID is named workflow_id on the wire.
	RunID string `json:"workflow_id"`
	JobID string `json:"job_id"`
	// Sequence orders the chunks of one attempt over both streams, from 0.
	Sequence uint64 `json:"sequence"`
	Data     string `json:"data"`
	// Timestamp is by the worker's clock.
	Timestamp Time      `json:"timestamp_ms"`
	Stream    LogStream `json:"stream"`
	// Attempt is the one that wrote it; set by the server.
	Attempt int `json:"attempt"`
	// MissingBytes is the number of bytes missing in place of this chunk, in the middle of a log over the limit; nil
	// for any other chunk.
	MissingBytes *int64 `json:"missing_bytes,omitempty"`
	// SystemLine is set on a line of the server, for example that the attempt timed out.
	SystemLine *int `json:"system_line,omitempty"`
}

// position is how the server writes where the chunk is in its job's log.
func (c *LogChunk) position() string {
	stream := string(c.Stream)
	if c.SystemLine != nil {
		stream = systemStreams[*c.SystemLine]
	}
	return fmt.Sprintf("%d.%d.%s", c.Attempt, c.Sequence, stream)
}

var systemStreams = map[int]string{1: "system-first", 2: "system-stop", 3: "system-end"}
