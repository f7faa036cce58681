import { runHasEnded } from '../../domain/states.js';
import { type EventViewRow, eventsAfter, eventsOfRunAfter, lastEventNumber } from '../../store/statements/events.js';
import type { EngineContext } from '../context.js';
import { eventsTopic } from '../memory/topics.js';
import { findRun } from '../runs/find-run.js';
import { viewLimits } from './limits.js';
import type { WorkflowPage, WorkflowQuery } from './list-workflows.js';
import { TopicWaiter } from './topic-waiter.js';
import type { WorkflowView } from './workflow-rows.js';

export interface WatchQuery {
  /** A run's id, or a workflow's, which means its newest run; empty for every run. */
  readonly id: string;
  /** Null for a snapshot first. */
  readonly afterEvent: number | null;
}

export interface WatchBatch {
  /** Whether more of the snapshot follows in the next batch. */
  readonly snapshotContinues: boolean;
  readonly snapshot: readonly WorkflowView[];
  readonly events: readonly EventView[];
  /** Where to resume; 0 while more of the snapshot follows. */
  readonly lastEvent: number;
}

/** A change of state. */
export interface EventView {
  readonly number: number;
  readonly atMs: number;
  readonly type: string;
  readonly runId: string;
  /** Empty for an event of the whole run. */
  readonly jobKey: string;
  readonly attempt: number | null;
  /** A JSON object as text; empty when there is none. */
  readonly data: string;
}

/** Tries to read a snapshot during which no event occurs. */
const snapshotTries = 50;

export interface Views {
  workflowStatus(id: string): Promise<WorkflowView>;
  listWorkflows(query: WorkflowQuery): Promise<WorkflowPage>;
}

/** Streams the changes of a run, or of all runs, from any event number on. */
export function watchRunsVerb(context: EngineContext, views: Views) {
  const { store } = context;

  async function lastNumber(): Promise<number> {
    return (await lastEventNumber.run(store.read, {}))[0]?.value ?? 0;
  }

  /**
   * The present state of a run, and the number of its last event: read again until no event occurred during the read.
   */
  async function snapshotOf(run: { no: number; id: string }): Promise<WatchBatch> {
    for (let tries = 0; ; tries++) {
      const before = await lastNumber();
      const snapshot = [await views.workflowStatus(run.id)];
      const fell = await eventsOfRunAfter.run(store.read, { run: run.no, after: before, limit: 1 });
      if (fell.length === 0 || tries >= snapshotTries) return whole(snapshot, before);
    }
  }

  /**
   * All workflows, in parts that a reader takes one by one. Each shows at least the events up to the number in the last
   * part; a change during the read is repeated as an event.
   */
  async function* snapshotOfAll(): AsyncGenerator<WatchBatch> {
    const before = await lastNumber();
    for (let offset: number | null = 0, left = viewLimits.snapshotWorkflows; offset !== null; ) {
      const limit = Math.min(left, viewLimits.snapshotPartWorkflows);
      const page: WorkflowPage = await views.listWorkflows({
        limit,
        offset,
        status: null,
        jobsMax: viewLimits.snapshotPartJobs,
        bytesMax: viewLimits.snapshotPartBytes,
      });
      left -= page.workflows.length;
      offset = left > 0 ? page.nextOffset : null;
      const isLast = offset === null;
      yield { ...whole(page.workflows, isLast ? before : 0), snapshotContinues: !isLast };
    }
  }

  /** Errors: `not_found`. For one run it ends with the run's last event, otherwise when the signal aborts. */
  return async function* watchRuns(query: WatchQuery, signal: AbortSignal): AsyncGenerator<WatchBatch> {
    const run = query.id === '' ? null : await findRun(context, query.id);
    const changes = new TopicWaiter(context, eventsTopic, signal);
    try {
      let after = query.afterEvent ?? 0;
      if (query.afterEvent === null) {
        if (run === null) {
          for await (const part of snapshotOfAll()) {
            after = part.lastEvent;
            yield part;
          }
        } else {
          const first = await snapshotOf(run);
          after = first.lastEvent;
          yield first;
          if (first.snapshot[0]?.run?.endedAtMs !== null) return;
        }
      }
      while (!signal.aborted) {
        changes.expect();
        const isOver = run !== null && (await hasEnded(run.id));
        const rows: readonly EventViewRow[] =
          run === null
            ? await eventsAfter.run(store.read, { after, limit: viewLimits.eventsPerQuery })
            : await eventsOfRunAfter.run(store.read, { run: run.no, after, limit: viewLimits.eventsPerQuery });
        const last = rows.at(-1);
        if (last !== undefined) {
          after = last.number;
          yield { snapshot: [], snapshotContinues: false, events: rows.map(toEventView), lastEvent: after };
        }
        if (rows.length === viewLimits.eventsPerQuery) continue;
        // A re-run may have reopened the run after its state was read.
        if (isOver && !rows.some(({ type }) => type === 'run.rerun')) return;
        if (isOver) continue;
        await changes.next();
      }
    } finally {
      changes.stop();
    }
  };

  async function hasEnded(id: string): Promise<boolean> {
    const { state } = await findRun(context, id);
    return state !== 'creating' && runHasEnded(state);
  }
}

function whole(snapshot: readonly WorkflowView[], lastEvent: number): WatchBatch {
  return { snapshot, snapshotContinues: false, events: [], lastEvent };
}

export function toEventView(row: EventViewRow): EventView {
  return {
    number: row.number,
    atMs: row.at_ms,
    type: row.type,
    runId: row.run_id ?? '',
    jobKey: row.key ?? '',
    attempt: row.attempt,
    data: row.data ?? '',
  };
}
