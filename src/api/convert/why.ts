import type { JobReason_Need } from '../../../gen/workflowgraph/v1/why_pb.js';
import {
  type ExplainJobResponse,
  type JobAttempt,
  type JobReason,
  JobReasonCode,
  AttemptOutcome as WireAttemptOutcome,
} from '../../../gen/workflowgraph/v1/why_pb.js';
import type { AttemptOutcome } from '../../domain/lease.js';
import { jobStatus } from '../../domain/states.js';
import type { AttemptFact } from '../../domain/why-facts.js';
import type { NeedState, WhyReason } from '../../domain/why-reason.js';
import type { JobExplanation } from '../../engine/views/explain-job.js';
import { toWireChildren } from './children.js';
import { toWireRunAtGate } from './gates.js';
import { toInt64, toOptionalInt64 } from './numbers.js';
import { wirePauseKinds } from './pauses.js';
import { toWireJobStatus } from './states.js';

const codes: Readonly<Record<WhyReason['code'], JobReasonCode>> = {
  needs_open: JobReasonCode.NEEDS_OPEN,
  being_decided: JobReasonCode.BEING_DECIDED,
  delayed: JobReasonCode.DELAYED,
  no_matching_worker: JobReasonCode.NO_MATCHING_WORKER,
  waits_for_worker: JobReasonCode.WAITS_FOR_WORKER,
  running: JobReasonCode.RUNNING,
  succeeded: JobReasonCode.SUCCEEDED,
  failed: JobReasonCode.FAILED,
  expression_failed: JobReasonCode.EXPRESSION_FAILED,
  queue_timed_out: JobReasonCode.QUEUE_TIMED_OUT,
  tolerated: JobReasonCode.TOLERATED,
  retried: JobReasonCode.RETRIED,
  condition_false: JobReasonCode.CONDITION_FALSE,
  needs_unsuccessful: JobReasonCode.NEEDS_UNSUCCESSFUL,
  cancelled: JobReasonCode.CANCELLED,
  needs_stopping: JobReasonCode.NEEDS_STOPPING,
  rerun: JobReasonCode.RERUN,
  held_by_group: JobReasonCode.HELD_BY_GROUP,
  held_by_max_parallel: JobReasonCode.HELD_BY_MAX_PARALLEL,
  paused: JobReasonCode.PAUSED,
  superseded: JobReasonCode.SUPERSEDED,
  children_open: JobReasonCode.CHILDREN_OPEN,
  children_ended: JobReasonCode.CHILDREN_ENDED,
};

const outcomes: Readonly<Record<AttemptOutcome, WireAttemptOutcome>> = {
  success: WireAttemptOutcome.SUCCESS,
  failure: WireAttemptOutcome.FAILURE,
  lease_expired: WireAttemptOutcome.LEASE_EXPIRED,
  timed_out: WireAttemptOutcome.TIMED_OUT,
  cancelled: WireAttemptOutcome.CANCELLED,
};

export function toWireReasonCode(code: WhyReason['code']): JobReasonCode {
  return codes[code];
}

export function toWireExplanation(explanation: JobExplanation): ExplainJobResponse {
  return {
    $typeName: 'workflowgraph.v1.ExplainJobResponse',
    runId: explanation.runId,
    workflow: explanation.workflowId,
    jobId: explanation.jobKey,
    status: toWireJobStatus(explanation.status),
    atMs: toInt64(explanation.atMs),
    reasons: explanation.reasons.map(
      ({ reason, sentence }): JobReason => ({
        $typeName: 'workflowgraph.v1.JobReason',
        code: codes[reason.code],
        message: sentence,
        detail: toWireDetail(reason),
      }),
    ),
    attempts: explanation.attempts.map(toWireAttempt),
  };
}

