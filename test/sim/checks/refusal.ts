import type { LeaseRefusal } from '../../../src/domain/errors.js';
import type { LeaseCall } from '../calls.js';
import type { Lease, Report } from '../model/lease.js';
import type { Simulation } from '../simulation.js';

/** Reports that come so soon after the cancel of their run were on their way when it was stored, or nearly so. */
const raceMs = 250;

export interface Refusal {
  readonly call: LeaseCall;
  /** Null for one that the caller does not hold. */
  readonly lease: Lease | null;
  readonly report: Report | null;
  readonly receivedAtMs: number;
  readonly reason: LeaseRefusal;
}

/** Every 409 is justified by what is committed, or by the clock. */
export function checkRefusal(simulation: Simulation, refusal: Refusal): void {
  const { call, lease, reason } = refusal;
  const endedAtMs = lease?.attempt.endedAtMs ?? 0;
  const isByTimeAlone = lease?.attempt.outcome === null || endedAtMs >= refusal.receivedAtMs;
  if (reason === 'lease_expired' && isByTimeAlone)
    simulation.world.count(`${call} after the lease, before anyone ended it`);
  const stop = lease?.attempt.stop ?? null;
  if (reason === 'cancelled' && refusal.report !== null && stop !== null) {
    if (refusal.receivedAtMs - stop.atMs < raceMs) simulation.world.count('report that a cancel was just ahead of');
    if (lease?.attempt.outcome === null) {
      simulation.world.violated('the report of a cancelled job says that it has stopped', lease.id);
    }
  }
  // A job that has timed out cannot be given back, but its end can still be reported.
  const isOnlyRelease = call === 'release' && refusal.receivedAtMs < (lease?.sureUntilMs ?? 0);
  if (reason === 'lease_expired' && lease !== null && !isOnlyRelease) lease.toldOverAtMs ??= refusal.receivedAtMs;
  const why = unjustified(refusal);
  if (why === null) return;
  simulation.world.violated(
    'every 409 is justified',
    `${call} under ${lease?.id} was refused as ${reason}, but ${why} (outcome ${lease?.attempt.outcome})`,
  );
}

function unjustified({ call, lease, report, receivedAtMs, reason }: Refusal): string | null {
  if (lease === null) return reason === 'unknown_lease' ? null : 'the caller does not hold it';
  const { attempt } = lease;
  const { outcome } = attempt;
  switch (reason) {
    case 'unknown_lease':
      return outcome === 'released' ? null : 'it was granted and not given back';
    case 'completed': {
      if (outcome === 'timed_out' && lease.reports.size > 0) {
        return report !== null && lease.reports.size === 1 ? 'this is the report that was taken' : null;
      }
      if (outcome !== 'success' && outcome !== 'failure') return 'nobody ended it';
      if (report === null) return null;
      const isTaken =
        outcome === report.kind &&
        (outcome === 'success' ? isOnlySuccess(lease, report) : attempt.error === report.error);
      return isTaken ? 'this is the report that was taken' : null;
    }
    case 'cancelled':
      if (outcome !== 'cancelled' && attempt.stop?.reason !== 'cancelled') return 'it is not cancelled';
      return (call === 'logs' || call === 'heartbeat') && receivedAtMs < lease.sureUntilMs
        ? 'it still takes logs'
        : null;
    case 'superseded':
      if (outcome !== 'lease_expired' && outcome !== 'timed_out') return 'it was not lost';
      return attempt.job.attempt > attempt.number ? null : 'there is no newer attempt';
    case 'lease_expired': {
      if (receivedAtMs >= lease.sureUntilMs || outcome === 'lease_expired' || outcome === 'timed_out') return null;
      if (attempt.stop?.reason === 'timed_out' && receivedAtMs >= attempt.stop.sureByMs) return null;
      const hasTimedOut = lease.timeoutAtMs !== null && receivedAtMs >= lease.timeoutAtMs.sure;
      return hasTimedOut && call === 'release' ? null : 'its time was not over';
    }
  }
}

/** Which of several reports of success was taken cannot be seen in what is stored. */
function isOnlySuccess(lease: Lease, report: Report): boolean {
  return [...lease.reports.values()].every((one) => one === report || one.kind !== 'success');
}
