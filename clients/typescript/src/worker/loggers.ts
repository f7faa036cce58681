import { isUntrustedCertificate } from '../untrusted-certificate.js';
import type { AttemptIds, WorkerEvent, WorkerLogger } from './events.js';

/** The output of a logger: `process.stdout`, `process.stderr`, or similar. */
export interface LineSink {
  write(text: string): unknown;
}

/** One readable line for each event. */
export function textLogger(sink: LineSink): WorkerLogger {
  return (event) => sink.write(`${new Date().toISOString()} ${describeEvent(event)}\n`);
}

/** One JSON object on a line for each event, with its `time`. */
export function jsonLogger(sink: LineSink): WorkerLogger {
  return (event) => sink.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
}

/** The readable text of an event. */
export function describeEvent(event: WorkerEvent): string {
  switch (event.type) {
    case 'registered': {
      const labels = event.labels.length === 0 ? 'no labels' : `labels ${event.labels.join(', ')}`;
      return `worker ${event.workerId} registered with ${event.serverUrl} (${labels}, ${plural(event.slots, 'slot')})`;
    }
    case 'job-started':
      return `${attemptName(event)} started`;
    case 'job-ended': {
      const after = `after ${(event.durationMs / 1000).toFixed(1)} s`;
      if (event.outcome === 'success') return `${attemptName(event)} succeeded ${after}`;
      if (event.outcome === 'cancelled') return `${attemptName(event)} was cancelled ${after}`;
      if (event.outcome === 'timed_out')
        return `${attemptName(event)} ${event.error ?? 'timed out'}, and ended ${after}`;
      const verb = { failure: 'failed', lost: 'lost its lease' }[event.outcome];
      return `${attemptName(event)} ${verb} ${after}${event.error ? `: ${firstLine(event.error)}` : ''}`;
    }
    case 'report-refused':
      return `${attemptName(event)}: the server refused the report (${event.reason ?? event.status}): ${event.message}`;
    case 'report-given-up':
      return `${attemptName(event)}: the result could not be reported for ${seconds(event.afterMs)}, given up`;
    case 'logs-dropped':
      return `${attemptName(event)}: ${event.bytes} bytes of its log were dropped: ${event.message}`;
    case 'stopped-too-late':
      return `${attemptName(event)}: it did not stop within the server's grace`;
    case 'executor-left-behind':
      return `${attemptName(event)}: its executor did not end within ${seconds(event.graceMs)} of the abort and was left behind`;
    case 'server-away':
      return isUntrustedCertificate(event.code)
        ? `the certificate of ${event.serverUrl} is not trusted (${event.code}), retrying; name its authority with --ca-file, or the option "ca"`
        : `server ${event.serverUrl} is away (${event.code}), retrying`;
    case 'server-back':
      return `server ${event.serverUrl} is back after ${seconds(event.awayMs)}`;
    case 'draining':
      return event.running === 0
        ? 'stopping: no job is running'
        : `stopping: ${plural(event.running, 'job')} may finish within ${seconds(event.timeoutMs)}`;
    case 'stopped':
      return 'worker stopped';
    case 'warning':
      return event.message;
  }
}

function attemptName(ids: AttemptIds): string {
  const retry = ids.attempt === 0 ? '' : ` (attempt ${ids.attempt})`;
  return `${ids.workflow === '' ? '' : `${ids.workflow}/`}${ids.jobId}${retry} of run ${ids.runId}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