function toWireDetail(reason: WhyReason): JobReason['detail'] {
  switch (reason.code) {
    case 'needs_open':
      return {
        case: 'needsOpen',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.NeedsOpen',
          needs: reason.needs.map(toWireNeed),
          open: reason.open,
          total: reason.total,
        },
      };
    case 'being_decided':
    case 'tolerated':
      return { case: undefined };
    case 'held_by_group':
      return {
        case: 'heldByGroup',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.HeldByGroup',
          group: reason.group,
          max: reason.max,
          inUse: reason.inUse,
          sinceMs: toInt64(reason.sinceMs),
          before: reason.before,
          holders: reason.holders.map(toWireRunAtGate),
          ofJobs: reason.ofJobs,
        },
      };
    case 'paused':
      return {
        case: 'paused',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Paused',
          kind: wirePauseKinds[reason.kind],
          subject: reason.subject,
          reason: reason.reason,
          pausedAtMs: toInt64(reason.sinceMs),
          ...(reason.by === null ? {} : { pausedBy: reason.by }),
        },
      };
    case 'held_by_max_parallel':
      return {
        case: 'heldByMaxParallel',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.HeldByMaxParallel',
          jobId: reason.jobKey,
          max: reason.max,
          inUse: reason.inUse,
          sinceMs: toInt64(reason.sinceMs),
          before: reason.before,
        },
      };
    case 'children_open':
    case 'children_ended':
      return { case: 'children', value: toWireChildren(reason) };
    case 'superseded':
      return {
        case: 'superseded',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Superseded',
          atMs: toInt64(reason.atMs),
          byRunId: reason.byRunId,
        },
      };
    case 'queue_timed_out':
      return {
        case: 'queueTimedOut',
        value: { $typeName: 'workflowgraph.v1.JobReason.QueueTimedOut', error: reason.error },
      };
    case 'expression_failed':
      return {
        case: 'expressionFailed',
        value: { $typeName: 'workflowgraph.v1.JobReason.ExpressionFailed', error: reason.error },
      };
    case 'delayed':
      return {
        case: 'delayed',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Delayed',
          untilMs: toInt64(reason.untilMs),
          attempt: reason.attempt,
          error: reason.error ?? undefined,
        },
      };
    case 'no_matching_worker':
      return {
        case: 'noMatchingWorker',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.NoMatchingWorker',
          requiredLabels: [...reason.requiredLabels],
          unknownLabels: [...reason.unknownLabels],
          liveWorkers: reason.liveWorkers,
          nearest: reason.nearest.map(({ workerId, missing }) => ({
            $typeName: 'workflowgraph.v1.JobReason.NearWorker',
            workerId,
            missingLabels: [...missing],
          })),
          offline: reason.offline.map(({ workerId, seenAtMs }) => ({
            $typeName: 'workflowgraph.v1.JobReason.OfflineWorker',
            workerId,
            lastHeartbeatMs: toInt64(seenAtMs),
          })),
          onlyLabelledWorkers: reason.onlyLabelledWorkers,
          draining: reason.draining.map(({ workerId, sinceMs, by, reason: why }) => ({
            $typeName: 'workflowgraph.v1.JobReason.DrainingWorker',
            workerId,
            sinceMs: toInt64(sinceMs),
            reason: why,
            ...(by === null ? {} : { by }),
          })),
        },
      };
    case 'waits_for_worker':
      return {
        case: 'waitsForWorker',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.WaitsForWorker',
          enqueuedAtMs: toInt64(reason.enqueuedAtMs),
          matchingWorkers: reason.matchingWorkers,
          freeWorkers: reason.freeWorkers,
          ahead: reason.ahead,
          moreAhead: reason.aheadIsBound,
        },
      };
    case 'running':
      return {
        case: 'running',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Running',
          attempt: reason.attempt,
          workerId: reason.workerId,
          sinceMs: toInt64(reason.sinceMs),
          leaseLeftSecs: reason.leaseLeftMs / 1000,
          timeoutLeftSecs: reason.timeoutLeftMs === null ? undefined : reason.timeoutLeftMs / 1000,
          stopLeftSecs: reason.stopLeftMs === null ? undefined : reason.stopLeftMs / 1000,
        },
      };
    case 'succeeded':
      return {
        case: 'succeeded',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Succeeded',
          attempt: reason.attempt,
          workerId: reason.workerId,
          durationSecs: reason.durationMs / 1000,
        },
      };
    case 'failed':
      return {
        case: 'failed',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Failed',
          attempt: reason.attempt,
          workerId: reason.workerId,
          outcome: outcomes[reason.outcome],
          error: reason.error ?? undefined,
          retriesLeft: reason.retriesLeft,
        },
      };
    case 'retried':
      return {
        case: 'retried',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Retried',
          retries: reason.retries,
          maxRetries: reason.maxRetries,
          last: toWireAttempt(reason.last),
        },
      };
    case 'condition_false':
      return {
        case: 'conditionFalse',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.ConditionFalse',
          condition: reason.condition,
          values: reason.values.map(({ text, value }) => ({
            $typeName: 'workflowgraph.v1.JobReason.ConditionValue',
            text,
            valueJson: JSON.stringify(value),
          })),
          needs: reason.needs.map(toWireNeed),
        },
      };
    case 'needs_stopping':
      return {
        case: 'needsStopping',
        value: { $typeName: 'workflowgraph.v1.JobReason.NeedsStopping', needs: reason.needs.map(toWireNeed) },
      };
    case 'needs_unsuccessful':
      return {
        case: 'needsUnsuccessful',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.NeedsUnsuccessful',
          needs: reason.needs.map(toWireNeed),
          count: reason.count,
          origins: reason.origins.map(toWireNeed),
        },
      };
    case 'cancelled':
      return {
        case: 'cancelled',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Cancelled',
          atMs: toInt64(reason.atMs),
          by: reason.by ?? undefined,
          runTimedOut: reason.isRunTimeout,
          stoppedAttempt: reason.stopped?.attempt,
          stoppedWorkerId: reason.stopped?.workerId,
          stopLeftSecs: reason.stopped?.leftMs == null ? undefined : reason.stopped.leftMs / 1000,
        },
      };
    case 'rerun':
      return {
        case: 'rerun',
        value: {
          $typeName: 'workflowgraph.v1.JobReason.Rerun',
          generation: reason.generation,
          atMs: toInt64(reason.atMs),
          by: reason.by ?? undefined,
        },
      };
  }
}

function toWireNeed({ jobKey, state }: NeedState): JobReason_Need {
  return {
    $typeName: 'workflowgraph.v1.JobReason.Need',
    jobId: jobKey,
    status: toWireJobStatus(jobStatus(state)),
  };
}

export function toWireAttempt(attempt: AttemptFact): JobAttempt {
  return {
    $typeName: 'workflowgraph.v1.JobAttempt',
    attempt: attempt.number,
    workerId: attempt.workerId,
    startedAtMs: toInt64(attempt.claimedAtMs),
    endedAtMs: toOptionalInt64(attempt.endedAtMs),
    outcome: attempt.outcome === null ? undefined : outcomes[attempt.outcome],
    error: attempt.error ?? undefined,
    logMissingBytes: toOptionalInt64(attempt.logMissingBytes),
    logBytes: toInt64(attempt.logBytes),
    exitCode: attempt.exitCode ?? undefined,
  };
}
