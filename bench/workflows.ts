/** A job in the API's form of a definition. */
export interface BenchJob {
  readonly id: string;
  readonly command: string;
  readonly depends_on: readonly string[];
  readonly required_labels: readonly string[];
}

export function job(id: string, needs: readonly string[] = [], labels: readonly string[] = []): BenchJob {
  return { id, command: 'true', depends_on: needs, required_labels: labels };
}

export function independentJobs(count: number, labelsOf: (at: number) => readonly string[] = () => []): BenchJob[] {
  return Array.from({ length: count }, (_, at) => job(`j${at}`, [], labelsOf(at)));
}

export function chain(length: number): BenchJob[] {
  return Array.from({ length }, (_, at) => job(`j${at}`, at === 0 ? [] : [`j${at - 1}`]));
}

/** One job, then `width` parallel jobs, then one that needs them all. */
export function diamond(width: number): BenchJob[] {
  const middle = Array.from({ length: width }, (_, at) => job(`m${at}`, ['first']));
  return [
    job('first'),
    ...middle,
    job(
      'last',
      middle.map(({ id }) => id),
    ),
  ];
}

/** Pairs: half of the jobs have no needs, and each of the others needs one of those. Every out-degree is 1. */
export function pairs(count: number, label: string): BenchJob[] {
  const half = count / 2;
  return Array.from({ length: count }, (_, at) => job(`j${at}`, at < half ? [] : [`j${at - half}`], [label]));
}

/** Layers of a hundred jobs; each job needs two jobs of the layer before. */
export function layers(count: number, label: string): BenchJob[] {
  const width = 100;
  return Array.from({ length: count }, (_, at) => {
    if (at < width) return job(`j${at}`, [], [label]);
    const above = at - width;
    const beside = above % width === width - 1 ? above - width + 1 : above + 1;
    return job(`j${at}`, [`j${above}`, `j${beside}`], [label]);
  });
}

/** Stores a definition and returns its id. Errors: the server refuses it. */
export function createWorkflow(url: string, jobs: readonly BenchJob[]): Promise<string> {
  return create(url, { name: 'bench', trigger: 'api', jobs });
}

/** The same for the jobs of a workflow file. */
export function createWorkflowOfFile(url: string, jobs: Readonly<Record<string, object>>): Promise<string> {
  return create(url, { name: 'bench', jobs });
}

async function create(url: string, definition: object): Promise<string> {
  const answer = await fetch(`${url}/api/workflows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(definition),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the definition was answered ${answer.status}: ${text.slice(0, 500)}`);
  const id = /"id":"([^"]+)"/.exec(text)?.[1];
  if (id === undefined) throw new Error(`no id in ${text.slice(0, 200)}`);
  return id;
}

/** Starts a run. Errors: the server refuses it. */
export async function startRun(url: string, workflowId: string): Promise<void> {
  const answer = await fetch(`${url}/api/workflows/${workflowId}/run`, { method: 'POST' });
  if (!answer.ok) throw new Error(`the run was answered ${answer.status}: ${await answer.text()}`);
}
