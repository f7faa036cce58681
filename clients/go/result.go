package workflowgraph

import (
	"strings"

	"workflowgraph.dev/client/internal/text"
)

// errorCharactersMax is the maximum length of an error text.
const errorCharactersMax = 4096

// result is how an attempt ended: a failure, or outputs.
type result struct {
	outputs Outputs
	failure *failure
}

type failure struct {
	Error     string `json:"error"`
	Retryable bool   `json:"retryable"`
	// ExitCode is nil when no command failed.
	ExitCode *uint32 `json:"exit_code,omitempty"`
}

func success(outputs Outputs) result {
	valid := make(Outputs, len(outputs))
	for key, value := range outputs {
		valid[strings.ToValidUTF8(key, "\uFFFD")] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return result{outputs: valid}
}

func failed(message string, retryable bool) result {
	message = strings.ToValidUTF8(message, "\uFFFD")
	return result{failure: &failure{Error: text.Head(message, errorCharactersMax), Retryable: retryable}}
}

// failedWith is how an executor's error ends the attempt.
func failedWith(err error) result {
	ended := failed(err.Error(), !isPermanent(err))
	ended.failure.ExitCode = exitCodeOf(err)
	return ended
}

func (r result) outcome() string {
	if r.failure != nil {
		return outcomeFailure
	}
	return outcomeSuccess
}
