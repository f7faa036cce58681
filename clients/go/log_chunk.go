package workflowgraph

// LogStream is one of a job's two output streams.
type LogStream string

// The two streams.
const (
	StreamStdout LogStream = "stdout"
	StreamStderr LogStream = "stderr"
)

// LogChunk is a piece of a job's output.
type LogChunk struct {
	// RunID goes by the name workflow_id on the wire.
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
}
