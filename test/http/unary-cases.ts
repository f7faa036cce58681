import type { DescMethod } from '@bufbuild/protobuf';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { PauseService } from '../../gen/workflowgraph/v1/pause_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import type { ServedWorld } from './served-world.js';

/** One call of each unary method: its request for RPC, and for the documented path. */
export interface UnaryCase {
  readonly method: DescMethod;
  readonly request: Record<string, unknown>;
  readonly http: { readonly path: string; readonly body?: unknown; readonly type?: string };
}

export const encoded = (text: string) => new TextEncoder().encode(text);
const yaml = 'name: CI\njobs: { build: { run: make } }\n';

export const nowhere: ServedWorld = {
  run: '',
  lease: '',
  expired: '',
  cancelled: '',
  created: '',
  labelSet: 0,
  backfill: '',
  next: { audit: '', gates: '', runs: '', history: '', schedules: '', summaries: '', variables: '', versions: '' },
};

export function unaryCases(world: ServedWorld): UnaryCase[] {
  const { run, lease, next } = world;
  const job = JobService.method;
  const worker = WorkerService.method;
  const workflow = WorkflowService.method;
  const audit = AuditService.method;
  const definition = DefinitionService.method;
  const claim = { worker_id: 'w1', labels: ['linux'], lease_ttl_secs: 60 };
  const wireClaim = { workerId: 'w1', labels: ['linux'], leaseTtlSecs: 60n };
  const chunk = { workflow_id: run, job_id: 'build', sequence: 7, data: 'hi\n', timestamp_ms: 1_700_000_000_123 };
  return [
    { method: job.claimJob, request: wireClaim, http: { path: '/api/jobs/claim', body: claim } },
    {
      method: job.claimJob,
      request: { ...wireClaim, labels: ['none'], onlyLabelled: true },
      http: { path: '/api/jobs/claim', body: { ...claim, labels: ['none'], only_labelled: true } },
    },
    {
      method: job.claimJobs,
      request: { ...wireClaim, maxJobs: 2 },
      http: { path: '/api/jobs/claim-many', body: { ...claim, max_jobs: 2 } },
    },
    {
      method: audit.listAuditEvents,
      request: { limit: 2, action: 'run.started', subject: '', pageToken: next.audit },
      http: { path: `/api/audit?limit=2&action=run.started&subject=&page_token=${next.audit}` },
    },
    {
      method: GateService.method.listGates,
      request: { prefix: 'dep', limit: 1, pageToken: next.gates },
      http: { path: `/api/gates?prefix=dep&limit=1&page_token=${next.gates}` },
    },
    { method: job.heartbeatLease, request: { leaseId: lease }, http: { path: `/api/jobs/${lease}/heartbeat` } },
    {
      method: job.pushLogs,
      request: {
        leaseId: lease,
        chunks: [
          { workflowId: run, jobId: 'build', sequence: 7n, data: 'hi\n', timestampMs: 1_700_000_000_123n, stream: 2 },
          { workflowId: run, jobId: 'build', sequence: 7n, data: 'hi\n', timestampMs: 1_700_000_000_123n },
        ],
      },
      http: { path: `/api/jobs/${lease}/logs`, body: { chunks: [{ ...chunk, stream: 'stderr' }, chunk] } },
    },
    {
      method: job.completeJob,
      request: { leaseId: lease, outputs: { version: '1.2.3', ['__proto__']: 'kept' } },
      http: {
        path: `/api/jobs/${lease}/complete`,
        body: JSON.parse('{"outputs":{"version":"1.2.3","__proto__":"kept"}}'),
      },
    },
    {
      method: job.completeJobs,
      request: {
        reports: [
          { leaseId: lease, result: { case: 'success', value: { values: { a: '1' } } } },
          { leaseId: world.expired, result: { case: 'failure', value: { error: 'no', retryable: true } } },
        ],
        claim: { ...wireClaim, maxJobs: 1 },
      },
      http: {
        path: '/api/jobs/complete-many',
        body: {
          reports: [
            { lease_id: lease, success: { a: '1' } },
            { lease_id: world.expired, failure: { error: 'no', retryable: true } },
          ],
          claim: { ...claim, max_jobs: 1 },
        },
      },
    },
    {
      method: job.failJob,
      request: { leaseId: lease, error: 'exit 1', retryable: true },
      http: { path: `/api/jobs/${lease}/fail`, body: { error: 'exit 1', retryable: true } },
    },
    { method: job.releaseJob, request: { leaseId: lease }, http: { path: `/api/jobs/${lease}/release` } },
    {
      method: job.getJobCancelled,
      request: { workflowId: world.cancelled, jobId: 'stopped' },
      http: { path: `/api/jobs/${world.cancelled}/stopped/cancelled` },
    },
    {
      method: worker.registerWorker,
      request: { workerId: 'w1', labels: ['a'], slots: 2, version: 'x 1' },
      http: { path: '/api/workers/register', body: { worker_id: 'w1', labels: ['a'], slots: 2, version: 'x 1' } },
    },
    { method: worker.heartbeatWorker, request: { workerId: 'w1' }, http: { path: '/api/workers/w1/heartbeat' } },
    { method: worker.listWorkers, request: { limit: 5 }, http: { path: '/api/workers?limit=5' } },
    { method: worker.getWorker, request: { workerId: 'w1' }, http: { path: '/api/workers/w1' } },
    {
      method: worker.drainWorker,
      request: { workerId: 'w1', stop: true, reason: 'new disk' },
      http: { path: '/api/workers/w1/drain', body: { stop: true, reason: 'new disk' } },
    },
    { method: worker.undrainWorker, request: { workerId: 'w1' }, http: { path: '/api/workers/w1/drain' } },
    { method: worker.getQueue, request: {}, http: { path: '/api/queue' } },
    {
      method: worker.listQueuedJobs,
      request: { labelSet: world.labelSet, limit: 5 },
      http: { path: `/api/queue/${world.labelSet}/jobs?limit=5` },
    },
    {
      method: workflow.listWorkflows,
      request: { limit: 7, offset: 1, status: 2 },
      http: { path: '/api/workflows?limit=7&offset=1&status=running' },
    },
    {
      method: workflow.createWorkflow,
      request: { definition: { contentType: 'application/yaml', data: encoded(yaml) } },
      http: { path: '/api/workflows', body: yaml, type: 'application/yaml' },
    },
    {
      method: definition.updateWorkflow,
      request: {
        id: world.created,
        definition: { contentType: 'application/yaml', data: encoded('jobs: { b: { run: y } }') },
        baseVersion: 1,
      },
      http: {
        path: `/api/workflows/${world.created}?base_version=1`,
        body: 'jobs: { b: { run: y } }',
        type: 'application/yaml',
      },
    },
    {
      method: definition.validateDefinition,
      request: { definition: { contentType: 'application/yaml', data: encoded(yaml) } },
      http: { path: '/api/workflows/validate', body: yaml, type: 'application/yaml' },
    },
    {
      method: definition.validateDefinition,
      request: { definition: { contentType: 'application/yaml', data: encoded('jobs: { a: { needs: b, run: x } }') } },
      http: { path: '/api/workflows/validate', body: 'jobs: { a: { needs: b, run: x } }', type: 'application/yaml' },
    },
    {
      method: definition.getDefinition,
      request: { workflow: 'ci', version: 1 },
      http: { path: '/api/workflows/ci/definition?version=1' },
    },
    {
      method: definition.listVersions,
      request: { workflow: 'ci', limit: 1, pageToken: next.versions },
      http: { path: `/api/workflows/ci/versions?limit=1&page_token=${next.versions}` },
    },
    {
      method: workflow.getWorkflowStatus,
      request: { id: 'ci' },
      http: { path: '/api/workflows/ci/status' },
    },
    { method: workflow.getWorkflowInputs, request: { id: 'ci' }, http: { path: '/api/workflows/ci/inputs' } },
    {
      method: workflow.runWorkflow,
      request: { id: 'ci', inputs: { who: 'you', target: 'production' }, requestId: 'x'.repeat(16) },
      http: {
        path: '/api/workflows/ci/run',
        body: { inputs: { who: 'you', target: 'production' }, request_id: 'x'.repeat(16) },
      },
    },
    { method: workflow.cancelWorkflow, request: { id: 'ci' }, http: { path: '/api/workflows/ci/cancel' } },
    {
      method: workflow.rerunWorkflow,
      request: { id: 'ci', jobs: ['check'], dependants: false, force: true, requestId: 'x'.repeat(16), dryRun: true },
      http: {
        path: '/api/workflows/ci/rerun',
        body: { jobs: ['check'], dependants: false, force: true, request_id: 'x'.repeat(16), dry_run: true },
      },
    },
    {
      method: workflow.listSchedules,
      request: { limit: 3, pageToken: next.schedules },
      http: { path: `/api/schedules?limit=3&page_token=${next.schedules}` },
    },
    {
      method: workflow.pauseSchedule,
      request: { id: 'ci', schedule: 'nightly', reason: 'why' },
      http: { path: '/api/workflows/ci/schedules/nightly/pause', body: { reason: 'why' } },
    },
    {
      method: workflow.resumeSchedule,
      request: { id: 'ci', schedule: 'nightly' },
      http: { path: '/api/workflows/ci/schedules/nightly/resume' },
    },
    {
      method: workflow.createBackfill,
      request: {
        id: 'ci',
        schedule: 'nightly',
        fromMs: 1n,
        toMs: 2n,
        maxLive: 3,
        order: 'newest',
        again: true,
        dryRun: true,
      },
      http: {
        path: '/api/workflows/ci/backfills',
        body: { schedule: 'nightly', from_ms: 1, to_ms: 2, max_live: 3, order: 'newest', again: true, dry_run: true },
      },
    },
    { method: workflow.listBackfills, request: { id: 'ci' }, http: { path: '/api/workflows/ci/backfills' } },
    {
      method: workflow.cancelBackfill,
      request: { id: 'ci', backfill: world.backfill },
      http: { path: `/api/workflows/ci/backfills/${world.backfill}` },
    },
    {
      method: workflow.removeWorkflow,
      request: { id: world.created },
      http: { path: `/api/workflows/${world.created}` },
    },
    {
      method: workflow.explainJob,
      request: { id: 'ci', jobId: 'build' },
      http: { path: '/api/workflows/ci/jobs/build/why' },
    },
    { method: workflow.explainRun, request: { id: 'ci' }, http: { path: '/api/workflows/ci/why' } },
    {
      method: workflow.listRuns,
      request: { workflow: 'ci', state: 5, pageToken: next.runs },
      http: { path: `/api/runs?workflow=ci&state=cancelled&page_token=${next.runs}` },
    },
    {
      method: workflow.listRuns,
      request: {
        states: [2, 4],
        workflows: ['ci', 'other'],
        createdAfterMs: 5n,
        createdBeforeMs: 1_800_000_000_000n,
        startedBy: 'id-of-bot',
        query: 'for',
        withDetails: true,
        limit: 1000,
      },
      http: {
        path: '/api/runs?states=running&states=failure&workflows=ci&workflows=other&created_after_ms=5&created_before_ms=1800000000000&started_by=id-of-bot&query=for&with_details=true&limit=1000',
      },
    },
    {
      method: workflow.listWorkflowSummaries,
      request: { limit: 3, pageToken: next.summaries, query: 'c' },
      http: { path: `/api/workflow-summaries?limit=3&page_token=${next.summaries}&query=c` },
    },
    {
      method: RunService.method.getRunGraph,
      request: { workflow: 'ci', version: 1 },
      http: { path: '/api/workflows/ci/versions/1/graph' },
    },
    {
      method: RunService.method.listRunJobs,
      request: { id: run, fromOrdinal: 1, limit: 5, phases: [4, 6] },
      http: { path: `/api/runs/${run}/jobs?from_ordinal=1&limit=5&phases=running&phases=failure` },
    },
    {
      method: RunService.method.getJob,
      request: { id: run, jobId: 'build' },
      http: { path: `/api/runs/${run}/jobs/build` },
    },
    {
      method: PauseService.method.pause,
      request: { workflow: 'ci', run: '', label: '', reason: 'freeze' },
      http: { path: '/api/pauses', body: { workflow: 'ci', reason: 'freeze' } },
    },
    {
      method: PauseService.method.resume,
      request: { workflow: 'ci', run: '', label: '' },
      http: { path: '/api/pauses?workflow=ci' },
    },
    { method: PauseService.method.listPauses, request: {}, http: { path: '/api/pauses' } },
    {
      method: PauseService.method.pauseRun,
      request: { id: run, reason: 'wait' },
      http: { path: `/api/workflows/${run}/pause`, body: { reason: 'wait' } },
    },
    {
      method: PauseService.method.resumeRun,
      request: { id: run },
      http: { path: `/api/workflows/${run}/resume`, body: {} },
    },
    {
      method: VariableService.method.setVariable,
      request: { name: 'region', value: '', workflow: 'ci' },
      http: { path: '/api/variables/region', body: { value: '', workflow: 'ci' } },
    },
    {
      method: VariableService.method.getVariable,
      request: { name: 'region', workflow: 'ci' },
      http: { path: '/api/variables/region?workflow=ci' },
    },
    {
      method: VariableService.method.deleteVariable,
      request: { name: 'region', workflow: 'ci' },
      http: { path: '/api/variables/region?workflow=ci' },
    },
    {
      method: VariableService.method.listVariables,
      request: { workflow: 'ci', limit: 3, pageToken: next.variables },
      http: { path: `/api/variables?workflow=ci&limit=3&page_token=${next.variables}` },
    },
    {
      method: RunService.method.getJobHistory,
      request: { workflow: 'ci', limit: 5, pageToken: next.history },
      http: { path: `/api/workflows/ci/job-history?limit=5&page_token=${next.history}` },
    },
    {
      method: RunService.method.getStatistics,
      request: { workflow: 'ci', sinceMs: 1n, bucketMs: 3_600_000n },
      http: { path: '/api/workflows/ci/statistics?since_ms=1&bucket_ms=3600000' },
    },
    { method: SessionService.method.getSession, request: {}, http: { path: '/api/session' } },
    { method: SessionService.method.listSessions, request: {}, http: { path: '/api/sessions' } },
    {
      method: SessionService.method.endSession,
      request: { sessionId: 's1' },
      http: { path: '/api/sessions/s1/end', body: {} },
    },
    { method: TokenService.method.listTokens, request: {}, http: { path: '/api/tokens' } },
    {
      method: TokenService.method.createToken,
      request: { name: 'root', scopes: ['admin'], hasLabelLimit: true, labels: ['gpu'], onlyLabelled: true },
      http: {
        path: '/api/tokens',
        body: { name: 'root', scopes: ['admin'], has_label_limit: true, labels: ['gpu'], only_labelled: true },
      },
    },
    {
      method: TokenService.method.revokeToken,
      request: { tokenId: 'a1b2c3d4e5' },
      http: { path: '/api/tokens/a1b2c3d4e5/revoke', body: {} },
    },
    {
      method: LogService.method.getJobLogs,
      request: { id: 'ci', jobId: 'build', attempt: 0, limit: 9, after: '0.1.stdout' },
      http: { path: '/api/workflows/ci/jobs/build/logs?attempt=0&limit=9&after=0.1.stdout' },
    },
    {
      method: LogService.method.listLogLines,
      request: { id: run, jobId: 'build', attempt: 0, fromLine: 1, limit: 9 },
      http: { path: `/api/runs/${run}/jobs/build/lines?attempt=0&from_line=1&limit=9` },
    },
    {
      method: LogService.method.searchLog,
      request: {
        id: run,
        jobId: 'build',
        attempt: 0,
        text: 'Error',
        matchCase: true,
        fromLine: 1,
        limit: 9,
        regex: true,
      },
      http: {
        path: `/api/runs/${run}/jobs/build/lines/search?attempt=0&text=Error&match_case=true&from_line=1&limit=9&regex=true`,
      },
    },
  ];
}
