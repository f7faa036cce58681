// Package sse reads server-sent events.
package sse

import (
	"bufio"
	"io"
	"strings"
)

// Event is one event of a text/event-stream.
type Event struct {
	Name string
	Data string
	// ID is for Last-Event-ID; empty when the event has none.
	ID string
}

// Reader reads events as they come.
type Reader struct{ lines *bufio.Reader }

// NewReader reads from a stream.
func NewReader(stream io.Reader) *Reader { return &Reader{bufio.NewReaderSize(stream, 64*1024)} }

// Next returns the next event, or io.EOF. An event truncated by the end of the stream is dropped, as the format
// requires.
func (r *Reader) Next() (Event, error) {
	event := Event{Name: "message"}
	var data []string
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return Event{}, err
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			if data == nil {
				event = Event{Name: "message"}
				continue
			}
			event.Data = strings.Join(data, "\n")
			return event, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			event.Name = value
		case "data":
			data = append(data, value)
		case "id":
			event.ID = value
		}
	}
}
