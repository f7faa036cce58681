import { DomainError } from '../../../src/domain/errors.js';
import type { LogChunkView } from '../../../src/engine/engine.js';
import { runQuery } from '../../support/run-query.js';
import { endStates, type ModelJob, type ModelRun } from '../model/states.js';
import type { LiveServer } from '../sim-server.js';
import { Client } from './client.js';

const shown: Readonly<Record<string, string>> = {
  waiting: 'queued',
  held: 'queued',
  delayed: 'queued',
  open: 'running',
};

/** Reads whatever the API shows, and compares it with what was committed when the question came. */
export class Reader extends Client {
  async run(untilMs: number): Promise<void> {
    const { simulation } = this.parts;
    const { world, model } = simulation;
    for (;;) {
      await this.sleep(200, 6_000);
      if (world.elapsedMs > untilMs) return;
      const runs = [...model.runs.values()].filter(({ definition }) => !definition.isLarge);
      if (runs.length === 0) continue;
      const run = this.random.pick(runs.slice(-4));
      const question = this.random.pick([this.#status, this.#cancelled, this.#why, this.#lists, this.#logs]);
      await this.call('read', async (live) => {
        try {
          await question.call(this, live, run);
          world.count('read answered');
        } catch (error) {
          const isUnknown = error instanceof DomainError && error.code === 'not_found';
          if (isUnknown) world.violated('what is stored is found', `run ${run.id}`);
          else simulation.expectInjected('a read', error);
          throw error;
        }
      });
    }
  }

  async #status(live: LiveServer, run: ModelRun): Promise<void> {
    const { world } = this.parts.simulation;
    const before = run.jobs.map(({ state }) => state);
    const isAsBefore = sameGeneration(run);
    const view = await live.engine.workflowStatus(run.id);
    if (!isAsBefore()) return;
    for (const [at, job] of view.jobs.entries()) {
      const was = before[at] ?? '';
      if (endStates.has(was) && job.status !== was) {
        world.violated('what is committed is read', `${run.no}/${job.key} was ${was}, shown is ${job.status}`);
      }
      const now = run.jobs[at]?.state ?? '';
      if (was === now && job.status !== (shown[now] ?? now) && !this.#hasMoved(run, at)) {
        world.violated('what is committed is read', `${run.no}/${job.key} is ${now}, shown is ${job.status}`);
      }
    }
    const isOver = view.run?.endedAtMs != null;
    if (isOver && view.jobs.some((job) => !endStates.has(job.status))) {
      world.violated('a run that has ended has no open job', run.id);
    }
  }

  /** Whether a job may have changed and changed back while it was read. */
  #hasMoved(run: ModelRun, at: number): boolean {
    return (run.jobs[at]?.attempts.length ?? 0) > 0;
  }

  /** A job of the run, or a child of its nodes as they are now. */
  #anyJob(run: ModelRun): ModelJob {
    const children = run.jobs.flatMap((node) => node.children.slice(0, 20)).filter(({ isMade }) => isMade);
    return this.random.pick(children.length > 0 && this.random.chance(0.5) ? children : run.jobs);
  }

  async #cancelled(live: LiveServer, run: ModelRun): Promise<void> {
    const { world } = this.parts.simulation;
    const job = this.#anyJob(run);
    const was = job.state === 'cancelled';
    const isAsBefore = sameGeneration(run);
    const answer = await live.engine.stopReasonOfJob(run.id, job.def.key);
    if (!isAsBefore()) return;
    if ((was && answer !== 'cancelled') || (answer === 'cancelled' && job.state !== 'cancelled')) {
      world.violated('a worker is told of a cancel', `${run.no}/${job.def.key} is ${job.state}, told was ${answer}`);
    }
  }

  async #why(live: LiveServer, run: ModelRun): Promise<void> {
    const { world } = this.parts.simulation;
    const job = this.#anyJob(run);
    const was = job.state;
    const isAsBefore = sameGeneration(run);
    const explanation = await live.engine.explainJob(run.id, job.def.key);
    if (explanation.reasons.length === 0)
      world.violated('there is a reason for every state', `${run.no}/${job.def.key}`);
    if (endStates.has(was) && explanation.status !== was && isAsBefore()) {
      world.violated(
        'what is committed is read',
        `${run.no}/${job.def.key} was ${was}, explained as ${explanation.status}`,
      );
    }
  }

  async #lists(live: LiveServer, run: ModelRun): Promise<void> {
    const { world, model } = this.parts.simulation;
    const { engine } = live;
    const committed = [...model.runs.keys()];
    const { runs } = await engine.listRuns(runQuery({ limit: 1_000 }));
    const listed = new Set(runs.map(({ runId }) => runId));
    const missing = committed.filter((id) => !listed.has(id));
    if (missing.length > 0) world.violated('every run is listed', missing.join(', '));
    const ofOne = await engine.listRuns(runQuery({ workflows: [run.workflowId], limit: 1_000 }));
    if (!ofOne.runs.some(({ runId }) => runId === run.id)) world.violated('every run is listed', run.id);
    await engine.listWorkers({ limit: 100, offset: 0 });
    if (![...model.runs.values()].some(({ definition }) => definition.isLarge)) {
      await engine.listWorkflows({ limit: 100, offset: 0, status: null, jobsMax: 20_000 });
    }
  }

  async #logs(live: LiveServer, run: ModelRun): Promise<void> {
    const { world } = this.parts.simulation;
    const job = this.#anyJob(run);
    const query = { id: run.id, jobKey: job.def.key, attempt: null, limit: null, after: '', tail: null };
    const stored = job.attempts.flatMap((attempt) =>
      attempt.outcome === 'released'
        ? []
        : [...(attempt.lease?.chunks ?? [])]
            .filter(([, chunk]) => chunk.isStored)
            .map(([key]) => `${attempt.number}/${key}`),
    );
    const chunks: LogChunkView[] = [];
    for await (const batch of live.engine.jobLogs(query)) chunks.push(...batch.chunks);
    const read = new Set(chunks.map(({ attempt, sequence, stream }) => `${attempt}/${sequence}/${stream}`));
    const marks = chunks.filter(({ missingBytes }) => missingBytes !== null);
    const isDropped = (key: string) => {
      const [attempt, sequence] = key.split('/').map(Number);
      return marks.some((mark) => mark.attempt === attempt && (sequence ?? 0) <= mark.sequence);
    };
    const missing = stored.filter(
      (key) => !read.has(key) && !isDropped(key) && !job.attempts.some(({ outcome }) => outcome === 'released'),
    );
    if (missing.length > 0)
      world.violated('a log that was acknowledged is read', `${run.no}/${job.def.key} ${missing[0]}`);
    // A line of the server's own stands beside the chunk that was the last before it.
    const places = new Set(
      chunks.map((chunk) => `${chunk.attempt}/${chunk.sequence}/${chunk.stream}/${chunk.systemLine}`),
    );
    if (places.size < chunks.length) world.violated('a chunk is read once', `${run.no}/${job.def.key}`);
  }
}

/** Says, when asked, whether no re-run has changed the run since: by it, what had ended may wait again. */
function sameGeneration(run: ModelRun): () => boolean {
  const { generation } = run;
  const wasWhole = run.resetting.size === 0;
  return () => wasWhole && run.generation === generation;
}
