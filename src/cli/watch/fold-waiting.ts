import type { TreeRow } from './job-tree.js';
import { groupedMin, nameJobs } from './waiting.js';

/** A row of the tree: one job, or sibling jobs that wait for the same thing. */
export interface FoldedRow extends TreeRow {
  readonly name: string;
  readonly about: string;
}

/**
 * Folds siblings without children and attempts that wait for the same thing.
 *
 * @param aboutOf the text beside a job
 */
export function foldWaiting(rows: readonly TreeRow[], aboutOf: (row: TreeRow) => string): FoldedRow[] {
  const folded: FoldedRow[] = [];
  let siblings: (TreeRow & { readonly about: string })[] = [];
  const flush = (): void => {
    const last = siblings.at(-1);
    if (last !== undefined && siblings.length >= groupedMin) {
      const which = nameJobs(siblings.map(({ job }) => job.id));
      folded.push({ ...last, name: `${siblings.length} jobs`, about: `${last.about} (${which})` });
    } else folded.push(...siblings.map((row) => ({ ...row, name: row.title })));
    siblings = [];
  };
  rows.forEach((row, at) => {
    const about = aboutOf(row);
    const isParent = (rows[at + 1]?.branch.length ?? 0) > row.branch.length;
    const canFold = row.job.status === 'queued' && row.job.started_at === null && !isParent;
    const [first] = siblings;
    if (first?.about !== about || first.branch.length !== row.branch.length) flush();
    if (canFold) siblings.push({ ...row, about });
    else {
      flush();
      folded.push({ ...row, name: row.title, about });
    }
  });
  flush();
  return folded;
}
