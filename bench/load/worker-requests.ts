import { requestText } from './http-connection.js';

export function claimRequest(
  workerId: string,
  options: { labels?: readonly string[]; waitSecs?: number } = {},
): string {
  const { labels = [], waitSecs } = options;
  return requestText(
    'POST',
    '/api/jobs/claim',
    JSON.stringify({ worker_id: workerId, labels, lease_ttl_secs: 60, wait_secs: waitSecs }),
  );
}

export function completeRequest(leaseId: string): string {
  return requestText('POST', `/api/jobs/${leaseId}/complete`, '{"outputs":{}}');
}

export function heartbeatRequest(leaseId: string): string {
  return requestText('POST', `/api/jobs/${leaseId}/heartbeat`, null);
}

export function runRequest(workflowId: string): string {
  return requestText('POST', `/api/workflows/${workflowId}/run`, null);
}

/** The lease id in the response to a claim; null if there was no job. */
export function leaseIdOf(body: string): string | null {
  return body === 'null' ? null : textField(body, '"lease_id":"');
}

/** The run that a claimed job belongs to. */
export function runIdOfClaim(body: string): string | null {
  return textField(body, '"workflow_id":"');
}

export function runIdOfRun(body: string): string | null {
  return textField(body, '"run_id":"');
}

/**
 * A text field without escapes, cut out of the response: parsing it would cost the generator more than everything else.
 */
function textField(body: string, start: string): string | null {
  const at = body.indexOf(start);
  if (at < 0) return null;
  const from = at + start.length;
  return body.slice(from, body.indexOf('"', from));
}
