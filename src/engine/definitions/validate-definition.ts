import type { DefinitionFormat } from '../../domain/definition/definition.js';
import { definitionGraphOf } from './check-definition.js';
import type { DefinitionGraphResult } from './definition-graph.js';

export interface ValidateDefinition {
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  /** Aborted when the caller has disconnected, or the server is stopping. */
  readonly signal: AbortSignal | null;
}

/** Checks a definition as `createWorkflow` does, and stores nothing. Errors: `too_large`; `unavailable`. */
export function validateDefinition({ text, format, signal }: ValidateDefinition): Promise<DefinitionGraphResult> {
  return definitionGraphOf({ text, format, file: '' }, signal);
}
