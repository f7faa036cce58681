import { setTimeout as sleep } from 'node:timers/promises';
import { type AdapterEvent, matches } from './adapter.js';
import { callClient } from './call-client.js';
import { ownCertificate } from './certificate.js';
import { expectations } from './expectations.js';
import { leaseTtlSecs } from './pace.js';
import { runningTime } from './running-time.js';
import type { Step } from './scenario.js';
import { jobFault } from './server-api.js';
import type { Stage } from './stage.js';
import { patienceMs, until } from './until.js';

/** Executes one line of a script: an action, a wait or a check. */
export async function playStep(stage: Stage, step: Step): Promise<void> {
  const withinMs = step.within_ms ?? patienceMs;
  const { adapter, api, proxy, server } = stage;

  if (step.start !== undefined) {
    const worker = step.start;
    startWorker(stage, worker, step);
    await untilStarted(stage, worker, withinMs);
  } else if (step.start_soon !== undefined) {
    startWorker(stage, step.start_soon, step);
  } else if (step.until_started !== undefined) {
    await untilStarted(stage, step.until_started, withinMs);
  } else if (step.start_refused !== undefined) {
    startWorker(stage, step.start_refused, step);
    await untilStopped(stage, step.start_refused, step, withinMs);
  } else if (step.run !== undefined) {
    stage.runs.set(step.run, await api.run(stage.workflow, step.inputs ?? {}));
  } else if (step.cancel !== undefined) {
    await api.cancel(stage.run(step.cancel));
  } else if (step.call !== undefined) {
    await callClient(stage, step.call, withinMs);
  } else if (step.drain !== undefined) {
    adapter.send({ do: 'drain', worker: step.drain });
    await adapter.obeyed();
  } else if (step.server_drain !== undefined) {
    await api.drain(step.server_drain, step.stop ?? false);
  } else if (step.server_undrain !== undefined) {
    await api.undrain(step.server_undrain);
  } else if (step.terminate !== undefined) {
    adapter.send({ do: 'terminate', worker: step.terminate });
    await adapter.obeyed();
  } else if (step.until_stopped !== undefined) {
    await untilStopped(stage, step.until_stopped, step, withinMs);
  } else if (step.until_event !== undefined) {
    const pattern = step.until_event;
    const times = step.at_least ?? 1;
    const isThere = () => adapter.events.filter((event) => matches(pattern, event)).length >= times;
    await adapter.until(`${JSON.stringify(pattern)} is reported ${times} times`, isThere, withinMs);
  } else if (step.until_run !== undefined) {
    await untilRunEnds(stage, step.until_run, step.state ?? 'success', withinMs);
  } else if (step.until_job !== undefined) {
    const expected = step.until_job;
    let fault: string | null = null;
    await until(
      `job ${expected.job} is as expected`,
      async () => {
        fault = jobFault(await api.job(stage.run(expected.run), expected.job), expected);
        return fault === null;
      },
      { withinMs, seen: () => fault ?? '' },
    );
  } else if (step.until_log !== undefined) {
    const expected = step.until_log;
    let text = '';
    await until(
      `the log of ${expected.job} has ${expected.has}`,
      async () => {
        text = (await api.log(stage.run(expected.run), expected.job)).map(({ data }) => data).join('');
        return text.includes(expected.has ?? '');
      },
      { withinMs, seen: () => JSON.stringify(text.slice(-200)) },
    );
  } else if (step.until_struck !== undefined) {
    const times = step.until_struck;
    await until(`${times} faults strike`, () => proxy.struck >= times, {
      withinMs,
      seen: () => String(proxy.struck),
    });
  } else if (step.until_seen !== undefined) {
    const operation = step.until_seen;
    await until(`${operation} comes`, () => proxy.seen(operation) >= (step.at_least ?? 1), {
      withinMs,
      seen: () => String(proxy.seen(operation)),
    });
  } else if (step.until_connections !== undefined) {
    const count = step.until_connections;
    await until(`there are ${count} connections`, () => proxy.connections >= count, {
      withinMs,
      seen: () => String(proxy.connections),
    });
  } else if (step.release !== undefined) {
    stage.release(step.release);
  } else if (step.network !== undefined) {
    await proxy.change(step.network);
  } else if (step.fault !== undefined) {
    proxy.add(step.fault);
  } else if (step.cut_connections === true) {
    proxy.cutAll();
  } else if (step.lose_connections === true) {
    proxy.loseAll();
  } else if (step.restart_server !== undefined) {
    await server.stop(step.restart_server);
    await sleep(step.down_ms ?? 0);
    await server.start();
  } else if (step.stop_server !== undefined) {
    await server.stop(step.stop_server);
  } else if (step.start_server === true) {
    await server.start();
  } else if (step.revoke !== undefined) {
    await server.revokeToken(step.revoke);
  } else if (step.sleep_ms !== undefined) {
    await sleep(step.sleep_ms);
  } else if (step.mark !== undefined) {
    stage.marks.set(step.mark, runningTime());
  } else {
    const judge = expectations.find(({ field }) => step[field] !== undefined);
    if (judge === undefined) throw new Error(`unknown step: ${JSON.stringify(step)}`);
    await judge.check(stage, step);
  }
}

