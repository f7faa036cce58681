import type { RunQuery } from '../../src/engine/engine.js';

/** A query of runs: every run, unless it says more. */
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
