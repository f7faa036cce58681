package workflowgraph

import (
	"strings"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func workflowOfProto(from *workflowgraphv1.Workflow) Workflow {
	workflow := Workflow{
		ID:        from.GetId(),
		Name:      from.GetName(),
		Trigger:   from.GetTrigger(),
		Workflow:  from.GetWorkflow(),
		RunID:     from.GetRunId(),
		State:     RunState(enumWord(from.GetState().String(), "RUN_STATE_")),
		Version:   int(from.GetVersion()),
		CreatedAt: timeOfOptional(from.CreatedAtMs),
		StartedAt: timeOfOptional(from.StartedAtMs),
		EndedAt:   timeOfOptional(from.EndedAtMs),
	}
	for _, job := range from.GetJobs() {
		workflow.Jobs = append(workflow.Jobs, jobStateOfProto(job))
	}
	return workflow
}

func jobStateOfProto(from *workflowgraphv1.Job) JobState {
	return JobState{
		ID:             from.GetId(),
		Name:           from.GetName(),
		Status:         JobStatus(enumWord(from.GetStatus().String(), "JOB_STATUS_")),
		Command:        from.GetCommand(),
		DurationSecs:   float64(from.GetDurationSecs()),
		DurationMs:     int64(from.GetDurationMs()),
		StartedAt:      timeOfOptional(from.StartedAt),
		EndedAt:        timeOfOptional(from.EndedAt),
		DependsOn:      from.GetDependsOn(),
		Output:         from.GetOutput(),
		RequiredLabels: from.GetRequiredLabels(),
		MaxRetries:     int(from.GetMaxRetries()),
		Attempt:        int(from.GetAttempt()),
		Metadata:       from.GetMetadata().AsMap(),
		If:             from.GetIf(),
		TimeoutSecs:    optionalCount(from.TimeoutSecs),
		Priority:       int(from.GetPriority()),
		Outputs:        from.GetOutputs(),
		WorkerID:       from.GetWorkerId(),
		DelayedUntil:   timeOfOptional(from.DelayedUntilMs),

		LogMissingBytes: optionalCount(from.LogMissingBytes),
		ExitCode:        from.ExitCode,
	}
}

func eventOfProto(from *workflowgraphv1.Event) Event {
	event := Event{
		Number:   from.GetNumber(),
		At:       timeOfMillis(from.GetAtMs()),
		Type:     from.GetType(),
		RunID:    from.GetRunId(),
		JobID:    from.GetJobId(),
		DataJSON: from.GetDataJson(),
	}
	if from.Attempt != nil {
		attempt := int(from.GetAttempt())
		event.Attempt = &attempt
	}
	return event
}

// enumWord is the word that the JSON paths use; empty for the value that says nothing.
func enumWord(name, prefix string) string {
	word := strings.ToLower(strings.TrimPrefix(name, prefix))
	if word == "unspecified" {
		return ""
	}
	return word
}

func timeOfOptional(ms *int64) Time {
	if ms == nil || *ms == 0 {
		return Time{}
	}
	return timeOfMillis(*ms)
}

func optionalCount(from *uint64) *int64 {
	if from == nil {
		return nil
	}
	count := int64(*from)
	return &count
}
