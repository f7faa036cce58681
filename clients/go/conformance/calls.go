package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	workflowgraph "workflowgraph.dev/client"
)

// logReadsMax bounds the reading of a log that has no end.
const logReadsMax = 1000

// clientCall is a call for the library's client.
type clientCall struct {
	ID         string          `json:"id"`
	Call       string          `json:"call"`
	Target     string          `json:"target"`
	JobID      string          `json:"job_id"`
	RequestID  string          `json:"request_id"`
	Definition json.RawMessage `json:"definition"`
}

// answer makes the call, and again when its connection broke.
func (a *adapter) answer(call clientCall) {
	told := event{"event": "answered", "id": call.ID, "answer": "", "error": nil}
	for {
		answer, err := a.make(call)
		var unreachable *workflowgraph.UnreachableError
		if errors.As(err, &unreachable) {
			time.Sleep(lookEvery)
			continue
		}
		if told["answer"] = answer; err != nil {
			told["error"] = err.Error()
		}
		a.tell(told)
		return
	}
}

func (a *adapter) make(call clientCall) (string, error) {
	if a.client == nil {
		client, err := workflowgraph.NewClient(workflowgraph.ClientConfig{ServerURL: os.Getenv("SERVER_URL")})
		if err != nil {
			return "", err
		}
		a.client = client
	}
	ctx := context.Background()
	switch call.Call {
	case "create":
		options := workflowgraph.CreateOptions{RequestID: call.RequestID}
		created, err := a.client.CreateWorkflowJSON(ctx, call.Definition, options)
		if err != nil {
			return "", err
		}
		return created.ID, nil
	case "remove":
		return "", a.client.RemoveWorkflow(ctx, call.Target)
	case "cancel":
		return a.client.Cancel(ctx, call.Target, workflowgraph.CancelOptions{RequestID: call.RequestID})
	case "read_log":
		return readLog(ctx, a.client, call.Target, call.JobID)
	}
	return "", fmt.Errorf("unknown call %q", call.Call)
}

func readLog(ctx context.Context, client *workflowgraph.Client, runID, jobID string) (string, error) {
	var text strings.Builder
	query := workflowgraph.LogQuery{Limit: 1}
	for range logReadsMax {
		chunks, err := client.Logs(ctx, runID, jobID, query)
		if err != nil || len(chunks) == 0 {
			return text.String(), err
		}
		text.WriteString(chunks[0].Data)
		query.After = &chunks[0]
	}
	return "", errors.New("the log has no end")
}
