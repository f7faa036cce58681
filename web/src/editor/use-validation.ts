import { useEffect, useState } from 'react';
import type { ValidateDefinitionResponse } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { describeFailure } from '../api/errors.js';
import { definitions } from '../api/transport.js';

const waitMs = 350;

export interface Validation {
  /** The last answer, which may be of an earlier text; null before the first. */
  readonly answer: ValidateDefinitionResponse | null;
  /** Whether a newer text is being checked. */
  readonly isChecking: boolean;
  /** Why the check failed; empty if it did not. */
  readonly problem: string;
}

/** Checks a text by the server shortly after it stops changing. Only the answer to the newest text counts. */
export function useValidation(text: string, contentType: string, enabled: boolean): Validation {
  const [state, setState] = useState<Validation>({ answer: null, isChecking: enabled, problem: '' });
  useEffect(() => {
    if (!enabled) return;
    const end = new AbortController();
    setState((before) => ({ ...before, isChecking: true }));
    const timer = setTimeout(async () => {
      try {
        const data = new TextEncoder().encode(text === '' ? '\n' : text);
        const request = { definition: { contentType, data } };
        const answer = await definitions.validateDefinition(request, { signal: end.signal });
        if (!end.signal.aborted) setState({ answer, isChecking: false, problem: '' });
      } catch (error) {
        if (!end.signal.aborted) {
          setState((before) => ({ ...before, isChecking: false, problem: describeFailure(error).sentence }));
        }
      }
    }, waitMs);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [text, contentType, enabled]);
  return state;
}
