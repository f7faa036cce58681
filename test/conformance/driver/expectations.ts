import { matches } from './adapter.js';
import { runningTime } from './running-time.js';
import type { LogExpectation, Step } from './scenario.js';
import { jobFault } from './server-api.js';
import type { LogChunk } from './server-state.js';
import type { Stage } from './stage.js';
import { scaled } from './time-factor.js';
import { until } from './until.js';

interface Expectation {
  readonly field: keyof Step;
  readonly check: (stage: Stage, step: Step) => Promise<void> | void;
}

/** The inputs of the checks: the server's state, and the adapter's events. */
export const expectations: readonly Expectation[] = [
  { field: 'expect_job', check: checkJob },
  { field: 'expect_log', check: checkLog },
  { field: 'expect_attempts', check: checkAttempts },
  { field: 'expect_events', check: checkEvents },
  { field: 'expect_order', check: checkOrder },
  { field: 'expect_most_at_once', check: checkMostAtOnce },
  { field: 'expect_all', check: checkAll },
  { field: 'expect_worker', check: checkWorker },
  { field: 'expect_no_worker', check: checkNoWorker },
  { field: 'expect_created', check: checkCreated },
  { field: 'expect_seen', check: checkSeen },
  { field: 'expect_within_ms', check: checkTime },
];

async function checkJob(stage: Stage, { expect_job: expected }: Step): Promise<void> {
  if (expected === undefined) return;
  const fault = jobFault(await stage.api.job(stage.run(expected.run), expected.job), expected);
  if (fault !== null) throw new Error(fault);
}

async function checkLog(stage: Stage, { expect_log: expected }: Step): Promise<void> {
  if (expected === undefined) return;
  const chunks = await stage.api.log(stage.run(expected.run), expected.job, expected.attempt);
  const wanted = chunks.filter(({ stream }) => expected.stream === undefined || stream === expected.stream);
  const fault = logFault(wanted, expected);
  if (fault !== null) throw new Error(`log of ${expected.job}: ${fault}`);
}

function logFault(chunks: readonly LogChunk[], { text, has, lacks, lines, base64 }: LogExpectation): string | null {
  const whole = chunks.map(({ data }) => data).join('');
  const expected = base64 === undefined ? text : Buffer.from(base64, 'base64').toString();
  if (expected !== undefined && whole !== expected) {
    return `is ${JSON.stringify(whole.slice(0, 300))}, not ${JSON.stringify(expected.slice(0, 300))}`;
  }
  if (has !== undefined && !whole.includes(has))
    return `lacks ${JSON.stringify(has)}: ${JSON.stringify(whole.slice(-300))}`;
  if (lacks !== undefined && whole.includes(lacks)) return `has ${JSON.stringify(lacks)}`;
  if (lines === undefined) return null;
  const { count, bytes } = lines;
  if (whole.length !== count * bytes) return `has ${whole.length} bytes, not ${count * bytes}`;
  for (let i = 0; i < count; i++) {
    const line = whole.slice(i * bytes, (i + 1) * bytes);
    if (!line.startsWith(`${String(i).padStart(7, '0')} `) || !line.endsWith('x\n')) {
      return `line ${i} is ${JSON.stringify(line.slice(0, 40))}`;
    }
  }
  return null;
}

async function checkAttempts(stage: Stage, { expect_attempts: expected }: Step): Promise<void> {
  if (expected === undefined) return;
  const ended = (await stage.api.attempts(stage.run(), expected.job)).map(({ outcome }) => outcome);
  const { outcomes, first = ended[0], last = ended.at(-1) } = expected;
  const isAsExpected =
    ended[0] === first &&
    ended.at(-1) === last &&
    (outcomes === undefined || JSON.stringify(ended) === JSON.stringify(outcomes));
  if (!isAsExpected) {
    throw new Error(`attempts of ${expected.job} ended ${JSON.stringify(ended)}, not as ${JSON.stringify(expected)}`);
  }
}

