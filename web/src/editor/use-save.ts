import { useRef, useState } from 'react';
import { describeFailure } from '../api/errors.js';
import { newRequestId } from '../api/request-id.js';
import { definitions, workflows } from '../api/transport.js';

/** Stores a text as a new workflow or as the next version of one. Sent again unchanged, it means the same. */
export function useSave(contentType: string) {
  const sent = useRef({ id: newRequestId(), text: '' });
  const [problem, setProblem] = useState('');
  const [isBusy, setIsBusy] = useState(false);

  /** @returns the workflow and its version, or null when it was refused */
  async function save(text: string, base: { id: string; version: number } | null) {
    if (sent.current.text !== text) sent.current = { id: newRequestId(), text };
    const definition = { contentType, data: new TextEncoder().encode(text) };
    setIsBusy(true);
    setProblem('');
    try {
      if (base !== null) {
        return await definitions.updateWorkflow({ id: base.id, definition, baseVersion: base.version });
      }
      const { workflow } = await workflows.createWorkflow({ definition, requestId: sent.current.id });
      return { id: workflow?.id ?? '', version: workflow?.version ?? 1 };
    } catch (error) {
      setProblem(describeFailure(error).sentence);
      return null;
    } finally {
      setIsBusy(false);
    }
  }

  return { save, problem, isBusy };
}
