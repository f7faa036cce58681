import { rowSet } from './row-set.js';

// Row sets that definition threads write. A thread loads no more of the store than this file.

/** The jobs of a version. `labels` are the JSON text of a stored label set. */
export const newVersionJobs = rowSet({
  ord: 'integer',
  key: 'text',
  labels: 'text',
  priority: 'integer',
  needs: 'integer',
  conditional: 'integer',
  spec: 'text',
  children_from: 'integer?',
});

/** The edges of a version: `to_ord` needs `from_ord`. */
export const newVersionEdges = rowSet({ from_ord: 'integer', to_ord: 'integer' });
