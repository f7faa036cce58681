import { WorkflowGraphError } from '../errors.js';
import * as forms from '../gen/workflowgraph/v1/json-forms.js';
import type * as pb from '../gen/workflowgraph/v1/types.js';
import { readPresentClaim } from '../wire/claim.js';
import type { Claim, Workflow } from '../wire.js';
import { documentedJson } from './documented-json.js';

/** Reads a pushed job. Throws a WorkflowGraphError if its job or lease is absent. */
export function toClaim(claim: pb.Claim): Claim {
  if (claim.job === undefined || claim.lease === undefined) {
    throw new WorkflowGraphError({
      status: 200,
      code: 'malformed_claim',
      message: 'a pushed job lacks its job or lease',
    });
  }
  return readPresentClaim(documentedJson(claim, forms.Claim));
}

export function toWorkflow(workflow: pb.Workflow): Workflow {
  return documentedJson(workflow, forms.Workflow) as Workflow;
}
