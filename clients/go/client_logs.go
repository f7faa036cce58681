package workflowgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"workflowgraph.dev/client/internal/backoff"
	"workflowgraph.dev/client/internal/sse"
)

// followRetryMax is how long following a log survives an unavailable server.
const followRetryMax = 10 * time.Minute

// LogQuery selects a part of a job's log.
type LogQuery struct {
	// Attempt selects one attempt; all in order when nil.
	Attempt *int
	// Limit is at most 10000 chunks; all of them when zero. Following has no limit.
	Limit int
	// Tail selects the last stored lines; all when nil. It is ignored with After.
	Tail *int
	// After selects the chunks after this one; all when nil.
	After *LogChunk
}

// Logs returns the stored log of a job.
func (c *Client) Logs(ctx context.Context, id, jobID string, query LogQuery) ([]LogChunk, error) {
	var chunks []LogChunk
	path := logsPath(id, jobID) + encodeQuery(
		Page{Limit: query.Limit}.values(),
		"attempt", optionalNumber(query.Attempt),
		"tail", optionalNumber(query.Tail),
		"after", positionOf(query.After),
	)
	return chunks, c.http.get(ctx, path, &chunks)
}

// FollowLogs follows a job's log: first the stored part, then live, until the job has ended. After a broken connection
// it resumes where it was. It ends after an error.
func (c *Client) FollowLogs(ctx context.Context, id, jobID string, query LogQuery) iter.Seq2[LogChunk, error] {
	return func(yield func(LogChunk, error) bool) {
		var waits backoff.Backoff
		var awaySince time.Time
		position := positionOf(query.After)
		wasConnected := false
		for {
			last, err := c.followOnce(ctx, id, jobID, query, position, yield)
			if last != position || err == nil {
				position = last
				awaySince = time.Time{}
				waits.Reset()
				wasConnected = true
			}
			switch {
			case errors.Is(err, errLogEnded), errors.Is(err, errNoReader):
				return
			case ctx.Err() != nil:
				yield(LogChunk{}, ctx.Err())
				return
			case err != nil && (!isTemporary(err) || !wasConnected):
				yield(LogChunk{}, err)
				return
			}
			if awaySince.IsZero() {
				awaySince = time.Now()
			}
			if err != nil && time.Since(awaySince) > followRetryMax {
				yield(LogChunk{}, err)
				return
			}
			backoff.Sleep(ctx, waits.Next())
		}
	}
}

var (
	// errLogEnded: the job has ended, and its log was read to the end.
	errLogEnded = errors.New("the log has ended")
	// errNoReader: the loop over the log was left.
	errNoReader = errors.New("nobody reads")
)

// followOnce follows the log over one connection and returns the position of the last chunk. The error is nil if the
// connection worked and ended before the log did.
func (c *Client) followOnce(ctx context.Context, id, jobID string, query LogQuery, position string, yield func(LogChunk, error) bool) (string, error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if position != "" {
		header.Set("Last-Event-ID", position)
	}
	path := logsPath(id, jobID) + "/stream" + encodeQuery(
		url.Values{},
		"attempt", optionalNumber(query.Attempt),
		"tail", optionalNumber(query.Tail),
	)
	answer, err := c.http.open(ctx, httpCall{method: http.MethodGet, path: path, header: header})
	if err != nil {
		return position, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNoContent {
		// The log has ended, and nothing is left.
		return position, errLogEnded
	}
	events := sse.NewReader(answer.Body)
	for {
		event, err := events.Next()
		if errors.Is(err, io.EOF) || err != nil && ctx.Err() == nil {
			return position, nil
		}
		if err != nil {
			return position, err
		}
		switch event.Name {
		case "end":
			return position, errLogEnded
		case "log":
			var chunk LogChunk
			if err := json.Unmarshal([]byte(event.Data), &chunk); err != nil {
				message := fmt.Sprintf("an event of the log cannot be read: %v", err)
				return position, &Error{Status: http.StatusOK, Code: "not_json", Message: message}
			}
			if event.ID != "" {
				position = event.ID
			}
			if !yield(chunk, nil) {
				return position, errNoReader
			}
		}
	}
}

func logsPath(id, jobID string) string {
	return "/api/workflows/" + url.PathEscape(id) + "/jobs/" + url.PathEscape(jobID) + "/logs"
}

func positionOf(chunk *LogChunk) string {
	if chunk == nil {
		return ""
	}
	return chunk.position()
}

func optionalNumber(number *int) string {
	if number == nil {
		return ""
	}
	return strconv.Itoa(*number)
}
