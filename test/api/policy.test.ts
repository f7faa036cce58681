import { clone, create, createFileRegistry, type DescFile, type DescMethod, setExtension } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type MethodOptions,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { file_workflowgraph_v1_job_service, JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { PolicySchema, policy, type Scope } from '../../gen/workflowgraph/v1/options_pb.js';
import { PauseService } from '../../gen/workflowgraph/v1/pause_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { VariableService } from '../../gen/workflowgraph/v1/variable_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { httpRule, methodPolicy } from '../../src/api/method-options.js';
import { serviceProcedures } from '../../src/api/procedure.js';
import { WaitingCallers } from '../../src/api/waiting-callers.js';
import { createLog } from '../../src/telemetry/log.js';
import { noTokens } from '../http/start-server.js';

const methods = [
  AuditService,
  DefinitionService,
  GateService,
  JobService,
  LogService,
  RunService,
  SessionService,
  PauseService,
  TokenService,
  VariableService,
  WorkerService,
  WorkflowService,
].flatMap((service) => service.methods as readonly DescMethod[]);

test('every method has the policy that its kind of caller needs', () => {
  const table = Object.fromEntries(methods.map((method) => [method.name, methodPolicy(method)]));
  expect(table).toEqual({
    ListAuditEvents: ['admin'],
    ClaimJob: ['worker'],
    ClaimJobs: ['worker'],
    HeartbeatLease: ['worker'],
    PushLogs: ['worker'],
    CompleteJob: ['worker'],
    CompleteJobs: ['worker'],
    FailJob: ['worker'],
    ReleaseJob: ['worker'],
    GetJobCancelled: ['worker', 'read'],
    WorkJobs: ['worker'],
    StreamHeartbeats: ['worker'],
    RegisterWorker: ['worker'],
    HeartbeatWorker: ['worker'],
    ListWorkers: ['read'],
    GetWorker: ['read'],
    DrainWorker: ['admin'],
    UndrainWorker: ['admin'],
    GetQueue: ['read'],
    ListQueuedJobs: ['read'],
    ListWorkflows: ['read'],
    ListWorkflowSummaries: ['read'],
    CreateWorkflow: ['submit'],
    RemoveWorkflow: ['submit'],
    GetWorkflowStatus: ['read'],
    GetWorkflowInputs: ['read'],
    RunWorkflow: ['submit'],
    CancelWorkflow: ['submit'],
    RerunWorkflow: ['submit'],
    ListGates: ['read'],
    ListRuns: ['read'],
    ListSchedules: ['read'],
    PauseSchedule: ['submit'],
    ResumeSchedule: ['submit'],
    Pause: ['submit'],
    Resume: ['submit'],
    ListPauses: ['read'],
    PauseRun: ['submit'],
    ResumeRun: ['submit'],
    GetDefinition: ['submit', 'admin'],
    ListVersions: ['submit', 'admin'],
    ValidateDefinition: ['submit'],
    UpdateWorkflow: ['submit'],
    CreateBackfill: ['submit'],
    ListBackfills: ['read'],
    CancelBackfill: ['submit'],
    SetVariable: ['submit'],
    DeleteVariable: ['submit'],
    GetVariable: ['read'],
    ListVariables: ['read'],
    GetRunGraph: ['read'],
    ListRunJobs: ['read'],
    GetJob: ['read'],
    GetJobHistory: ['read'],
    GetStatistics: ['read'],
    GetSession: 'public',
    ListSessions: ['read', 'submit', 'worker'],
    EndSession: ['read', 'submit', 'worker'],
    ListTokens: ['admin'],
    CreateToken: ['admin'],
    RevokeToken: ['admin'],
    ExplainJob: ['read'],
    ExplainRun: ['read'],
    WatchRuns: ['read'],
    GetJobLogs: ['read'],
    FollowJobLogs: ['read'],
    ListLogLines: ['read'],
    SearchLog: ['read'],
    StreamLogs: ['worker'],
  });
});

test('a method without a policy, or with an unknown scope, prevents the start of the server', () => {
  const bare = claimJobWith(undefined);
  expect(() => methodPolicy(bare)).toThrow('workflowgraph.v1.JobService.ClaimJob declares no (policy)');
  const options = create(MethodOptionsSchema);
  setExtension(options, policy, create(PolicySchema, { anyOf: [77 as Scope] }));
  const unknown = claimJobWith(options);
  expect(() => methodPolicy(unknown)).toThrow(
    'workflowgraph.v1.JobService.ClaimJob: its (policy) has an unknown scope',
  );
  const around = {
    tokens: noTokens,
    waitingCallers: new WaitingCallers(noTokens),
    log: createLog({ level: 'silent', format: 'json' }),
  };
  expect(() => serviceProcedures(bare.parent, {} as never, around)).toThrow('declares no (policy)');
});

test('every documented path is bound', () => {
  const paths = methods
    .map(httpRule)
    .flatMap((rule) => (rule === null ? [] : [`${rule.verb} ${rule.path} ${rule.status}`]));
  expect(paths.sort()).toMatchInlineSnapshot(`
    [
      "DELETE /api/pauses 200",
      "DELETE /api/variables/{name} 200",
      "DELETE /api/workers/{worker_id}/drain 200",
      "DELETE /api/workflows/{id} 200",
      "DELETE /api/workflows/{id}/backfills/{backfill} 200",
      "GET /api/audit 200",
      "GET /api/gates 200",
      "GET /api/jobs/{workflow_id}/{job_id}/cancelled 200",
      "GET /api/pauses 200",
      "GET /api/queue 200",
      "GET /api/queue/{label_set}/jobs 200",
      "GET /api/runs 200",
      "GET /api/runs/{id}/jobs 200",
      "GET /api/runs/{id}/jobs/{job_id} 200",
      "GET /api/runs/{id}/jobs/{job_id}/lines 200",
      "GET /api/runs/{id}/jobs/{job_id}/lines/search 200",
      "GET /api/schedules 200",
      "GET /api/session 200",
      "GET /api/sessions 200",
      "GET /api/tokens 200",
      "GET /api/variables 200",
      "GET /api/variables/{name} 200",
      "GET /api/workers 200",
      "GET /api/workers/{worker_id} 200",
      "GET /api/workflow-summaries 200",
      "GET /api/workflows 200",
      "GET /api/workflows/{id}/backfills 200",
      "GET /api/workflows/{id}/inputs 200",
      "GET /api/workflows/{id}/jobs/{job_id}/logs 200",
      "GET /api/workflows/{id}/jobs/{job_id}/logs/stream 200",
      "GET /api/workflows/{id}/jobs/{job_id}/why 200",
      "GET /api/workflows/{id}/status 200",
      "GET /api/workflows/{id}/why 200",
      "GET /api/workflows/{workflow}/definition 200",
      "GET /api/workflows/{workflow}/job-history 200",
      "GET /api/workflows/{workflow}/statistics 200",
      "GET /api/workflows/{workflow}/versions 200",
      "GET /api/workflows/{workflow}/versions/{version}/graph 200",
      "POST /api/jobs/claim 200",
      "POST /api/jobs/claim-many 200",
      "POST /api/jobs/complete-many 200",
      "POST /api/jobs/{lease_id}/complete 200",
      "POST /api/jobs/{lease_id}/fail 200",
      "POST /api/jobs/{lease_id}/heartbeat 200",
      "POST /api/jobs/{lease_id}/logs 200",
      "POST /api/jobs/{lease_id}/release 200",
      "POST /api/pauses 200",
      "POST /api/sessions/{session_id}/end 200",
      "POST /api/tokens 200",
      "POST /api/tokens/{token_id}/revoke 200",
      "POST /api/workers/register 200",
      "POST /api/workers/{worker_id}/drain 200",
      "POST /api/workers/{worker_id}/heartbeat 200",
      "POST /api/workflows 201",
      "POST /api/workflows/validate 200",
      "POST /api/workflows/{id}/backfills 200",
      "POST /api/workflows/{id}/cancel 202",
      "POST /api/workflows/{id}/pause 200",
      "POST /api/workflows/{id}/rerun 202",
      "POST /api/workflows/{id}/resume 200",
      "POST /api/workflows/{id}/run 202",
      "POST /api/workflows/{id}/schedules/{schedule}/pause 200",
      "POST /api/workflows/{id}/schedules/{schedule}/resume 200",
      "PUT /api/variables/{name} 200",
      "PUT /api/workflows/{id} 200",
    ]
  `);
});

/** `JobService.ClaimJob` with changed options. */
function claimJobWith(options: MethodOptions | undefined): DescMethod {
  const files = new Map<string, DescFile>();
  const visit = (file: DescFile) => {
    for (const dependency of file.dependencies) visit(dependency);
    files.set(file.name, file);
  };
  visit(file_workflowgraph_v1_job_service);
  const set = create(FileDescriptorSetSchema, {
    file: [...files.values()].map(({ proto }) => clone(FileDescriptorProtoSchema, proto)),
  });
  for (const method of set.file.flatMap(({ service }) => service).flatMap((service) => service.method)) {
    if (method.name === 'ClaimJob') method.options = options;
  }
  const found = createFileRegistry(set).getService(JobService.typeName)?.method.claimJob;
  if (found === undefined) throw new Error('the registry lost ClaimJob');
  return found;
}
