import { useRef, useState } from 'react';
import { describeFailure, problemsOf } from '../api/errors.js';
import { newRequestId } from '../api/request-id.js';
import { workflows } from '../api/transport.js';
import { fieldPath } from './fields.js';

interface Refusal {
  /** The problem of each input, by its name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Problems outside of the inputs. */
  readonly rest: string;
}

const none: Refusal = { fields: {}, rest: '' };

/** Starts a run; repeated unchanged, it refers to the same run. */
export function useStart() {
  const sent = useRef({ id: newRequestId(), of: '' });
  const [refusal, setRefusal] = useState(none);
  const [isBusy, setIsBusy] = useState(false);

  /** @param id a workflow, or the run that is repeated */
  async function start(id: string, inputs: Readonly<Record<string, string>>, names: readonly string[]) {
    const of = JSON.stringify([id, inputs]);
    if (sent.current.of !== of) sent.current = { id: newRequestId(), of };
    setIsBusy(true);
    setRefusal(none);
    try {
      return await workflows.runWorkflow({ id, inputs: { ...inputs }, requestId: sent.current.id });
    } catch (error) {
      setRefusal(refusalOf(error, names));
      return null;
    } finally {
      setIsBusy(false);
    }
  }

  return { start, refusal, isBusy };
}

function refusalOf(error: unknown, names: readonly string[]): Refusal {
  const problems = problemsOf(error);
  const byPath = new Map(names.map((name) => [fieldPath(name), name]));
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const { field, message } of problems) {
    const name = byPath.get(field);
    if (name === undefined) rest.push(message);
    else fields[name] = message;
  }
  return { fields, rest: problems.length === 0 ? describeFailure(error).sentence : rest.join('\n') };
}
