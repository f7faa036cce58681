import type { PlantedBug } from './planted-bug.js';

/** Bugs of jobs with a matrix. */
export const plantedInMatrices: readonly PlantedBug[] = [
  {
    name: 'matrix: the outputs of children are joined out of order',
    file: 'domain/matrix/child.js',
    find: 'list[index] = value;',
    replace: 'list[outputs.length - 1 - index] = value;',
  },
  {
    name: 'matrix: children without an output have no entry in the joined list',
    file: 'domain/matrix/child.js',
    find: 'JSON.stringify(list)]',
    replace: 'JSON.stringify(list.filter((value) => value !== null))]',
  },
  {
    name: 'matrix: children that end in one batch count once',
    file: 'store/statements/matrices.js',
    find: "sql `count(*)`.as('ended')",
    replace: "sql `1`.as('ended')",
  },
  {
    name: 'matrix: a cancelled child counts twice',
    file: 'engine/runs/note-cancelled.js',
    find: 'if (settled !== settledState.held)',
    replace: 'if (true)',
  },
  {
    name: 'matrix: fail-fast is not looked at',
    file: 'store/statements/matrices.js',
    find: '(matrices.fail_fast = 1 and',
    replace: '(matrices.fail_fast = 2 and',
  },
  {
    name: 'matrix: the first failure cancels the others without fail-fast',
    file: 'store/statements/matrices.js',
    find: '(matrices.fail_fast = 1 and',
    replace: '(matrices.fail_fast < 2 and',
  },
  {
    name: 'matrix: a cancel goes before a failure',
    file: 'domain/matrix/child.js',
    find: 'if (failed > 0)',
    replace: 'if (failed > 0 && cancelled === 0)',
  },
  {
    name: 'matrix: the first axis is the fastest',
    file: 'domain/matrix/expand-matrix.js',
    find: 'drafts = drafts.flatMap((draft) => values.map((value, at) => {',
    replace: 'const all = drafts; drafts = values.flatMap((value, at) => all.map((draft) => {',
  },
  {
    name: 'matrix: an inclusion is one more although it extends another',
    file: 'domain/matrix/expand-matrix.js',
    find: 'return extended.length === 0 ? [entry] : [];',
    replace: 'return [entry];',
  },
  {
    name: 'matrix: a matrix without combinations opens',
    file: 'engine/runs/settle-jobs.js',
    find: "combinations.length === 0 ? 'success' : 'open', combinations",
    replace: "'open', combinations",
  },
  {
    name: 'matrix: the mark is lost after the first range of children',
    file: 'engine/runs/continue-matrices.js',
    find: 'to: to < row.total ? to : null });',
    replace: 'to: null });',
  },
  {
    name: 'matrix: each range of children has the first combinations',
    file: 'engine/runs/continue-matrices.js',
    find: 'all.slice(from, to)',
    replace: 'all.slice(0, to - from)',
  },
  {
    name: 'matrix: nobody is told that the last child has ended',
    file: 'engine/writer/finish-batch.js',
    find: 'if (nodes.some(({ to_do }) => to_do === 1))',
    replace: 'if (false)',
  },
  {
    name: 'matrix: a cancel of the run does not reach the children',
    file: 'engine/runs/cancel-run.js',
    find: 'if (nodes.length > 0)',
    replace: 'if (false)',
  },
  {
    name: 'matrix: what needs a node is decided before it is closed',
    file: 'engine/runs/continue-matrices.js',
    find: "const succeeded = state === 'success' || isTolerated;",
    replace: 'const succeeded = true;',
  },
  {
    name: 'matrix: re-run: the failures of children that run again still count',
    file: 'store/statements/matrices.js',
    find: 'failed: sql `matrices.failed - r.failed`',
    replace: 'failed: sql `matrices.failed`',
  },
  {
    name: 'matrix: re-run: children that wait again are not decided',
    file: 'store/statements/matrices.js',
    find: 'decide_from: sql.lit(0),',
    replace: 'decide_from: null,',
  },
  {
    name: 'matrix: children in a group never come to their gate',
    file: 'engine/runs/continue-matrices.js',
    find: 'batch.gates.reached(id, gates);',
    replace: '',
  },
];
