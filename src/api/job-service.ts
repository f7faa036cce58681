import type { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import type { Claim } from '../../gen/workflowgraph/v1/types_pb.js';
import type { ClaimJobs, Engine, Patience } from '../engine/engine.js';
import { requireLabelsWithin } from './authenticate.js';
import { toWireClaim } from './convert/claim.js';
import { fromWireLogChunk } from './convert/log-chunk.js';
import { fromWireMap } from './convert/maps.js';
import { fromInt64, toInt64 } from './convert/numbers.js';
import { toWireStopReason } from './convert/states.js';
import { ApiError } from './errors.js';
import type { Call, ServiceHandlers } from './procedure.js';
import { reportJob } from './report-job.js';
import { streamHeartbeats } from './stream-heartbeats.js';
import { workJobs } from './work-jobs.js';

/** Longest wait of a long poll, in seconds; longer ones are cut. */
const waitSecsMax = 60;

/** The fields of a claim, in each message that can claim. */
interface ClaimFields {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  readonly leaseTtlSecs?: bigint | undefined;
  readonly waitSecs?: number | undefined;
  readonly requestId?: string | undefined;
}

/** `JobService` over the engine. */
export function jobService(engine: Engine): ServiceHandlers<typeof JobService> {
  return {
    claimJob: async (request, call) => {
      const claims = await claim(engine, request, 1, call);
      return { $typeName: 'workflowgraph.v1.ClaimJobResponse', claim: claims[0] };
    },

    claimJobs: async (request, call) => {
      const claims = await claim(engine, request, request.maxJobs, call);
      return { $typeName: 'workflowgraph.v1.ClaimJobsResponse', claims };
    },

    heartbeatLease: async ({ leaseId }, { caller }) => {
      const { ttlSecs, stop, drain } = await engine.heartbeatLease(caller, leaseId);
      return {
        $typeName: 'workflowgraph.v1.HeartbeatLeaseResponse',
        ttlSecs: toInt64(ttlSecs),
        cancelled: stop !== null,
        stopReason: stop === null ? undefined : toWireStopReason(stop.reason),
        stopWithinSecs: stop === null ? undefined : stop.withinMs / 1000,
        drain: drain !== null,
        drainStop: drain?.stop ?? false,
      };
    },

    pushLogs: async ({ leaseId, chunks }, { caller }) => {
      const newChunks = chunks.map((chunk, i) => fromWireLogChunk(`chunks[${i}]`, chunk));
      const stored = await engine.pushLogs(caller, leaseId, newChunks);
      return { $typeName: 'workflowgraph.v1.PushLogsResponse', stored };
    },

    completeJob: async ({ leaseId, outputs }, { caller }) => {
      await engine.completeJob(caller, leaseId, fromWireMap(outputs));
      return { $typeName: 'workflowgraph.v1.CompleteJobResponse' };
    },

    completeJobs: async ({ reports, claim: wanted }, call) => {
      // Labels are checked before the reports are taken.
      if (wanted !== undefined) requireLabelsWithin(call.principal, wanted.labels);
      // Submitted together, so that the engine can take them in one transaction.
      const results = await Promise.all(reports.map((report) => reportJob(engine, report, call)));
      const claims = wanted === undefined ? [] : await claim(engine, wanted, wanted.maxJobs, call);
      return { $typeName: 'workflowgraph.v1.CompleteJobsResponse', results, claims };
    },

    failJob: async ({ leaseId, error, retryable, exitCode }, { caller }) => {
      await engine.failJob(caller, leaseId, { error, retryable, exitCode: exitCode ?? null });
      return { $typeName: 'workflowgraph.v1.FailJobResponse' };
    },

    releaseJob: async ({ leaseId }, { caller }) => {
      await engine.releaseJob(caller, leaseId);
      return { $typeName: 'workflowgraph.v1.ReleaseJobResponse' };
    },

    getJobCancelled: async ({ workflowId, jobId }) => {
      const reason = await engine.stopReasonOfJob(workflowId, jobId);
      return {
        $typeName: 'workflowgraph.v1.GetJobCancelledResponse',
        cancelled: reason !== null,
        reason: reason === null ? undefined : toWireStopReason(reason),
      };
    },

    workJobs: (requests, call) => workJobs(engine, requests, call),

    streamHeartbeats: (requests, call) => streamHeartbeats(engine, requests, call),
  };
}

async function claim(engine: Engine, asked: ClaimFields, maxJobs: number, call: Call): Promise<Claim[]> {
  requireLabelsWithin(call.principal, asked.labels);
  const waitMs = Math.min(asked.waitSecs ?? 0, waitSecsMax) * 1000;
  const input: ClaimJobs = {
    caller: call.caller,
    workerId: asked.workerId,
    labels: asked.labels,
    onlyLabelled: asked.onlyLabelled || call.principal.onlyLabelled,
    leaseTtlSecs: asked.leaseTtlSecs === undefined ? null : fromInt64('lease_ttl_secs', asked.leaseTtlSecs),
    waitMs,
    requestId: asked.requestId ?? null,
    maxJobs,
  };
  const claimed = await engine.claimJobs(input, waitMs > 0 ? patienceOf(call) : null);
  if (waitMs > 0) {
    try {
      if (claimed.length > 0 && call.context.isGone()) throw new ApiError('unavailable', 'the caller has disconnected');
      await call.recheck();
    } catch (error) {
      // The claimant disconnected, or lost its token, while it waited: its jobs are released now, and not when their
      // leases expire.
      await Promise.all(claimed.map(({ leaseId }) => engine.releaseJob(call.caller, leaseId)));
      throw error;
    }
  }
  return claimed.map(toWireClaim);
}

/** A claim waits until its sender has disconnected or is no longer authorized, or until the server stops. */
function patienceOf({ context, onDoubt }: Call): Patience {
  return (giveUp) => {
    const { signal } = context;
    const stopAsking = onDoubt(giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    return () => {
      stopAsking();
      signal.removeEventListener('abort', giveUp);
    };
  };
}
