import { DomainError } from '../../domain/errors.js';
import { formatProblem } from '../../domain/problem.js';
import { currentVersions } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import type { BrokenFile } from '../memory/broken-files.js';
import type { StartRun } from '../runs/start-run.js';
import { viewLimits } from './limits.js';
import type { WorkflowPage, WorkflowQuery } from './list-workflows.js';
import type { WorkflowView } from './workflow-rows.js';

interface Verbs {
  listWorkflows(query: WorkflowQuery): Promise<WorkflowPage>;
  workflowStatus(id: string, only?: string): Promise<WorkflowView>;
  startRun(input: StartRun): Promise<{ runId: string; warning?: string }>;
}

/**
 * Adds broken workflow files to the verbs. A workflow whose file is broken shows that beside its last good version, and
 * a start of it reports which version runs instead. A workflow whose file never loaded is listed without jobs, at the
 * beginning of the first page and beyond its limit; a start of it is refused with the problems.
 */
export function withBrokenFiles(
  { brokenFiles, store }: Pick<EngineContext, 'brokenFiles' | 'store'>,
  verbs: Verbs,
): Verbs {
  const show = (view: WorkflowView): WorkflowView => {
    const broken = view.id === view.workflowId ? brokenFiles.get(view.id) : null;
    return broken === null ? view : { ...view, broken };
  };

  return {
    async listWorkflows(query) {
      const { workflows, nextOffset } = await verbs.listWorkflows(query);
      const views = workflows.map(show);
      if (brokenFiles.size === 0 || query.offset > 0 || query.status !== null) return { workflows: views, nextOffset };
      return { workflows: [...(await neverLoaded()), ...views], nextOffset };
    },

    async workflowStatus(id, only) {
      const broken = brokenFiles.get(id);
      try {
        return show(await verbs.workflowStatus(id, only));
      } catch (error) {
        if (broken === null || !isNotFound(error) || (only ?? '') !== '') throw error;
        return viewWithoutVersion(id, broken);
      }
    },

    async startRun(input: StartRun) {
      const broken = brokenFiles.get(input.id);
      try {
        const started = await verbs.startRun(input);
        return broken === null ? started : { ...started, warning: warningOf(broken) };
      } catch (error) {
        if (broken === null || !isNotFound(error)) throw error;
        throw new DomainError('invalid_definition', `${broken.file} is broken, and no version of it was ever loaded`, {
          problems: broken.problems,
        });
      }
    },
  };

  async function neverLoaded(): Promise<WorkflowView[]> {
    const ids = brokenFiles.ids().slice(0, viewLimits.neverLoadedFiles);
    const known = new Set(
      (await currentVersions.run(store.longRead, { rows: ids.map((id) => ({ id })) }))
        .filter(({ removed_at_ms }) => removed_at_ms === null)
        .map(({ workflow_id }) => workflow_id),
    );
    return ids.flatMap((id) => {
      const broken = brokenFiles.get(id);
      return broken === null || known.has(id) ? [] : [viewWithoutVersion(id, broken)];
    });
  }
}

function viewWithoutVersion(id: string, broken: BrokenFile): WorkflowView {
  return { id, workflowId: id, name: id, trigger: '', version: 0, run: null, jobs: [], broken };
}

function warningOf({ file, problems }: BrokenFile): string {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const why = first === undefined ? '' : `: ${formatProblem(first)}${more}`;
  return `${file} is broken, so its last good version runs${why}`;
}

function isNotFound(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'not_found';
}
