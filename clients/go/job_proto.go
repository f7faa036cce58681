package workflowgraph

import workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"

// claimOfProto reads a pushed job as one that was claimed.
func claimOfProto(from *workflowgraphv1.Claim) (*claim, error) {
	data, err := documentedJSON(from)
	if err != nil {
		return nil, malformedClaim(err)
	}
	return readClaim(data)
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
