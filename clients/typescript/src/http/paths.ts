/** Paths of the API, with escaped ids. */
export function workflowPath(id: string): string {
  return `/api/workflows/${encodeURIComponent(id)}`;
}

export function jobPath(id: string, jobId: string): string {
  return `${workflowPath(id)}/jobs/${encodeURIComponent(jobId)}`;
}

/** A job by the path of its own run. */
export function runJobPath(run: string, jobId: string): string {
  return `/api/runs/${encodeURIComponent(run)}/jobs/${encodeURIComponent(jobId)}`;
}

export function schedulePath(workflow: string, schedule: string): string {
  return `${workflowPath(workflow)}/schedules/${encodeURIComponent(schedule)}`;
}

export function drainPath(workerId: string): string {
  return `/api/workers/${encodeURIComponent(workerId)}/drain`;
}

export function variablePath(name: string): string {
  return `/api/variables/${encodeURIComponent(name)}`;
}

/** The query of a path; empty without parameters that have a value. */
export function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
