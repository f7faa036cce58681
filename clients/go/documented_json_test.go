package workflowgraph

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// A claim with a value other than the default in every field.
const wholeClaim = `{"job": {
	"job_id": "test.3", "workflow_id": "r", "command": "true", "required_labels": ["gpu"],
	"retry_policy": {"max_retries": 2, "backoff": {"Exponential": {"base_secs": 2, "max_secs": 60, "jitter": true}}},
	"attempt": 1, "upstream_outputs": {"build": {"url": "x"}}, "enqueued_at_ms": 1700000000000,
	"delayed_until_ms": 1700000000001, "workflow": "ci", "name": "Test", "timeout_secs": 60, "env": {"A": "1"},
	"steps": [{"id": "s", "name": "Step", "run": "true", "env": {"B": "2"}}], "inputs": {"tag": "v1"}, "priority": -3,
	"metadata": {"team": {"size": 4, "lead": null}},
	"needs": {"build": {"result": "failure", "tolerated": true, "error": "no", "attempt": 4, "duration_secs": 7}},
	"group": "test", "index": 3, "matrix_json": "{}"
}, "lease": {
	"lease_id": "l", "job_id": "test.3", "workflow_id": "r", "worker_id": "w", "ttl_secs": 30, "granted_at_ms": 9,
	"stop_grace_secs": 1.5
}}`

func wholeClaimMessage(t *testing.T) *workflowgraphv1.Claim {
	metadata, err := structpb.NewStruct(map[string]any{"team": map[string]any{"size": 4, "lead": nil}})
	if err != nil {
		t.Fatal(err)
	}
	exponential := &workflowgraphv1.Backoff_Exponential{BaseSecs: 2, MaxSecs: 60, Jitter: proto.Bool(true)}
	return &workflowgraphv1.Claim{
		Job: &workflowgraphv1.ClaimedJob{
			JobId: "test.3", WorkflowId: "r", Command: "true", RequiredLabels: []string{"gpu"},
			RetryPolicy: &workflowgraphv1.RetryPolicy{
				MaxRetries: 2,
				Backoff:    &workflowgraphv1.Backoff{Kind: &workflowgraphv1.Backoff_Exponential_{Exponential: exponential}},
			},
			Attempt:         1,
			UpstreamOutputs: map[string]*workflowgraphv1.Outputs{"build": {Values: map[string]string{"url": "x"}}},
			EnqueuedAtMs:    1700000000000, DelayedUntilMs: 1700000000001,
			Workflow: "ci", Name: "Test", TimeoutSecs: proto.Uint64(60), Env: map[string]string{"A": "1"},
			Steps:  []*workflowgraphv1.Step{{Id: "s", Name: "Step", Run: "true", Env: map[string]string{"B": "2"}}},
			Inputs: map[string]string{"tag": "v1"}, Priority: -3, Metadata: metadata,
			Needs: map[string]*workflowgraphv1.NeedResult{"build": {
				Result: workflowgraphv1.JobStatus_JOB_STATUS_FAILURE, Tolerated: true, Error: proto.String("no"), Attempt: 4,
				DurationSecs: proto.Uint64(7),
			}},
			Group: proto.String("test"), Index: proto.Uint32(3), MatrixJson: proto.String("{}"),
		},
		Lease: &workflowgraphv1.Lease{
			LeaseId: "l", JobId: "test.3", WorkflowId: "r", WorkerId: "w", TtlSecs: 30, GrantedAtMs: 9, StopGraceSecs: 1.5,
		},
	}
}

func TestAJobIsTheSameWhetherItWasPushedOrClaimed(t *testing.T) {
	message := wholeClaimMessage(t)
	written, err := documentedJSON(message)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if json.Unmarshal(written, &got) != nil || json.Unmarshal([]byte(wholeClaim), &want) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the message is written as %s", written)
	}
	pushed, err := claimOfProto(message)
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := readClaim([]byte(wholeClaim))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(pushed, claimed) {
		t.Errorf("pushed as %+v, claimed as %+v", pushed.job, claimed.job)
	}
	if pushed.lease.stopGrace != 1500*time.Millisecond || pushed.job.Needs["build"].Result != "failure" || *pushed.job.Index != 3 {
		t.Errorf("read as %+v, %+v", pushed.lease, pushed.job)
	}
}