function checkEvents(stage: Stage, { expect_events: expected }: Step): void {
  if (expected === undefined) return;
  const { count, ...pattern } = expected;
  const found = stage.adapter.events.filter((event) => matches(pattern, event)).length;
  if (found !== count) throw new Error(`${JSON.stringify(pattern)} was reported ${found} times, not ${count}`);
}

function checkOrder(stage: Stage, { expect_order: expected }: Step): void {
  const started = stage.adapter.events.filter(({ event }) => event === 'job_started').map(({ job_id }) => job_id);
  if (JSON.stringify(started) !== JSON.stringify(expected)) {
    throw new Error(`jobs started as ${JSON.stringify(started)}, not ${JSON.stringify(expected)}`);
  }
}

function checkMostAtOnce(stage: Stage, { expect_most_at_once: expected }: Step): void {
  let running = 0;
  let most = 0;
  for (const { event } of stage.adapter.events) {
    if (event === 'job_started') running += 1;
    else if (event === 'job_ended') running -= 1;
    most = Math.max(most, running);
  }
  if (most !== expected) throw new Error(`${most} jobs ran at once, not ${expected}`);
}

async function checkAll(stage: Stage, { expect_all: expected }: Step): Promise<void> {
  if (expected === undefined) return;
  const { jobs } = await stage.api.status(stage.run());
  const wrong = jobs.filter(
    ({ status, attempt }) =>
      status !== expected.status || (expected.attempt !== undefined && attempt !== expected.attempt),
  );
  if (jobs.length !== expected.count) throw new Error(`there are ${jobs.length} jobs, not ${expected.count}`);
  if (wrong.length > 0) {
    const [first] = wrong;
    throw new Error(`${wrong.length} jobs differ: ${first?.id} is ${first?.status}, attempt ${first?.attempt}`);
  }
}

/** A worker may report that it runs a moment before the server knows of it. */
async function checkWorker(stage: Stage, { expect_worker: expected }: Step): Promise<void> {
  if (expected === undefined) return;
  let fault = '';
  await until(
    `worker ${expected.worker} is as expected`,
    async () => {
      const found = (await stage.api.workers()).find(({ worker_id }) => worker_id === expected.worker);
      fault = found === undefined ? 'the server does not know the worker' : (workerFault(found, expected) ?? '');
      return fault === '';
    },
    { seen: () => fault },
  );
}

async function checkNoWorker(stage: Stage, { expect_no_worker: name }: Step): Promise<void> {
  const isThere = (await stage.api.workers()).some(({ worker_id }) => worker_id === name);
  if (isThere) throw new Error(`the server knows ${name}`);
}

async function checkCreated(stage: Stage, { expect_created: expected }: Step): Promise<void> {
  const listed = (await stage.api.workflows()).filter(({ name }) => name === stage.createdName);
  if (listed.length !== expected) throw new Error(`${listed.length} workflows are listed, not ${expected}`);
}

function checkSeen({ proxy }: Stage, { expect_seen: expected }: Step): void {
  if (expected === undefined) return;
  const times = proxy.seen(expected.operation);
  if (times > expected.at_most) throw new Error(`${expected.operation} came ${times} times, not ${expected.at_most}`);
}

function workerFault(
  { labels, status }: { readonly labels: readonly string[]; readonly status: string },
  expected: NonNullable<Step['expect_worker']>,
): string | null {
  const has = JSON.stringify([...labels].sort());
  if (expected.labels !== undefined && has !== JSON.stringify([...expected.labels].sort()))
    return `its labels are ${has}`;
  return expected.status === undefined || status === expected.status ? null : `it is ${status}`;
}

function checkTime(stage: Stage, { expect_within_ms: expected, since = '' }: Step): void {
  const begun = stage.marks.get(since);
  if (begun === undefined || expected === undefined) throw new Error(`no mark ${since}`);
  const took = runningTime() - begun;
  const boundMs = scaled(expected);
  if (took > boundMs) throw new Error(`it took ${took.toFixed(0)} ms, not ${boundMs}`);
}
