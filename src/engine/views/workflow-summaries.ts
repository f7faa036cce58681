import { DomainError } from '../../domain/errors.js';
import type { RunState } from '../../domain/states.js';
import { runViews } from '../../store/statements/views.js';
import {
  type RecentRunRow,
  recentRuns,
  type WorkflowSummaryRow,
  workflowSummaries,
} from '../../store/statements/workflow-summaries.js';
import { currentVersions } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import type { BrokenFile } from '../memory/broken-files.js';
import { viewLimits } from './limits.js';
import { type RunDetails, runDetails } from './run-details.js';
import { type RunView, toRunView } from './workflow-rows.js';

export interface SummaryQuery {
  readonly limit: number;
  readonly pageToken: string;
  /** A part of the id or the name; empty for any. */
  readonly query: string;
}

export interface WorkflowSummary {
  readonly id: string;
  readonly name: string;
  readonly trigger: string;
  readonly source: 'file' | 'api';
  /** 0 when no version was ever loaded. */
  readonly version: number;
  readonly jobs: number;
  readonly newestRun: (RunView & { readonly details: RunDetails | null }) | null;
  /** Newest first. */
  readonly recentRuns: readonly RecentRun[];
  readonly endedRuns: number;
  readonly succeededRuns: number;
  readonly medianDurationMs: number | null;
  readonly broken: BrokenFile | null;
}

interface RecentRun {
  readonly runId: string;
  readonly state: RunState;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

export interface SummaryPage {
  readonly workflows: readonly WorkflowSummary[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

const countedMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Lists workflows by id without their jobs, with at most seven statements. Those whose file never loaded come first,
 * beyond the limit of the first page.
 */
export function listWorkflowSummariesVerb(context: EngineContext) {
  const { store, environment, brokenFiles } = context;

  return async (query: SummaryQuery): Promise<SummaryPage> => {
    const found = await workflowSummaries.run(store.longRead, {
      after: readToken(query.pageToken),
      pattern: `%${escaped(query.query.toLowerCase())}%`,
      // One more row shows whether there is another page.
      limit: query.limit + 1,
    });
    const rows = found.slice(0, query.limit);
    const runsOf = await lastRuns(rows);
    const newestOf = await newestRuns(rows);
    const summaries = rows.map((row) =>
      summary(row, runsOf.get(row.no) ?? [], newestOf.get(row.newest_run ?? -1) ?? null),
    );
    const first = query.pageToken === '' ? await neverLoaded(query.query) : [];
    const last = rows.at(-1);
    const isLast = found.length <= query.limit || last === undefined;
    return { workflows: [...first, ...summaries], nextPageToken: isLast ? '' : writeToken(last.id) };
  };

  function summary(
    row: WorkflowSummaryRow,
    runs: readonly RecentRunRow[],
    newestRun: WorkflowSummary['newestRun'],
  ): WorkflowSummary {
    const since = environment.now() - countedMs;
    const ended = runs.filter(({ ended_at_ms: endedAtMs }) => endedAtMs !== null && endedAtMs >= since);
    const succeeded = ended.filter(({ state }) => state === 'success');
    return {
      id: row.id,
      name: row.name,
      trigger: row.trigger,
      source: row.source,
      version: row.number,
      jobs: row.job_count,
      newestRun,
      recentRuns: runs.slice(0, viewLimits.runsShown).map(toRecentRun),
      endedRuns: ended.length,
      succeededRuns: succeeded.length,
      medianDurationMs: median(
        succeeded.map((run) => (run.ended_at_ms ?? 0) - (run.started_at_ms ?? run.created_at_ms)),
      ),
      broken: brokenFiles.get(row.id),
    };
  }

  /** By workflow number, newest first. */
  async function lastRuns(rows: readonly WorkflowSummaryRow[]): Promise<ReadonlyMap<number, RecentRunRow[]>> {
    const ran = rows.filter(({ newest_run: newest }) => newest !== null);
    if (ran.length === 0) return new Map();
    const runs = await recentRuns.run(store.longRead, {
      rows: ran.map(({ no }) => ({ no })),
      skip: viewLimits.runsCounted - 1,
    });
    return Map.groupBy(
      runs.toSorted((a, b) => b.no - a.no),
      ({ workflow }) => workflow,
    );
  }

  async function newestRuns(
    rows: readonly WorkflowSummaryRow[],
  ): Promise<ReadonlyMap<number, NonNullable<WorkflowSummary['newestRun']>>> {
    const numbers = rows.map(({ newest_run: newest }) => newest).filter((no) => no !== null);
    if (numbers.length === 0) return new Map();
    const views = await runViews.run(store.longRead, { rows: numbers.map((no) => ({ no })) });
    const details = await runDetails(context, numbers);
    return new Map(views.map((row) => [row.no, { ...toRunView(row), details: details.get(row.no) ?? null }]));
  }

  async function neverLoaded(text: string): Promise<WorkflowSummary[]> {
    const ids = brokenFiles.ids().slice(0, viewLimits.neverLoadedFiles);
    if (ids.length === 0) return [];
    const versions = await currentVersions.run(store.longRead, { rows: ids.map((id) => ({ id })) });
    const known = new Set(versions.filter((row) => row.removed_at_ms === null).map((row) => row.workflow_id));
    return ids
      .filter((id) => !known.has(id) && id.toLowerCase().includes(text.toLowerCase()))
      .map((id) => ({ ...neverRun, id, name: id, broken: brokenFiles.get(id) }));
  }
}

const neverRun = {
  trigger: '',
  source: 'file',
  version: 0,
  jobs: 0,
  newestRun: null,
  recentRuns: [],
  endedRuns: 0,
  succeededRuns: 0,
  medianDurationMs: null,
} as const;

function toRecentRun(row: RecentRunRow): RecentRun {
  return {
    runId: row.id,
    // Runs that are still in creation are left out.
    state: row.state as RunState,
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Escapes a text for a pattern of `like`, with `!` as the escape character. */
function escaped(text: string): string {
  return text.replaceAll(/[!%_]/g, '!$&');
}

/** The page token: the id of the last workflow, so that it holds when workflows come and go. */
function writeToken(id: string): string {
  return Buffer.from(id, 'utf8').toString('base64url');
}

function readToken(token: string): string {
  const id = Buffer.from(token, 'base64url').toString('utf8');
  if (writeToken(id) === token) return id;
  throw new DomainError('malformed', 'page_token: it is not the next_page_token of a page; leave it out for the first');
}