function startWorker(stage: Stage, worker: string, step: Step): void {
  const { executor } = stage.scenario;
  const { token, trusts_server, ...options } = step.options ?? {};
  const secret = typeof token === 'string' ? (stage.tokens.get(token) ?? token) : null;
  const { transport } = stage.settings;
  stage.adapter.send({
    do: 'start',
    worker,
    options: {
      server_url: stage.proxy.url,
      transport,
      executor,
      token: secret,
      lease_ttl_secs: leaseTtlSecs(),
      ...(trusts_server === true ? { ca_file: ownCertificate().authorityFile } : {}),
      ...options,
    },
  });
}

async function untilStarted(stage: Stage, worker: string, withinMs: number): Promise<void> {
  const isEither = ({ event, worker: of }: AdapterEvent) => of === worker && /^(started|stopped)$/.test(event);
  const { event, error } = await stage.adapter.until(`worker ${worker} starts`, isEither, withinMs);
  if (event === 'stopped') throw new Error(`worker ${worker} did not start: ${error}`);
}

async function untilStopped(stage: Stage, worker: string, step: Step, withinMs: number): Promise<void> {
  const isEnd = (event: AdapterEvent) => event.event === 'stopped' && event.worker === worker;
  const { error } = await stage.adapter.until(`worker ${worker} stops`, isEnd, withinMs);
  if (step.error_matches === undefined) {
    if (error != null) throw new Error(`worker ${worker} stopped with an error: ${error}`);
  } else if (!new RegExp(step.error_matches, 'i').test(String(error))) {
    throw new Error(
      `worker ${worker} stopped with ${JSON.stringify(error)}, which does not match ${step.error_matches}`,
    );
  }
}

async function untilRunEnds(stage: Stage, name: string, state: string, withinMs: number): Promise<void> {
  let seen = '';
  const ended = await until(
    `run ${name} ends`,
    async () => {
      const run = await stage.api.status(stage.run(name)).catch((error: Error) => {
        seen = error.message;
        return null;
      });
      if (run === null) return null;
      const open = run.jobs.filter(({ status }) => status === 'queued' || status === 'running');
      seen = `${run.state}; ${open.length} open: ${open.slice(0, 5).map(({ id, status, attempt }) => `${id} ${status} ${attempt}`)}`;
      return open.length === 0 && run.state !== 'running' && run.state !== 'queued' ? run : null;
    },
    { withinMs, seen: () => seen },
  );
  if (ended.state !== state) {
    const jobs = ended.jobs.slice(0, 10).map(({ id, status, output }) => `${id}: ${status} ${output ?? ''}`);
    throw new Error(`run ${name} ended as ${ended.state}, not ${state} (${jobs.join(', ')})`);
  }
}
