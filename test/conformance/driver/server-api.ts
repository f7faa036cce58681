import type { Job, JobExpectation, LogChunk, Workflow } from './server-state.js';

interface ListedWorker {
  readonly worker_id: string;
  readonly labels: readonly string[];
  readonly status: string;
  readonly drain: object | null;
}

/** The driver's own calls to the server, bypassing the proxy. */
export class ServerApi {
  readonly #url: () => string;
  readonly #token: () => string | null;

  constructor(url: () => string, token: () => string | null) {
    this.#url = url;
    this.#token = token;
  }

  async define(definition: object): Promise<string> {
    return ((await this.#call('POST', '/api/workflows', definition)) as Workflow).id;
  }

  async run(workflow: string, inputs: Readonly<Record<string, string>>): Promise<string> {
    return ((await this.#call('POST', `/api/workflows/${workflow}/run`, { inputs })) as { run_id: string }).run_id;
  }

  async cancel(run: string): Promise<void> {
    await this.#call('POST', `/api/workflows/${run}/cancel`);
  }

  async drain(worker: string, stop: boolean): Promise<void> {
    await this.#call('POST', `/api/workers/${worker}/drain`, { stop });
  }

  async undrain(worker: string): Promise<void> {
    await this.#call('DELETE', `/api/workers/${worker}/drain`);
  }

  async status(run: string): Promise<Workflow> {
    return (await this.#call('GET', `/api/workflows/${run}/status`)) as Workflow;
  }

  /** All jobs, page by page. */
  async workflows(): Promise<readonly Workflow[]> {
    const all: Workflow[] = [];
    for (;;) {
      const page = (await this.#call('GET', `/api/workflows?limit=1000&offset=${all.length}`)) as readonly Workflow[];
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  async job(run: string, key: string): Promise<Job> {
    const listed = (await this.status(run)).jobs.find(({ id }) => id === key);
    // Children of a matrix are not listed with the jobs.
    const found = listed ?? (await this.#childOf(run, key));
    if (found === undefined) throw new Error(`job ${key} does not exist`);
    return found;
  }

  async #childOf(run: string, key: string): Promise<Job | undefined> {
    const group = key.slice(0, Math.max(0, key.lastIndexOf('.')));
    if (group === '') return undefined;
    const query = new URLSearchParams({ children: group, limit: '1000' });
    const { jobs } = (await this.#call('GET', `/api/workflows/${run}/status?${query}`)) as { jobs: readonly Job[] };
    return jobs.find(({ id }) => id === key);
  }

  /** All chunks, page by page. */
  async log(run: string, key: string, attempt?: number): Promise<readonly LogChunk[]> {
    const chunks: LogChunk[] = [];
    for (let after = ''; ; ) {
      const query = new URLSearchParams({ limit: '1000', ...(after === '' ? {} : { after }) });
      if (attempt !== undefined) query.set('attempt', String(attempt));
      const path = `/api/workflows/${run}/jobs/${encodeURIComponent(key)}/logs?${query}`;
      const page = (await this.#call('GET', path)) as readonly LogChunk[];
      chunks.push(...page);
      const last = page.at(-1);
      if (page.length < 1000 || last === undefined) return chunks;
      after = `${last.attempt}.${last.sequence}.${systemStreams[last.system_line ?? 0] ?? last.stream}`;
    }
  }

  async attempts(run: string, key: string): Promise<readonly { attempt: number; outcome: string | null }[]> {
    const path = `/api/workflows/${run}/jobs/${encodeURIComponent(key)}/why`;
    const why = (await this.#call('GET', path)) as { attempts: { attempt: number; outcome: string | null }[] };
    return why.attempts;
  }

  async workers(): Promise<readonly ListedWorker[]> {
    return (await this.#call('GET', '/api/workers')) as readonly ListedWorker[];
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const token = this.#token();
    const response = await fetch(this.#url() + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}

/** Lines written by the server have separate stream names. */
const systemStreams: Readonly<Record<number, string>> = { 1: 'system-first', 2: 'system-stop', 3: 'system-end' };

/** The differences between a job and the expectation; null if none. */
export function jobFault(job: Job, expected: JobExpectation): string | null {
  const faults: string[] = [];
  const compare = (what: string, is: unknown, should: unknown) => {
    if (should !== undefined && JSON.stringify(is) !== JSON.stringify(should)) {
      faults.push(`${what} is ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
    }
  };
  compare('status', job.status, expected.status);
  compare('attempt', job.attempt, expected.attempt);
  compare('error', job.output, expected.error);
  compare('worker', job.worker_id, expected.worker);
  if (expected.outputs !== undefined) compare('outputs', sorted(job.outputs), sorted(expected.outputs));
  for (const [key, bytes] of Object.entries(expected.output_bytes ?? {})) {
    compare(`bytes of output ${key}`, Buffer.byteLength(job.outputs[key] ?? ''), bytes);
  }
  if (expected.error_has !== undefined && !job.output?.includes(expected.error_has)) {
    faults.push(`error is ${JSON.stringify(job.output)}, without ${JSON.stringify(expected.error_has)}`);
  }
  return faults.length === 0 ? null : `job ${expected.job}: ${faults.join('; ')}`;
}

function sorted(object: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
