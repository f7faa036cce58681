import type { StartSpec } from '../../domain/definition/start-spec.js';
import { notFound } from '../../domain/errors.js';
import type { InputDeclaration } from '../../domain/inputs/declaration.js';
import { type CurrentVersionRow, currentVersion, currentVersionsOfRuns } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { runIdOfPrefix } from '../runs/find-run.js';

/** The inputs that the current definition of a workflow declares. */
export interface WorkflowInputs {
  readonly workflowId: string;
  /** Null when it declares none and accepts any. */
  readonly declarations: readonly InputDeclaration[] | null;
}

/** Errors: `not_found` for an id that is neither a workflow's nor a run's. */
export function workflowInputsVerb(context: EngineContext) {
  const { store } = context;

  async function definitionOf(id: string): Promise<CurrentVersionRow | null> {
    const [workflow] = await currentVersion.run(store.read, { id });
    if (workflow !== undefined) return workflow;
    const [ofRun] = await currentVersionsOfRuns.run(store.read, { rows: [{ id }] });
    if (ofRun !== undefined) return ofRun;
    const whole = await runIdOfPrefix(context, id);
    return whole === null ? null : definitionOf(whole);
  }

  return async (id: string): Promise<WorkflowInputs> => {
    const definition = await definitionOf(id);
    if (definition === null) throw notFound(`workflow or run ${JSON.stringify(id)}`);
    const { workflow_id: workflowId, start_spec: spec } = definition;
    return { workflowId, declarations: spec === null ? null : (JSON.parse(spec) as StartSpec).inputs };
  };
}
