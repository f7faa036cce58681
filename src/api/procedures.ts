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
import type { Engine } from '../engine/engine.js';
import { auditService } from './audit-service.js';
import { definitionService } from './definition-service.js';
import { gateService } from './gate-service.js';
import { jobService } from './job-service.js';
import { logPieces, logService } from './log-service.js';
import { pauseService } from './pause-service.js';
import type { TokenAdmin, TokenDirectory } from './principal.js';
import { type Procedure, type ProcedureParts, serviceProcedures } from './procedure.js';
import { RefusedTokens } from './refused-tokens.js';
import { runService } from './run-service.js';
import { type AboutServer, sessionService } from './session-service.js';
import { tokenService } from './token-service.js';
import { variableService } from './variable-service.js';
import { WaitingCallers } from './waiting-callers.js';
import { workerService } from './worker-service.js';
import { workflowService } from './workflow-service.js';

/**
 * The whole API, one procedure for each method of the proto. Throws when a method lacks a policy or has unsupported
 * rules.
 */
export function buildProcedures(
  engine: Engine,
  about: AboutServer,
  parts: Omit<ProcedureParts, 'refusedTokens' | 'waitingCallers'> & { readonly tokens: TokenDirectory & TokenAdmin },
): Procedure[] {
  const around = {
    ...parts,
    refusedTokens: new RefusedTokens(parts.log),
    waitingCallers: new WaitingCallers(parts.tokens),
  };
  return [
    ...serviceProcedures(JobService, jobService(engine), around),
    ...serviceProcedures(WorkerService, workerService(engine), around),
    ...serviceProcedures(WorkflowService, workflowService(engine), around),
    ...serviceProcedures(DefinitionService, definitionService(engine), around),
    ...serviceProcedures(LogService, logService(engine), around, logPieces(engine)),
    ...serviceProcedures(AuditService, auditService(engine), around),
    ...serviceProcedures(RunService, runService(engine), around),
    ...serviceProcedures(GateService, gateService(engine), around),
    ...serviceProcedures(PauseService, pauseService(engine), around),
    ...serviceProcedures(VariableService, variableService(engine), around),
    ...serviceProcedures(SessionService, sessionService(about, parts.tokens), around),
    ...serviceProcedures(TokenService, tokenService(parts.tokens, parts.tokens, about.now), around),
  ];
}
