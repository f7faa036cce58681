import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { AuditService } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { GateService } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { RunService } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { SessionService } from '../../gen/workflowgraph/v1/session_service_pb.js';
import { TokenService } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';

/**
 * The server's base URL without the last slash: the page may live below a path. A web worker's own address is below
 * `assets/`.
 */
const base =
  typeof document === 'undefined' ? new URL('..', self.location.href).href : new URL('.', document.baseURI).href;

/** The common path prefix of the page's addresses, with a slash at its end. */
export const basePath = new URL(base).pathname;

const transport = createConnectTransport({ baseUrl: base.replace(/\/$/, ''), useBinaryFormat: true });

export const workflows = createClient(WorkflowService, transport);
export const runs = createClient(RunService, transport);
export const logs = createClient(LogService, transport);
export const workers = createClient(WorkerService, transport);
export const audit = createClient(AuditService, transport);
export const definitions = createClient(DefinitionService, transport);
export const gates = createClient(GateService, transport);
export const session = createClient(SessionService, transport);
export const tokens = createClient(TokenService, transport);
