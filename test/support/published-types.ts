/**
 * What the published Rust crates `workflow-graph-shared` and `workflow-graph-queue` 1.2.11 read from a response:
 * required fields, nullable fields, unsigned integers, maps and enums. Programs in the field are compiled against them
 * and reject a response if one field has another type. Fields that a table does not list are ignored.
 */
export interface StrictType {
  readonly name: string;
  /** The places that a program would reject, each as a sentence; empty if it can read the value. */
  check(value: unknown, path: string): string[];
  /** Whether the field may be absent. */
  readonly optional?: boolean;
}

function type(name: string, isRight: (value: unknown) => boolean): StrictType {
  const check = (value: unknown, path: string) =>
    isRight(value) ? [] : [`${path}: ${JSON.stringify(value) ?? 'nothing'} is not a ${name}`];
  return { name, check };
}

const unsigned = (max: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;

const u32 = type('u32', unsigned(2 ** 32 - 1));
const u64 = type('u64', unsigned(Number.MAX_SAFE_INTEGER));
const f64 = type('number', (value) => typeof value === 'number');
const text = type('string', (value) => typeof value === 'string');
export const bool = type('bool', (value) => typeof value === 'boolean');
const anything = type('value', (value) => value !== undefined);

/** May be null or absent. */
export function nullable(inner: StrictType): StrictType {
  return {
    name: `${inner.name} or null`,
    optional: true,
    check: (value, path) => (value === null ? [] : inner.check(value, path)),
  };
}

/** May be absent, which means the default; null is rejected. */
function defaulted(inner: StrictType): StrictType {
  return { ...inner, optional: true };
}

export function list(inner: StrictType): StrictType {
  return {
    name: `list of ${inner.name}`,
    check: (value, path) =>
      Array.isArray(value)
        ? value.flatMap((item, at) => inner.check(item, `${path}[${at}]`))
        : [`${path}: ${JSON.stringify(value)} is not a list`],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function map(inner: StrictType): StrictType {
  return {
    name: `map of ${inner.name}`,
    check: (value, path) =>
      isObject(value)
        ? Object.entries(value).flatMap(([key, item]) => inner.check(item, `${path}.${key}`))
        : [`${path}: ${JSON.stringify(value)} is not a map`],
  };
}

const oneOf = (name: string, ...words: string[]) => type(name, (value) => words.includes(value as string));

function struct(name: string, fields: Readonly<Record<string, StrictType>>): StrictType {
  const check = (value: unknown, path: string): string[] => {
    if (!isObject(value)) return [`${path}: ${JSON.stringify(value)} is not a ${name}`];
    return Object.entries(fields).flatMap(([key, field]) => {
      if (key in value) return field.check(value[key], `${path}.${key}`);
      return field.optional ? [] : [`${path}.${key} is missing`];
    });
  };
  return { name, check };
}

const backoff: StrictType = {
  name: 'BackoffStrategy',
  check(value, path) {
    if (value === 'None') return [];
    const [[name = '', inner] = [], ...more] = isObject(value) ? Object.entries(value) : [];
    const variant = new Map([
      ['Fixed', struct('Fixed', { delay_secs: u64 })],
      ['Exponential', struct('Exponential', { base_secs: u64, max_secs: u64 })],
    ]).get(name);
    return variant === undefined || more.length > 0
      ? [`${path}: ${JSON.stringify(value)} is not a backoff`]
      : variant.check(inner, `${path}.${name}`);
  },
};

const port = struct('Port', {
  id: text,
  label: text,
  direction: oneOf('PortDirection', 'input', 'output'),
  port_type: defaulted(text),
  color: nullable(text),
});

const jobStatus = oneOf('JobStatus', 'queued', 'running', 'success', 'failure', 'skipped', 'cancelled');

const job: StrictType = struct('Job', {
  id: text,
  name: text,
  status: jobStatus,
  command: text,
  duration_secs: nullable(u64),
  started_at: nullable(f64),
  depends_on: list(text),
  output: nullable(text),
  required_labels: defaulted(list(text)),
  max_retries: defaulted(u32),
  attempt: defaulted(u32),
  metadata: defaulted(map(anything)),
  // The graph component draws these; a field with one of these names must never change its meaning.
  ports: defaulted(list(port)),
  children: nullable(list({ name: 'Job', check: (value, path) => job.check(value, path) })),
  collapsed: defaulted(bool),
});

export const workflow = struct('Workflow', { id: text, name: text, trigger: text, jobs: list(job) });

export const claim = struct('ClaimResponse', {
  job: struct('QueuedJob', {
    job_id: text,
    workflow_id: text,
    command: text,
    required_labels: list(text),
    retry_policy: struct('RetryPolicy', { max_retries: u32, backoff }),
    attempt: u32,
    upstream_outputs: map(map(text)),
    enqueued_at_ms: u64,
    delayed_until_ms: defaulted(u64),
  }),
  lease: struct('Lease', {
    lease_id: text,
    job_id: text,
    workflow_id: text,
    worker_id: text,
    ttl_secs: u64,
    granted_at_ms: u64,
  }),
});

export const logChunk = struct('LogChunk', {
  workflow_id: text,
  job_id: text,
  sequence: u64,
  data: text,
  timestamp_ms: u64,
  stream: oneOf('LogStream', 'stdout', 'stderr'),
});

export const worker = struct('WorkerInfo', {
  worker_id: text,
  labels: list(text),
  registered_at_ms: u64,
  last_heartbeat_ms: u64,
  current_job: nullable(text),
  status: oneOf('WorkerStatus', 'idle', 'busy', 'offline'),
});
