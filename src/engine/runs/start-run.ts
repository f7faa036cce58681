import { DomainError } from '../../domain/errors.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { deleteUnfinishedRun } from './delete-unfinished-run.js';
import { runIdOfPrefix } from './find-run.js';
import { activateOperation, fillOperation, inRanges } from './large-run.js';
import { type LargeRun, type RunToFill, startOperation, toFill } from './start-operation.js';
import type { WantedRun } from './wanted-run.js';

export interface StartRun {
  readonly caller: Caller;
  readonly id: string;
  readonly inputs: ReadonlyMap<string, string>;
  /** Unknown field names of the request, where its protocol shows them. */
  readonly unknownFields?: readonly string[];
  readonly requestId: string | null;
  /** The caller's trace context, as `readTraceparent` returns it; absent when there is none. */
  readonly traceparent?: string | null;
}

/** Starts runs of the current definitions of workflows. */
export function startRunVerb(context: EngineContext) {
  const start = startOperation(context);
  const fill = fillOperation();
  const activate = activateOperation(context);

  /**
   * Creates the jobs of a run; returns whether the run waits for its group. Errors: `DomainError` when the group
   * refuses it.
   */
  async function makeJobs({ no, id, version, group, jobCount, from: first }: RunToFill): Promise<boolean> {
    let isHeld = false;
    await inRanges(context, jobCount, first, async (from, to, last) => {
      const asked = await context.writer.submit(fill, { run: no, id, version, group, from, to, last });
      if (asked.refusal !== null) throw asked.refusal;
      isHeld = asked.isHeld;
    });
    return isHeld;
  }

  /** Creates the jobs of a run that was stored without them. */
  async function fillLarge(large: LargeRun): Promise<void> {
    const run = toFill(large);
    const isHeld = await makeJobs(run).catch(async (error: unknown) => {
      // Deleted, so that the request can be repeated. If this fails too, the run is deleted later, as after a crash.
      await deleteUnfinishedRun(context.store, run.no).catch(() => {});
      throw error;
    });
    if (!isHeld) await activateFrom(run);
  }

  /**
   * The same for a run that a slot started and that may have some of its jobs. If it fails it is resumed later, because
   * the slot does not come again. Errors: `DomainError` when its group refuses it; the run is deleted then.
   */
  async function fillScheduled(run: RunToFill): Promise<void> {
    const isHeld = await makeJobs(run).catch(async (error: unknown) => {
      if (error instanceof DomainError && error.code !== 'unavailable')
        await deleteUnfinishedRun(context.store, run.no);
      throw error;
    });
    if (!isHeld) await activateFrom({ ...run, from: 0 });
  }

  async function activateFrom(run: { no: number; version: number; jobCount: number; from: number }): Promise<void> {
    await inRanges(context, run.jobCount, run.from, (from, to, last) =>
      context.writer.submit(activate, { run: run.no, version: run.version, from, to, last }),
    );
  }

  return {
    /**
     * Errors: `not_found` for an id that is neither a workflow's nor a run's; `group_full` and `group_queue_full` when
     * the group of the run has no place for it.
     */
    async startRun(input: StartRun): Promise<{ runId: string }> {
      const wanted: WantedRun = {
        id: context.environment.newId(),
        of: input.id,
        inputs: input.inputs,
        unknownFields: input.unknownFields ?? [],
        requestId: input.requestId,
        by: input.caller.credential,
        traceparent: input.traceparent ?? null,
        slot: null,
      };
      const { runId, large, asked, small } = await context.writer
        .submit(start, wanted)
        .catch(async (error: unknown) => {
          if (!(error instanceof DomainError && error.code === 'not_found')) throw error;
          const whole = await runIdOfPrefix(context, input.id);
          if (whole === null) throw error;
          return context.writer.submit(start, { ...wanted, of: whole });
        });
      if (asked.refusal !== null) throw asked.refusal;
      if (large !== null) await fillLarge(large);
      if (small !== null && !asked.isHeld) await activateFrom(small);
      return { runId };
    },
    fillScheduled,
    /** Continues a large run that a crash stopped when it was complete but not all of its roots were claimable. */
    activateFrom,
  };
}
