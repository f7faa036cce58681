import type { DefinitionFormat } from '../../domain/definition/definition.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { requestHash } from '../runs/request-hash.js';
import { defineWorkflow } from './define-workflow.js';

export interface CreateWorkflow {
  readonly caller: Caller;
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  /** Makes the call idempotent: the same caller's call with the same id gets the same workflow. */
  readonly requestId: string | null;
  /** Aborted when the caller has disconnected, or the server is stopping. */
  readonly signal?: AbortSignal;
}

/**
 * Creates a workflow with a new id, and returns the id. For a call with a request id the workflow id is derived from
 * it, so a repeated call finds its workflow without anything else stored.
 *
 * Errors: as `checkDefinition`; `conflict` when the same request created a workflow from another definition.
 */
export async function createWorkflow(context: EngineContext, input: CreateWorkflow): Promise<string> {
  const { text, format, caller, requestId, signal } = input;
  const by = caller.credential;
  const id =
    requestId === null
      ? context.environment.newId()
      : uuidOf(requestHash('create', { caller: by, workflow: '', requestId }));
  await defineWorkflow(context, { id, source: 'api', text, format, file: '', by, once: true, signal: signal ?? null });
  return id;
}

/** A UUID of version 8, whose 122 free bits come from the hash. */
function uuidOf(hash: string): string {
  const bytes = Buffer.from(hash, 'base64url').subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
