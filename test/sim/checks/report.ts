import type { EndOfJob } from '../calls.js';
import { digestOf, type Lease, type Report } from '../model/lease.js';
import type { Simulation } from '../simulation.js';

const outputLine = /^::set-output ([^=]+)=(.*)$/;

/** Notes a report as it comes to a server, with what the log may say of outputs at that time. */
export function noteReport(lease: Lease, end: EndOfJob): Report {
  const digest = digestOf(end.kind, end.outputs, end.error, end.retryable, end.exitCode);
  const known = lease.reports.get(digest);
  const printed = linesOf(lease, (chunk) => chunk.isStored && chunk.texts.size === 1);
  const perhapsPrinted = linesOf(lease, () => true);
  if (known !== undefined) {
    // The same report again: whichever came first may have been taken.
    known.perhapsPrinted = new Map([...known.perhapsPrinted, ...perhapsPrinted]);
    return known;
  }
  const report: Report = { ...end, printed, perhapsPrinted, accepted: 0 };
  lease.reports.set(digest, report);
  return report;
}

function linesOf(lease: Lease, isCounted: (chunk: { texts: Set<string>; isStored: boolean }) => boolean) {
  const lines = new Map<string, string>();
  for (const [place, chunk] of lease.chunks) {
    if (!place.endsWith('/stdout') || !isCounted(chunk)) continue;
    for (const text of chunk.texts) {
      for (const line of text.split('\n')) {
        const [, key, value] = outputLine.exec(line) ?? [];
        if (key !== undefined) lines.set(key, value ?? '');
      }
    }
  }
  return lines;
}

/**
 * A report was acknowledged: it is stored, it is the only one, and its lease lived when it came.
 *
 * @param receivedAtMs null for a repeat of what was stored already
 */
export function checkAccepted(simulation: Simulation, lease: Lease, report: Report, receivedAtMs: number | null): void {
  const { world } = simulation;
  const { attempt } = lease;
  if (report.accepted++ > 0) {
    world.count('report repeated');
    return;
  }
  const other = [...lease.reports.values()].find((one) => one !== report && one.accepted > 0);
  if (other !== undefined) {
    world.violated(
      'a lease has at most one end',
      `${lease.id}: ${other.kind} ${other.error}, then ${report.kind} ${report.error}`,
    );
  }
  const isTimedOut = attempt.outcome === 'timed_out';
  const isStored =
    isTimedOut || (attempt.outcome === report.kind && (report.kind === 'success' || attempt.error === report.error));
  if (isTimedOut) world.count('report of an attempt that has timed out');
  if (!isStored) {
    world.violated(
      'what is acknowledged is stored',
      `${lease.id}: ${report.kind} ${report.error}, stored is ${attempt.outcome} ${attempt.error}`,
    );
  }
  if (receivedAtMs === null) return;
  // Where servers share the database, one that is ahead of its clock says so a little early.
  if (!simulation.isShared && lease.toldOverAtMs !== null && receivedAtMs > lease.toldOverAtMs) {
    world.violated('a lease that was told to be over stays so', lease.id);
  }
  const isRenewing = [...lease.renewing].some(({ at }) => at.isAlive);
  if (!isRenewing && receivedAtMs >= lease.perhapsUntilMs) {
    world.violated('nothing is taken after the lease', `${lease.id}: ${receivedAtMs - lease.perhapsUntilMs} ms late`);
  }
  if (lease.timeoutAtMs !== null && receivedAtMs >= lease.timeoutAtMs.perhaps && !isTimedOut) {
    world.violated(
      'what is reported after the timeout has timed out',
      `${lease.id}: ${receivedAtMs - lease.timeoutAtMs.perhaps} ms late`,
    );
  }
  if (isTimedOut && attempt.stop !== null && receivedAtMs >= attempt.stop.perhapsByMs) {
    world.violated(
      'nothing is taken after the grace',
      `${lease.id}: ${receivedAtMs - attempt.stop.perhapsByMs} ms late`,
    );
  }
}
