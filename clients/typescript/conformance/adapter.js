// The conformance adapter of the TypeScript client: commands on stdin, events on stdout, as test/conformance/ADAPTER.md
// has it. It uses the built package.
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PermanentError, RetryableError, shellExecutor, textLogger, Worker } from '@workflow-graph/client';
import { callClient } from './calls.js';

const workers = new Map();

const lookEveryMs = 20;

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() !== '') take(JSON.parse(line));
}
// The driver is gone, so nothing has to be finished.
process.exit(0);

function take(command) {
  switch (command.do) {
    case 'hello':
      tell({
        event: 'hello',
        client: 'typescript',
        transports: ['stream', 'http'],
        executors: ['function', 'shell'],
      });
      break;
    case 'start':
      start(command.worker, command.options ?? {});
      break;
    case 'drain':
      void workers.get(command.worker)?.stop();
      break;
    case 'terminate':
      void workers.get(command.worker)?.terminate();
      break;
    case 'call':
      void callClient(command).then(tell);
  }
}

function start(name, options) {
  let isStarted = false;
  const say = textLogger(process.stderr);
  const graceMs = options.grace_ms ?? 10_000;
  const worker = new Worker({
    serverUrl: options.server_url ?? process.env.SERVER_URL,
    workerId: name,
    labels: options.labels ?? [],
    slots: options.slots ?? 1,
    executor: executorOf(name, options.executor, graceMs, options.pass_env ?? []),
    onlyLabelled: options.only_labelled ?? false,
    graceMs,
    ...given('transport', options.transport),
    ...given('leaseTtlSecs', options.lease_ttl_secs),
    ...given('token', options.token),
    ...(options.ca_file ? { ca: readFileSync(options.ca_file, 'utf8') } : {}),
    ...given('drainTimeoutMs', options.drain_timeout_ms),
    ...given('heartbeatIntervalMs', options.heartbeat_interval_ms),
    ...given('logBatchMs', options.log_batch_interval_ms),
    logger: (event) => {
      say(event);
      if (event.type === 'registered' && !isStarted) {
        isStarted = true;
        tell({ event: 'started', worker: name });
      }
    },
  });
  workers.set(name, worker);
  worker.run().then(
    () => tell({ event: 'stopped', worker: name, error: null }),
    (error) => tell({ event: 'stopped', worker: name, error: error.message }),
  );
}

function executorOf(worker, kind, graceMs, passEnv) {
  if (kind === 'shell') return shellExecutor({ graceMs, passEnv });
  // Does nothing and sends no events: for benchmarks.
  return kind === 'noop' ? async () => ({}) : functionExecutor(worker);
}

function functionExecutor(worker) {
  return async (job, context) => {
    const ids = { worker, job_id: job.job_id, workflow_id: job.workflow_id, attempt: context.attempt };
    tell({ event: 'job_started', ...ids });
    let how = 'failed';
    try {
      const outputs = await runSteps(JSON.parse(lastLine(job.command)).steps, { ...context, job });
      how = 'returned';
      return outputs;
    } catch (error) {
      if (error === context.signal.reason) how = 'stopped';
      throw error;
    } finally {
      tell({ event: 'job_ended', ...ids, how });
    }
  };
}

/** The server puts the variables of a matrix before the command. */
function lastLine(command) {
  return command.slice(command.lastIndexOf('\n') + 1);
}

async function runSteps(steps, context) {
  // A key may be `__proto__`.
  const outputs = Object.create(null);
  for (const step of steps) await runStep(step, context, outputs);
  return outputs;
}

async function runStep(step, { job, log, signal, attempt, upstreamOutputs, inputs }, outputs) {
  if ('log' in step) {
    await (step.stream === 'stderr' ? log.stderr(step.log) : log.stdout(step.log));
  } else if ('log_lines' in step) {
    const { count, bytes } = step.log_lines;
    for (let i = 0; i < count; i++) await log.stdout(`${`${String(i).padStart(7, '0')} `.padEnd(bytes - 1, 'x')}\n`);
  } else if ('sleep_ms' in step) {
    await sleep(step.sleep_ms, undefined, { signal }).catch((error) => {
      signal.throwIfAborted();
      throw error;
    });
  } else if ('block_ms' in step) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, step.block_ms);
  } else if ('wait_cancel' in step) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    signal.throwIfAborted();
  } else if ('until_file' in step) {
    while (!existsSync(step.until_file)) {
      await sleep(lookEveryMs);
      signal.throwIfAborted();
    }
  } else if ('ignore_cancel_ms' in step) {
    await sleep(step.ignore_cancel_ms);
  } else if ('output' in step) {
    Object.assign(outputs, step.output);
  } else if ('echo_upstream' in step) {
    outputs.upstream = JSON.stringify(sortedTwice(upstreamOutputs));
  } else if ('echo_inputs' in step) {
    outputs.inputs = JSON.stringify(sorted(inputs));
  } else if ('echo_child' in step) {
    const child = { group: job.group, index: job.index, matrix: job.matrix_json };
    for (const [name, value] of Object.entries(child)) if (value !== null) outputs[name] = String(value);
  } else if ('fail' in step) {
    throw step.fail.retryable ? new RetryableError(step.fail.message) : new PermanentError(step.fail.message);
  } else if ('fail_until_attempt' in step) {
    if (attempt < step.fail_until_attempt) throw new RetryableError(`attempt ${attempt} fails`);
  } else if ('throw' in step) {
    throw new Error(step.throw);
  } else {
    throw new PermanentError(`unknown step ${Object.keys(step)[0]}`);
  }
}

function sortedTwice(object) {
  return sorted(Object.fromEntries(Object.entries(object).map(([key, value]) => [key, sorted(value)])));
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function given(name, value) {
  return value === undefined || value === null ? {} : { [name]: value };
}

function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
