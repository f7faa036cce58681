package workflowgraph

import (
	"time"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func claimOfProto(from *workflowgraphv1.Claim) claim {
	job := jobOfProto(from.GetJob())
	return claim{job: job, lease: lease{
		id:        from.GetLease().GetLeaseId(),
		runID:     job.RunID,
		jobID:     job.ID,
		ttl:       time.Duration(from.GetLease().GetTtlSecs()) * time.Second,
		stopGrace: durationOfSecs(from.GetLease().GetStopGraceSecs()),
	}}
}

func jobOfProto(from *workflowgraphv1.ClaimedJob) *Job {
	job := &Job{
		ID:              from.GetJobId(),
		RunID:           from.GetWorkflowId(),
		Workflow:        from.GetWorkflow(),
		Name:            from.GetName(),
		Command:         from.GetCommand(),
		Attempt:         int(from.GetAttempt()),
		UpstreamOutputs: make(map[string]Outputs, len(from.GetUpstreamOutputs())),
		Inputs:          from.GetInputs(),
		RequiredLabels:  from.GetRequiredLabels(),
		RetryPolicy: RetryPolicy{
			MaxRetries: int(from.GetRetryPolicy().GetMaxRetries()),
			Backoff:    backoffOfProto(from.GetRetryPolicy().GetBackoff()),
		},
		Env:          from.GetEnv(),
		Priority:     int(from.GetPriority()),
		Metadata:     from.GetMetadata().AsMap(),
		EnqueuedAt:   timeOfMillis(from.GetEnqueuedAtMs()),
		DelayedUntil: timeOfOptional(&from.DelayedUntilMs),
		TimeoutSecs:  optionalCount(from.TimeoutSecs),
		Group:        from.Group,
		MatrixJSON:   from.MatrixJson,
	}
	if from.Index != nil {
		index := int(from.GetIndex())
		job.Index = &index
	}
	for id, outputs := range from.GetUpstreamOutputs() {
		job.UpstreamOutputs[id] = outputs.GetValues()
	}
	job.Needs = make(map[string]NeedResult, len(from.GetNeeds()))
	for id, need := range from.GetNeeds() {
		job.Needs[id] = NeedResult{
			Result:       enumWord(need.GetResult().String(), "JOB_STATUS_"),
			Tolerated:    need.GetTolerated(),
			Error:        need.Error,
			Attempt:      int(need.GetAttempt()),
			DurationSecs: optionalCount(need.DurationSecs),
		}
	}
	for _, step := range from.GetSteps() {
		job.Steps = append(job.Steps, Step{ID: step.GetId(), Name: step.GetName(), Run: step.GetRun(), Env: step.GetEnv()})
	}
	job.fillIn()
	return job
}

func backoffOfProto(from *workflowgraphv1.Backoff) Backoff {
	switch kind := from.GetKind().(type) {
	case *workflowgraphv1.Backoff_Fixed_:
		return Backoff{Kind: "Fixed", Delay: seconds(int64(kind.Fixed.GetDelaySecs()))}
	case *workflowgraphv1.Backoff_Exponential_:
		return Backoff{
			Kind:   "Exponential",
			Base:   seconds(int64(kind.Exponential.GetBaseSecs())),
			Max:    seconds(int64(kind.Exponential.GetMaxSecs())),
			Jitter: kind.Exponential.GetJitter(),
		}
	}
	return Backoff{Kind: "None"}
}

func chunkToProto(held lease, chunk LogChunk) *workflowgraphv1.LogChunk {
	stream := workflowgraphv1.LogStream_LOG_STREAM_STDOUT
	if chunk.Stream == StreamStderr {
		stream = workflowgraphv1.LogStream_LOG_STREAM_STDERR
	}
	return &workflowgraphv1.LogChunk{
		WorkflowId:  held.runID,
		JobId:       held.jobID,
		Sequence:    chunk.Sequence,
		Data:        chunk.Data,
		TimestampMs: chunk.Timestamp.UnixMilli(),
		Stream:      stream,
	}
}

func reportToProto(leaseID string, ended result) *workflowgraphv1.JobReport {
	report := &workflowgraphv1.JobReport{LeaseId: leaseID}
	if ended.failure != nil {
		report.Result = &workflowgraphv1.JobReport_Failure{Failure: &workflowgraphv1.Failure{
			Error:     ended.failure.Error,
			Retryable: ended.failure.Retryable,
			ExitCode:  ended.failure.ExitCode,
		}}
	} else {
		report.Result = &workflowgraphv1.JobReport_Success{Success: &workflowgraphv1.Outputs{Values: ended.outputs}}
	}
	return report
}
