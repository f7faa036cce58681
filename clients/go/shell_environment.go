package workflowgraph

import (
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

const (
	// Larger values are omitted, because Linux accepts 128 KiB for one variable. They are in the context file.
	variableBytesMax = 64 * 1024
	// The limit for all upstream outputs and inputs together: Linux accepts about 2 MiB for a whole environment.
	derivedBytesMax = 512 * 1024
)

type attemptPlaces struct {
	// attemptID identifies the job's processes, even outside its process group.
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

// jobEnvironment is the environment of a shell job. Later entries override earlier ones: the passed variables of this
// process, the result of each need as NEEDS_<JOB>_RESULT, upstream outputs as NEEDS_<JOB>_<KEY>, inputs as INPUT_<KEY>,
// the definition's env, and the WORKFLOW_GRAPH_* names. In the derived names ASCII letters are upper case and each
// character other than an ASCII letter or digit is "_".
func jobEnvironment(job *Job, places attemptPlaces, passed []string, secrets []string) []string {
	variables := passedVariables(passed, secrets)
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

// contextJSON is the content of the file at WORKFLOW_GRAPH_CONTEXT.
func contextJSON(job *Job) []byte {
	type need struct {
		NeedResult
		Outputs Outputs `json:"outputs"`
	}
	needs := make(map[string]need, len(job.Needs))
	for id, ended := range job.Needs {
		outputs := job.UpstreamOutputs[id]
		if outputs == nil {
			outputs = Outputs{}
		}
		needs[id] = need{ended, outputs}
	}
	content := map[string]any{
		"run_id":           job.RunID,
		"workflow":         job.Workflow,
		"job_id":           job.ID,
		"attempt":          job.Attempt,
		"worker_id":        job.WorkerID,
		"inputs":           job.Inputs,
		"upstream_outputs": job.UpstreamOutputs,
		"needs":            needs,
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

// derivedVariables are in an order, so that it is always the same ones that do not fit. Of two with one name the later wins,
// so an output named "result" keeps its variable.
func derivedVariables(job *Job) []variable {
	var derived []variable
	for _, id := range sortedKeys(job.Needs) {
		derived = append(derived, variable{"NEEDS_" + variableName(id) + "_RESULT", job.Needs[id].Result})
	}
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
		switch {
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return '_'
	}, text)
}
