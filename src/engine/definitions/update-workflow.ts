import type { DefinitionFormat } from '../../domain/definition/definition.js';
import { DomainError, notFound } from '../../domain/errors.js';
import { currentVersion } from '../../store/statements/workflows.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { defineWorkflow } from './define-workflow.js';

export interface UpdateWorkflow {
  readonly caller: Caller;
  readonly id: string;
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  /** The version that the text is based on; null to replace any. */
  readonly baseVersion: number | null;
  /** Aborted when the caller has disconnected, or the server is stopping. */
  readonly signal?: AbortSignal;
}

export interface UpdatedWorkflow {
  readonly version: number;
  /** False if the current version has this text already. */
  readonly changed: boolean;
}

/**
 * Makes a text the current definition of a workflow that a call created. Repeating the call changes nothing.
 *
 * Errors: as `checkDefinition`; `not_found`; `conflict` for a workflow of a file, and when another version than the
 * given one is current.
 */
export async function updateWorkflow(context: EngineContext, input: UpdateWorkflow): Promise<UpdatedWorkflow> {
  const { id, text, format, caller, baseVersion, signal } = input;
  const current = async () => (await currentVersion.run(context.store.read, { id }))[0];
  const before = await current();
  if (before === undefined || before.removed_at_ms !== null) throw notFound(`workflow ${JSON.stringify(id)}`);
  if (before.source === 'file') {
    const said = `workflow ${JSON.stringify(id)} comes from a file of the workflows folder; change the file instead`;
    throw new DomainError('conflict', said);
  }
  const defined = await defineWorkflow(context, {
    id,
    source: 'api',
    text,
    format,
    file: '',
    by: caller.credential,
    baseVersion,
    signal: signal ?? null,
  });
  const after = await current();
  return { version: after?.number ?? before.number, changed: defined !== 'unchanged' };
}
