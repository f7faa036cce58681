import { type EventViewRow, eventsAfter, eventsOfRunAfter, lastEventNumber } from '../store/statements/events.js';
import { findRun } from './cancel-run.js';
import { Changes } from './changes.js';
import type { EngineContext } from './context.js';
import type { EventView, WatchBatch, WatchQuery, WorkflowView } from './engine.js';
import { eventsTopic } from './topics.js';

/** How many events are read at once. */
const pageEvents = 500;

/** How often a snapshot is tried until no event falls into it. */
const snapshotTries = 50;

/** How many workflows the snapshot of every run shows. */
const snapshotWorkflowsMax = 1_000;

export interface Views {
  workflowStatus(id: string): Promise<WorkflowView>;
  listWorkflows(query: { limit: number; offset: number; status: null }): Promise<WorkflowView[]>;
}

/** Readers follow the changes of a run, or of all runs, from any event number on. */
export function watchRunsVerb(context: EngineContext, views: Views) {
  const { store } = context;

  async function lastNumber(): Promise<number> {
    return (await lastEventNumber.run(store.read, {}))[0]?.value ?? 0;
  }

  /**
   * What is live, and the number of the last event that it shows. Of one run: it is read until no event of the run fell
   * into the reading, so that nothing is shown twice. Of every run: each workflow shows at least the events up to the
   * number; a change that fell into the reading comes again as an event.
   */
  async function snapshot(run: { no: number; id: string } | null): Promise<WatchBatch> {
    for (let tries = 0; ; tries++) {
      const before = await lastNumber();
      const shown =
        run === null
          ? await views.listWorkflows({ limit: snapshotWorkflowsMax, offset: 0, status: null })
          : [await views.workflowStatus(run.id)];
      const fell = run === null ? [] : await eventsOfRunAfter.run(store.read, { run: run.no, after: before, limit: 1 });
      if (fell.length === 0 || tries >= snapshotTries) return { snapshot: shown, events: [], lastEvent: before };
    }
  }

  /** Errors: `not_found`. Of one run it ends with the run's last event, else when the signal aborts. */
  return async function* watchRuns(query: WatchQuery, signal: AbortSignal): AsyncGenerator<WatchBatch> {
    const run = query.id === '' ? null : await findRun(context, query.id);
    const changes = new Changes(context, eventsTopic, signal);
    try {
      let after = query.afterEvent;
      if (after === null) {
        const first = await snapshot(run);
        after = first.lastEvent;
        yield first;
        if (first.snapshot.length === 1 && run !== null && first.snapshot[0]?.run?.endedAtMs !== null) return;
      }
      while (!signal.aborted) {
        changes.expect();
        const isOver = run !== null && (await hasEnded(run.id));
        const rows: readonly EventViewRow[] =
          run === null
            ? await eventsAfter.run(store.read, { after, limit: pageEvents })
            : await eventsOfRunAfter.run(store.read, { run: run.no, after, limit: pageEvents });
        const last = rows.at(-1);
        if (last !== undefined) {
          after = last.number;
          yield { snapshot: [], events: rows.map(toEventView), lastEvent: after };
        }
        if (rows.length === pageEvents) continue;
        if (isOver) return;
        await changes.next();
      }
    } finally {
      changes.stop();
    }
  };

  async function hasEnded(id: string): Promise<boolean> {
    const { state } = await findRun(context, id);
    return endsRun.has(`run.${state}`);
  }
}

const endsRun: ReadonlySet<string> = new Set(['run.success', 'run.failure', 'run.cancelled']);

function toEventView(row: EventViewRow): EventView {
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
