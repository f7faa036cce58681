import { atPace } from './pace.js';
import { playStep } from './play-step.js';
import type { Scenario } from './scenario.js';
import { Stage, type StageSettings } from './stage.js';
import { scaled } from './time-factor.js';

/** On the reference machine. The waits of a scenario have their own bounds; this one ends an endless loop. */
const withinMsDefault = 300_000;

/** The result of a scenario. */
export interface Outcome {
  readonly result: 'passed' | 'failed';
  readonly ms: number;
  /** The reason of the failure, with the output of the processes. */
  readonly report: string;
}

/** Plays one scenario with one client on one transport, on its own stage. */
export async function play(written: Scenario, settings: StageSettings): Promise<Outcome> {
  const begun = performance.now();
  const scenario = atPace(written);
  const stage = new Stage(scenario, settings);
  let line = 'before the first step';
  const timeUp = Promise.withResolvers<never>();
  const withinMs = scaled(Math.max(scenario.within_ms ?? 0, withinMsDefault));
  let timer: NodeJS.Timeout | undefined;
  try {
    await stage.set();
    timer = setTimeout(() => timeUp.reject(new Error(`not done within ${withinMs / 1000} s`)), withinMs);
    for (const step of scenario.script) {
      line = JSON.stringify(step);
      await Promise.race([playStep(stage, step), timeUp.promise]);
    }
    line = 'at the end';
    await checkTransport(stage);
    const { endedByItself } = await stage.adapter.end();
    if (!endedByItself) throw new Error('the adapter did not exit with 0 after its stdin closed');
    return { result: 'passed', ms: performance.now() - begun, report: '' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const report = `${message}\n  at ${line}\n${whatWasSaid(stage)}`;
    return { result: 'failed', ms: performance.now() - begun, report };
  } finally {
    clearTimeout(timer);
    await stage.clear();
  }
}

/** The worker must have used the configured transport. */
async function checkTransport(stage: Stage): Promise<void> {
  const { proxy, scenario, settings } = stage;
  if (scenario.tls === true) return checkEncryptedTransport(stage);
  // A refused worker opens none.
  if (!scenario.script.some(({ start, start_soon }) => start !== undefined || start_soon !== undefined)) return;
  const wanted = scenario.falls_back === true ? 'http' : settings.transport;
  if (wanted === 'stream' && proxy.seen('session') === 0) throw new Error('no job stream was opened');
  if (wanted === 'stream' && proxy.seen('claim') > 0) throw new Error('jobs were claimed in addition to the stream');
  if (settings.transport === 'http' && proxy.seen('session') > 0)
    throw new Error('a job stream was opened over plain HTTP');
}

/** The proxy cannot see into TLS, so the driver asks the server while the worker still waits for more. */
async function checkEncryptedTransport({ server, scenario, settings }: Stage): Promise<void> {
  if (!scenario.script.some(({ start }) => start !== undefined)) return;
  const sessions = await server.metric('streams_open{method="workflowgraph.v1.JobService/WorkJobs"}');
  if (settings.transport === 'stream' && sessions === 0) throw new Error('no job stream is open');
  if (settings.transport === 'http' && sessions > 0) throw new Error('a job stream is open over plain HTTP');
}

function whatWasSaid(stage: Stage): string {
  let events = '';
  let stderr = '';
  try {
    events = stage.adapter.events
      .slice(-12)
      .map((event) => `    ${JSON.stringify(event)}\n`)
      .join('');
    stderr = stage.adapter.stderr.trimEnd().split('\n').slice(-15).join('\n    ');
  } catch {
    // It was not started.
  }
  const log = stage.server.log.trimEnd().split('\n').slice(-6).join('\n    ').slice(0, 3_000);
  return `  events:\n${events}  adapter's stderr:\n    ${stderr}\n  server's log:\n    ${log}\n`;
}
