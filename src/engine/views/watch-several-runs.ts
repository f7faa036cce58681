import { eventsAfter, lastEventNumber, runsOfEventsAfter } from '../../store/statements/events.js';
import { runViews } from '../../store/statements/views.js';
import type { EngineContext } from '../context.js';
import { eventsTopic } from '../memory/topics.js';
import { findRun } from '../runs/find-run.js';
import { viewLimits } from './limits.js';
import { type RunDetails, runDetails } from './run-details.js';
import { TopicWaiter } from './topic-waiter.js';
import { type EventView, toEventView } from './watch-runs.js';
import { type RunView, toRunView, type WorkflowView } from './workflow-rows.js';

export interface WatchSeveralQuery {
  /** Ids as `findRun` takes them; empty for every run. */
  readonly ids: readonly string[];
  /** Null for the present states of the runs first. */
  readonly afterEvent: number | null;
  /** Every change, or the runs that changed. */
  readonly level: 'events' | 'runs';
}

export interface WatchSeveralBatch {
  readonly snapshot: readonly WorkflowView[];
  readonly snapshotContinues: boolean;
  readonly events: readonly EventView[];
  readonly runs: readonly (RunView & { readonly details: RunDetails | null })[];
  /** Where to resume; 0 while more of the snapshot follows. */
  readonly lastEvent: number;
}

const pauseMs = 250;

/** Streams several runs; the stream does not end with them. Errors: `not_found`. */
export function watchSeveralRunsVerb(
  context: EngineContext,
  views: { workflowStatus(id: string): Promise<WorkflowView> },
) {
  const { store } = context;

  return async function* watch(query: WatchSeveralQuery, signal: AbortSignal): AsyncGenerator<WatchSeveralBatch> {
    const runs = new Map<string, number>();
    for (const id of query.ids) {
      const run = await findRun(context, id);
      runs.set(run.id, run.no);
    }
    const changes = new TopicWaiter(context, eventsTopic, signal);
    try {
      // The event number is read before the runs: a change during the read is repeated.
      const after = query.afterEvent ?? (await lastEventNumber.run(store.read, {}))[0]?.value ?? 0;
      if (query.level === 'runs') yield* watchRunsAsTheyAre([...runs.values()], after, changes, signal);
      else yield* watchEvents(runs, after, query.afterEvent === null, changes, signal);
    } finally {
      changes.stop();
    }
  };

  async function* watchEvents(
    runs: ReadonlyMap<string, number>,
    firstAfter: number,
    withSnapshot: boolean,
    changes: TopicWaiter,
    signal: AbortSignal,
  ): AsyncGenerator<WatchSeveralBatch> {
    const ids = [...runs.keys()];
    for (const [at, id] of withSnapshot ? ids.entries() : []) {
      const isLast = at === ids.length - 1;
      const snapshot = [await views.workflowStatus(id)];
      yield { ...nothing, snapshot, snapshotContinues: !isLast, lastEvent: isLast ? firstAfter : 0 };
    }
    for (let after = firstAfter; !signal.aborted; ) {
      changes.expect();
      const rows = await eventsAfter.run(store.read, { after, limit: viewLimits.eventsPerQuery });
      after = rows.at(-1)?.number ?? after;
      const events = rows.filter(({ run_id: run }) => run !== null && runs.has(run)).map(toEventView);
      if (events.length > 0) yield { ...nothing, events, lastEvent: after };
      if (rows.length < viewLimits.eventsPerQuery) await changes.next();
    }
  }

  async function* watchRunsAsTheyAre(
    numbers: readonly number[],
    firstAfter: number,
    changes: TopicWaiter,
    signal: AbortSignal,
  ): AsyncGenerator<WatchSeveralBatch> {
    const wanted = new Set(numbers);
    const changed = new Set(numbers);
    // The first message gives the start of the stream, even without runs.
    yield { ...nothing, runs: await take(changed), lastEvent: firstAfter };
    // Every change up to this event has been sent.
    let shown = firstAfter;
    for (let after = firstAfter; !signal.aborted; ) {
      changes.expect();
      const rows = await runsOfEventsAfter.run(store.read, { after, limit: viewLimits.eventsPerQuery });
      after = rows.at(-1)?.number ?? after;
      for (const { run } of rows) if (run !== null && (wanted.size === 0 || wanted.has(run))) changed.add(run);
      const isAll = rows.length < viewLimits.eventsPerQuery;
      if (changed.size > 0 && (isAll || changed.size >= viewLimits.watchedRunsPerBatch)) {
        const runs = await take(changed);
        if (changed.size === 0) shown = after;
        yield { ...nothing, runs, lastEvent: shown };
        await pause(signal);
      } else if (isAll) {
        await changes.next();
      }
    }
  }

  /** The first of some runs in their present states; removes them from the set. */
  async function take(changed: Set<number>): Promise<WatchSeveralBatch['runs']> {
    const numbers = [...changed].slice(0, viewLimits.watchedRunsPerBatch);
    if (numbers.length === 0) return [];
    for (const no of numbers) changed.delete(no);
    const rows = await runViews.run(store.longRead, { rows: numbers.map((no) => ({ no })) });
    const details = await runDetails(context, numbers);
    return rows.map((row) => ({ ...toRunView(row), details: details.get(row.no) ?? null }));
  }

  async function pause(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    const cancelTimer = context.environment.after(pauseMs, end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    await promise;
    cancelTimer();
    // A stream lasts for days, and pauses four times a second.
    signal.removeEventListener('abort', end);
  }
}

const nothing = { snapshot: [], snapshotContinues: false, events: [], runs: [] } as const;
