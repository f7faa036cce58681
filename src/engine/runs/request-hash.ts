import { secretHash } from '../secret-hash.js';

/**
 * What is stored of a `request_id`. It is scoped to one caller and one workflow: the same text from another caller, or
 * about another workflow, is another request.
 */
export function requestHash(
  verb: 'run' | 'cancel' | 'create' | 'rerun',
  { caller, workflow, requestId }: { caller: string | null; workflow: string; requestId: string },
): string {
  return secretHash(JSON.stringify([verb, caller, workflow, requestId]));
}
