"""A client that openapi-python-client makes of the API description (`generated`, beside this file) creates a workflow, runs
it, claims its job and cancels it."""

import sys

from generated import Client
from generated.api.job_service import claim_job
from generated.api.workflow_service import (
    cancel_workflow,
    create_workflow,
    get_workflow_status,
    list_workflows,
    run_workflow,
)
from generated.models import (
    BackoffFixed,
    CancelWorkflowBody,
    ClaimJobBody,
    RunWorkflowBody,
    WorkflowForm,
    WorkflowFormJob,
)

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
retries = {"max_retries": 1, "backoff": {"Fixed": {"delay_secs": 5}}}
job = WorkflowFormJob.from_dict({"id": "build", "command": "true", "retry_policy": retries})
definition = WorkflowForm(name="from Python", jobs=[job])
request_id = "3d0b9f0e-8f5e-4f0c-8f0a-9d7d5f4a1c22"
made = create_workflow.sync(client=client, body=definition, request_id=request_id)
again = create_workflow.sync(client=client, body=definition, request_id=request_id)
assert made.id == again.id, (made, again)
run = run_workflow.sync(made.id, client=client, body=RunWorkflowBody()).run_id
claim = claim_job.sync(client=client, body=ClaimJobBody(worker_id="python", labels=[]))
assert claim.job.job_id == "build" and claim.job.delayed_until_ms == 0, claim
assert isinstance(claim.job.retry_policy.backoff, BackoffFixed), claim.job.retry_policy
cancel_workflow.sync(run, client=client, body=CancelWorkflowBody(force=True))
assert get_workflow_status.sync(run, client=client).jobs[0].status == "cancelled"
assert any(workflow.id == made.id for workflow in list_workflows.sync(client=client))
print("the client of openapi-python-client reads every answer")
