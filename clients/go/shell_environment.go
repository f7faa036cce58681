package workflowgraph

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const (
	// A larger value is left out: Linux takes 128 KiB for one variable. It is in the context file.
	variableBytesMax = 64 * 1024
	// So much for all upstream outputs and inputs together: Linux takes about 2 MiB for a whole environment.
	derivedBytesMax = 512 * 1024
)

// workerSecrets are what the worker keeps from its jobs.
var workerSecrets = []string{"WORKFLOW_GRAPH_TOKEN", "WORKFLOW_GRAPH_TOKEN_FILE"}

type attemptPlaces struct {
	// attemptID tells the job's processes from all others, wherever they go.
	attemptID, outputsFile, contextFile string
}

func newAttemptPlaces(directory string) attemptPlaces {
	return attemptPlaces{
		attemptID:   rand.Text(),
		outputsFile: filepath.Join(directory, "outputs"),
		contextFile: filepath.Join(directory, "context.json"),
	}
}

func (p attemptPlaces) marker() string { return "WORKFLOW_GRAPH_ATTEMPT_ID=" + p.attemptID }

// jobEnvironment is the environment of a shell job. Later entries win: this process's own environment without its
// secrets, upstream outputs as NEEDS_<JOB>_<KEY>, inputs as INPUT_<KEY>, the definition's env, and the WORKFLOW_GRAPH_*
// names. In the derived names letters are upper case and all but letters and digits are "_".
func jobEnvironment(job *Job, places attemptPlaces, secrets []string) []string {
	variables := make(map[string]string)
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if name != "" && !slices.Contains(workerSecrets, name) && !slices.Contains(secrets, value) {
			variables[name] = value
		}
	}
	bytesLeft := derivedBytesMax
	for _, derived := range derivedVariables(job) {
		bytes := len(derived.name) + len(derived.value)
		if bytes > variableBytesMax || bytes > bytesLeft || strings.ContainsRune(derived.value, 0) {
			continue
		}
		bytesLeft -= bytes
		variables[derived.name] = derived.value
	}
	for name, value := range job.Env {
		// The command sets these too, so one that no environment can hold is not lost.
		if name != "" && !strings.ContainsAny(name, "=\x00") && !strings.ContainsRune(value, 0) && len(value) <= variableBytesMax {
			variables[name] = value
		}
	}
	for name, value := range map[string]string{
		"WORKFLOW_GRAPH":            "true",
		"WORKFLOW_GRAPH_RUN_ID":     job.RunID,
		"WORKFLOW_GRAPH_WORKFLOW":   job.Workflow,
		"WORKFLOW_GRAPH_JOB_ID":     job.ID,
		"WORKFLOW_GRAPH_ATTEMPT":    strconv.Itoa(job.Attempt),
		"WORKFLOW_GRAPH_WORKER_ID":  job.WorkerID,
		"WORKFLOW_GRAPH_ATTEMPT_ID": places.attemptID,
		"WORKFLOW_GRAPH_OUTPUT":     places.outputsFile,
		"WORKFLOW_GRAPH_CONTEXT":    places.contextFile,
	} {
		variables[name] = value
	}
	environment := make([]string, 0, len(variables))
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// contextJSON is the content of the file that WORKFLOW_GRAPH_CONTEXT names.
func contextJSON(job *Job) []byte {
	content := map[string]any{
		"run_id":           job.RunID,
		"workflow":         job.Workflow,
		"job_id":           job.ID,
		"attempt":          job.Attempt,
		"worker_id":        job.WorkerID,
		"inputs":           job.Inputs,
		"upstream_outputs": job.UpstreamOutputs,
		"job":              job,
	}
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		// A job came as JSON or protobuf, both of which JSON can say.
		panic(err)
	}
	return append(data, '\n')
}

type variable struct{ name, value string }

// derivedVariables are in an order, so that it is always the same ones that do not fit.
func derivedVariables(job *Job) []variable {
	var derived []variable
	for _, id := range sortedKeys(job.UpstreamOutputs) {
		for _, key := range sortedKeys(job.UpstreamOutputs[id]) {
			name := "NEEDS_" + variableName(id) + "_" + variableName(key)
			derived = append(derived, variable{name, job.UpstreamOutputs[id][key]})
		}
	}
	for _, key := range sortedKeys(job.Inputs) {
		derived = append(derived, variable{"INPUT_" + variableName(key), job.Inputs[key]})
	}
	return derived
}

func sortedKeys[Value any](m map[string]Value) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func variableName(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(text))
}
