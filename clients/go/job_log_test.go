package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// pushedLog keeps what a jobLog pushes.
type pushedLog struct {
	mutex   sync.Mutex
	chunks  []LogChunk
	calls   int
	dropped int
	// answer decides each call; nil takes all.
	answer func(call int, chunks []LogChunk) error
}

func (p *pushedLog) push(_ context.Context, chunks []LogChunk) error {
	p.mutex.Lock()
	p.calls++
	call := p.calls
	p.mutex.Unlock()
	if p.answer != nil {
		if err := p.answer(call, chunks); err != nil {
			return err
		}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.chunks = append(p.chunks, chunks...)
	return nil
}

func (p *pushedLog) text(stream LogStream) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var all strings.Builder
	for i, chunk := range p.chunks {
		if chunk.Sequence != uint64(i) {
			return fmt.Sprintf("chunk %d has sequence %d", i, chunk.Sequence)
		}
		if chunk.Stream == stream {
			all.WriteString(chunk.Data)
		}
	}
	return all.String()
}

func (p *pushedLog) log(batchWait time.Duration, batchBytes, unsentBytesMax int) *jobLog {
	return newJobLog(jobLogConfig{
		batchWait:      batchWait,
		batchBytes:     batchBytes,
		unsentBytesMax: unsentBytesMax,
		refusedMax:     time.Hour,
		push:           p.push,
		away:           func(error) {},
		sent:           func() {},
		dropped:        func(bytes int, _ error) { p.dropped += bytes },
	})
}

func TestAFlushedLogIsWithTheServerInOrder(t *testing.T) {
	var pushed pushedLog
	log := pushed.log(time.Hour, 1024, 1<<20)
	var want strings.Builder
	for i := range 5000 {
		line := fmt.Sprintf("line %d €\n", i)
		want.WriteString(line)
		// In pieces that cut characters.
		middle := len(line) - 3
		_, _ = log.stdout.Write([]byte(line[:middle]))
		_, _ = log.stdout.Write([]byte(line[middle:]))
	}
	_, _ = log.stderr.Write([]byte("cut: \xe2\x82"))
	log.flush(context.Background())
	if got := pushed.text(StreamStdout); got != want.String() {
		t.Errorf("stdout is not what was written: %d bytes, %d were written", len(got), want.Len())
	}
	if got := pushed.text(StreamStderr); got != "cut: \uFFFD" {
		t.Errorf("stderr is %q", got)
	}
	for _, chunk := range pushed.chunks {
		if len(chunk.Data) > 1024 {
			t.Fatalf("a chunk has %d bytes", len(chunk.Data))
		}
	}
}

func TestALittleOutputIsSentAfterTheBatchTime(t *testing.T) {
	pushedOnce := make(chan struct{})
	pushed := pushedLog{answer: func(call int, _ []LogChunk) error {
		if call == 1 {
			close(pushedOnce)
		}
		return nil
	}}
	log := pushed.log(10*time.Millisecond, 1024, 1<<20)
	fmt.Fprint(log.stdout, "a")
	fmt.Fprint(log.stdout, "b")
	select {
	case <-pushedOnce:
	case <-time.After(within(5 * time.Second)):
		t.Fatal("it was not sent")
	}
	log.flush(context.Background())
	if got := pushed.text(StreamStdout); got != "ab" {
		t.Errorf("got %q", got)
	}
}

func TestWritersWaitWhileTheLogIsFullAndGoOnWhenThereIsRoom(t *testing.T) {
	letGo := make(chan struct{})
	pushed := pushedLog{answer: func(int, []LogChunk) error { <-letGo; return nil }}
	log := pushed.log(time.Millisecond, 1024, 4096)
	written := make(chan struct{})
	go func() {
		for range 16 {
			fmt.Fprint(log.stdout, strings.Repeat("x", 1024))
		}
		close(written)
	}()
	select {
	case <-written:
		t.Fatal("nobody waited")
	case <-time.After(50 * time.Millisecond):
	}
	close(letGo)
	<-written
	log.flush(context.Background())
	if got := len(pushed.text(StreamStdout)); got != 16*1024 {
		t.Errorf("%d bytes arrived", got)
	}
}

func TestALogWhoseLeaseIsGoneLetsWritersGo(t *testing.T) {
	pushed := pushedLog{answer: func(int, []LogChunk) error {
		return &Error{Status: 409, Code: "conflict", Reason: ReasonSuperseded}
	}}
	log := pushed.log(time.Millisecond, 1024, 1024)
	for range 16 {
		fmt.Fprint(log.stdout, strings.Repeat("x", 1024))
	}
	log.flush(context.Background())
	if log.ctx.Err() == nil {
		t.Error("the log is still open")
	}
}

func TestAFailedPushIsMadeAgainAndLosesNothing(t *testing.T) {
	pushed := pushedLog{answer: func(call int, _ []LogChunk) error {
		if call < 3 {
			return &UnreachableError{Err: errors.New("refused")}
		}
		return nil
	}}
	log := pushed.log(time.Millisecond, 1024, 1<<20)
	fmt.Fprint(log.stdout, "kept")
	log.flush(context.Background())
	if got := pushed.text(StreamStdout); got != "kept" || pushed.calls != 3 {
		t.Errorf("got %q after %d calls", got, pushed.calls)
	}
}

func TestAChunkThatTheServerCannotTakeDoesNotHoldTheOthers(t *testing.T) {
	pushed := pushedLog{answer: func(_ int, chunks []LogChunk) error {
		for _, chunk := range chunks {
			if strings.Contains(chunk.Data, "poison") {
				return &Error{Status: 400, Code: "malformed"}
			}
		}
		return nil
	}}
	log := pushed.log(time.Hour, 4096, 1<<20)
	for i, data := range []string{"a", "b", "poison", "c", "d"} {
		stream := log.stdout
		if i%2 == 1 {
			stream = log.stderr
		}
		fmt.Fprint(stream, data)
	}
	log.flush(context.Background())
	var got []string
	for _, chunk := range pushed.chunks {
		got = append(got, chunk.Data)
	}
	if strings.Join(got, "") != "abcd" || pushed.dropped != len("poison") {
		t.Errorf("got %q, dropped %d bytes", got, pushed.dropped)
	}
}
