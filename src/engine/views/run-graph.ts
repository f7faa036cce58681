import type { JobSpec } from '../../domain/definition/job-spec.js';
import { notFound } from '../../domain/errors.js';
import { versionByNumber } from '../../store/statements/run-jobs.js';
import { jobsOfVersion } from '../../store/statements/views.js';
import type { EngineContext } from '../context.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { jobsPerPage } from './workflow-rows.js';

/** The graph of a version, which never changes. The n-th entry of each list belongs to the job with the ordinal n. */
export interface RunGraph {
  readonly workflowId: string;
  readonly version: number;
  readonly name: string;
  readonly trigger: string;
  readonly keys: readonly string[];
  /** By ordinal, without the commands: a graph has up to 200,000 jobs. */
  readonly jobs: readonly Pick<JobSpec, 'name' | 'condition' | 'retry' | 'timeoutSecs' | 'priority'>[];
  /** The needs of each job, as ordinals. */
  readonly needs: readonly (readonly number[])[];
  readonly labelSets: readonly (readonly string[])[];
  /** Each job's position in `labelSets`. */
  readonly labelSetIndexes: readonly number[];
  /** The ordinal of the first child of each job with a matrix; 0 for other jobs. */
  readonly childrenFrom: readonly number[];
}

/** The graph of a version. Errors: `not_found`. */
export function runGraphVerb(context: EngineContext) {
  const { store } = context;
  return async (workflowId: string, number: number): Promise<RunGraph> => {
    const [version] = await versionByNumber.run(store.read, { workflow: workflowId, number });
    if (version === undefined) throw notFound(`version ${number} of workflow ${JSON.stringify(workflowId)}`);
    const ordinals = new Map<string, number>();
    const needKeys: (readonly string[])[] = [];
    const jobs: RunGraph['jobs'][number][] = [];
    const labelSets = new Map<string, { readonly index: number; readonly labels: readonly string[] }>();
    const labelSetIndexes: number[] = [];
    const childrenFrom: number[] = [];
    for (let fromOrd = 0; fromOrd < version.job_count; fromOrd += jobsPerPage) {
      const rows = await jobsOfVersion.run(store.longRead, { version: version.no, fromOrd, limit: jobsPerPage });
      for (const { ord, key, spec } of rows) {
        const { name, labels, needs, condition, retry, timeoutSecs, priority, matrix } = JSON.parse(spec) as JobSpec;
        ordinals.set(key, ord);
        jobs.push({ name, condition, retry, timeoutSecs, priority });
        needKeys.push(needs);
        childrenFrom.push(matrix?.childrenFrom ?? 0);
        const set = JSON.stringify(labels);
        const known = labelSets.get(set) ?? { index: labelSets.size, labels };
        labelSets.set(set, known);
        labelSetIndexes.push(known.index);
      }
      await yieldToEventLoop(context);
    }
    return {
      workflowId,
      version: number,
      name: version.name,
      trigger: version.trigger,
      keys: [...ordinals.keys()],
      jobs,
      // A need is a job of the same version: the definition was checked when it was stored.
      needs: needKeys.map((keys) => keys.flatMap((key) => ordinals.get(key) ?? [])),
      labelSets: [...labelSets.values()].map(({ labels }) => labels),
      labelSetIndexes,
      childrenFrom,
    };
  };
}
