package workflowgraph

import (
	"encoding/json"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func workflowOfProto(from *workflowgraphv1.Workflow) (workflow Workflow, err error) {
	data, err := documentedJSON(from)
	if err == nil {
		err = json.Unmarshal(data, &workflow)
	}
	return workflow, err
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
