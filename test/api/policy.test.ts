import { clone, create, createFileRegistry, type DescFile, type DescMethod, setExtension } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type MethodOptions,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { file_workflowgraph_v1_job_service, JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { PolicySchema, policy, type Scope } from '../../gen/workflowgraph/v1/options_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { httpRule, methodPolicy } from '../../src/api/method-options.js';
import { serviceProcedures } from '../../src/api/procedure.js';
import { WaitingCallers } from '../../src/api/waiting-callers.js';
import { createLog } from '../../src/telemetry/log.js';
import { noTokens } from '../http/start-server.js';

const methods = [AuditService, JobService, WorkerService, WorkflowService, LogService].flatMap(
  (service) => service.methods as readonly DescMethod[],
);

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
    ListWorkflows: ['read'],
    CreateWorkflow: ['submit'],
    GetWorkflowStatus: ['read'],
    RunWorkflow: ['submit'],
    CancelWorkflow: ['submit'],
    ListRuns: ['read'],
    ExplainJob: ['read'],
    WatchRuns: ['read'],
    GetJobLogs: ['read'],
    FollowJobLogs: ['read'],
    StreamLogs: ['worker'],
  });
});

test('a method without a policy, or with an unknown scope, keeps the server from starting', () => {
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
      "GET /api/audit 200",
      "GET /api/jobs/{workflow_id}/{job_id}/cancelled 200",
      "GET /api/runs 200",
      "GET /api/workers 200",
      "GET /api/workflows 200",
      "GET /api/workflows/{id}/jobs/{job_id}/logs 200",
      "GET /api/workflows/{id}/jobs/{job_id}/logs/stream 200",
      "GET /api/workflows/{id}/jobs/{job_id}/why 200",
      "GET /api/workflows/{id}/status 200",
      "POST /api/jobs/claim 200",
      "POST /api/jobs/claim-many 200",
      "POST /api/jobs/complete-many 200",
      "POST /api/jobs/{lease_id}/complete 200",
      "POST /api/jobs/{lease_id}/fail 200",
      "POST /api/jobs/{lease_id}/heartbeat 200",
      "POST /api/jobs/{lease_id}/logs 200",
      "POST /api/jobs/{lease_id}/release 200",
      "POST /api/workers/register 200",
      "POST /api/workers/{worker_id}/heartbeat 200",
      "POST /api/workflows 201",
      "POST /api/workflows/{id}/cancel 202",
      "POST /api/workflows/{id}/run 202",
    ]
  `);
});

/** `JobService.ClaimJob` as it would be with other options. */
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
