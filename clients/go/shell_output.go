package workflowgraph

import (
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"workflowgraph.dev/client/internal/outputs"
	"workflowgraph.dev/client/internal/text"
)

// stderrTailBytes: the server stores 4096 characters of error text; the rest is for the status line.
const stderrTailBytes = 3900

// shellOutput reads both streams of a shell as they come, as text, into the job's log.
type shellOutput struct {
	job     *Job
	readers []*os.File
	writers []*os.File
	reading sync.WaitGroup
	// Closed when all was read.
	ended chan struct{}
	// The shell has ended: what is still in the pipes is read whether or not the log is full.
	hurries atomic.Bool

	mutex   sync.Mutex
	scanner outputs.Scanner
	steps   stepTracker
	tail    []byte
}

// newShellOutput gives the command its streams.
func newShellOutput(job *Job, command *exec.Cmd) (*shellOutput, error) {
	output := &shellOutput{job: job, ended: make(chan struct{}), steps: stepTracker{steps: job.Steps}}
	for range 2 {
		reader, writer, err := os.Pipe()
		if err != nil {
			output.started()
			output.close()
			return nil, err
		}
		output.readers = append(output.readers, reader)
		output.writers = append(output.writers, writer)
	}
	command.Stdout, command.Stderr = output.writers[0], output.writers[1]
	output.reading.Go(func() { output.follow(output.readers[0], StreamStdout) })
	output.reading.Go(func() { output.follow(output.readers[1], StreamStderr) })
	go func() {
		output.reading.Wait()
		close(output.ended)
	}()
	return output, nil
}

// started closes this process's own hold of the writing ends, so that reading ends when the job's processes have.
func (o *shellOutput) started() {
	for _, writer := range o.writers {
		writer.Close()
	}
}

func (o *shellOutput) close() {
	for _, reader := range o.readers {
		reader.Close()
	}
}

func (o *shellOutput) neverWait() {
	o.hurries.Store(true)
	if o.job.log != nil {
		o.job.log.letGo()
	}
}

func (o *shellOutput) hasEnded() bool {
	select {
	case <-o.ended:
		return true
	default:
		return false
	}
}

// endedWithin returns when all was read, the time is up, or the channel is closed.
func (o *shellOutput) endedWithin(wait time.Duration, enough <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-o.ended:
	case <-timer.C:
	case <-enough:
	}
}

// outputs are those of stdout, once all was read or given up.
func (o *shellOutput) outputs() map[string]string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.scanner.Outputs()
}

// failureIn names the step that a failure happened in.
func (o *shellOutput) failureIn(failure string) string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.steps.named(failure)
}

func (o *shellOutput) stderrTail() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	tail := o.tail
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
		tail = tail[1:]
	}
	return string(tail)
}

// follow ends with the stream, or when it is closed.
func (o *shellOutput) follow(reader *os.File, stream LogStream) {
	var decoder text.Decoder
	buffer := make([]byte, 32*1024)
	for {
		count, err := reader.Read(buffer)
		o.take(stream, decoder.Decode(buffer[:count]))
		if err != nil {
			o.take(stream, decoder.Flush())
			return
		}
	}
}

func (o *shellOutput) take(stream LogStream, valid []byte) {
	if len(valid) == 0 {
		return
	}
	o.mutex.Lock()
	if stream == StreamStdout {
		o.scanner.Write(valid)
		o.steps.write(valid)
	} else {
		o.tail = append(o.tail, valid...)
		o.tail = o.tail[max(0, len(o.tail)-stderrTailBytes):]
	}
	o.mutex.Unlock()
	if o.job.log == nil {
		return
	}
	o.job.log.append(stream, valid)
	o.job.log.waitForRoomUnless(o.hurries.Load)
}
