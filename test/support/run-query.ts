import type { RunQuery } from '../../src/engine/engine.js';

/** A query for runs; all of them by default. */
export function runQuery(more: Partial<RunQuery> = {}): RunQuery {
  return {
    workflows: [],
    states: [],
    createdAfterMs: null,
    createdBeforeMs: null,
    startedBy: '',
    query: '',
    limit: 100,
    pageToken: '',
    withDetails: false,
    ...more,
  };
}