func TestWhatIsAbsentInAPushedJobHasTheValueForNone(t *testing.T) {
	pushed, err := claimOfProto(&workflowgraphv1.Claim{
		Job:   &workflowgraphv1.ClaimedJob{JobId: "a", WorkflowId: "r"},
		Lease: &workflowgraphv1.Lease{LeaseId: "l", TtlSecs: 30},
	})
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := readClaim([]byte(`{"job": {"job_id": "a", "workflow_id": "r"}, "lease": {"lease_id": "l", "ttl_secs": 30}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(pushed, claimed) {
		t.Errorf("pushed as %+v, claimed as %+v", pushed.job, claimed.job)
	}
	if pushed.job.RetryPolicy.Backoff.Kind != "None" || pushed.job.TimeoutSecs != nil || pushed.job.Metadata == nil || !pushed.job.DelayedUntil.IsZero() {
		t.Errorf("read as %+v", pushed.job)
	}
}

func TestABackoffIsThatOfTheDocumentedJSON(t *testing.T) {
	for want, backoff := range map[string]*workflowgraphv1.Backoff{
		`"None"`: {Kind: &workflowgraphv1.Backoff_None_{None: &workflowgraphv1.Backoff_None{}}},
		`{"Fixed":{"delay_secs":5}}`: {
			Kind: &workflowgraphv1.Backoff_Fixed_{Fixed: &workflowgraphv1.Backoff_Fixed{DelaySecs: 5}},
		},
		`{"Exponential":{"base_secs":2,"max_secs":0}}`: {
			Kind: &workflowgraphv1.Backoff_Exponential_{Exponential: &workflowgraphv1.Backoff_Exponential{BaseSecs: 2}},
		},
		`null`: {},
	} {
		if got, err := documentedJSON(backoff); err != nil || string(got) != want {
			t.Errorf("%v is written as %s (%v), and not as %s", backoff, got, err, want)
		}
	}
}

func TestAWatchedWorkflowIsReadAsThatOfAStatus(t *testing.T) {
	state := workflowgraphv1.RunState_RUN_STATE_RUNNING
	workflow, err := workflowOfProto(&workflowgraphv1.Workflow{
		Id: "ci", RunId: proto.String("r"), State: &state, StartedAtMs: proto.Int64(5), Version: 2,
		Jobs: []*workflowgraphv1.Job{{
			Id: "a", Status: workflowgraphv1.JobStatus_JOB_STATUS_SKIPPED, If: proto.String("false"), ExitCode: proto.Uint32(0),
			DurationMs: proto.Uint64(1500), Outputs: map[string]string{"k": "v"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	job := workflow.Job("a")
	if workflow.State != RunRunning || workflow.RunID != "r" || workflow.StartedAt.UnixMilli() != 5 || !workflow.EndedAt.IsZero() {
		t.Errorf("read as %+v", workflow)
	}
	if job.Status != JobSkipped || job.If != "false" || *job.ExitCode != 0 || job.DurationMs != 1500 || job.Outputs["k"] != "v" {
		t.Errorf("its job is read as %+v", job)
	}
	if before, err := workflowOfProto(&workflowgraphv1.Workflow{Id: "ci"}); err != nil || before.State != "" || before.RunID != "" {
		t.Errorf("a workflow before its first run is read as %+v (%v)", before, err)
	}
}

func TestAPushedJobThatCannotBeReadIsMalformed(t *testing.T) {
	for _, claim := range []*workflowgraphv1.Claim{{}, {Lease: wholeClaimMessage(t).Lease}} {
		if read, err := claimOfProto(claim); err == nil || read != nil {
			t.Errorf("%v was read as %+v", claim, read)
		}
	}
}
