import type { Logger } from 'pino';
import type { Environment } from '../environment/environment.js';
import type { Store } from '../store/store.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Tracing } from '../telemetry/traces/tracing.js';
import { listAuditVerb, logAudit } from './audit.js';
import { cancelRunVerb, findRun } from './cancel-run.js';
import type { Claim } from './claim.js';
import { claimJobsVerb } from './claim-jobs.js';
import type { EngineContext, Knowledge } from './context.js';
import { type Defined, defineWorkflow, type NewDefinition } from './define-workflow.js';
import { endWhatWasToldOver } from './end-run-out.js';
import type { Engine } from './engine.js';
import { finishBatch } from './finish-batch.js';
import { isReadyVerb } from './is-ready.js';
import { openSessionVerb } from './job-session.js';
import { JobSpecs } from './job-specs.js';
import { joinOthers } from './join-others.js';
import { keepOnlyFilesVerb } from './keep-only-files.js';
import { LabelSets } from './label-sets.js';
import { LeaseWatch } from './lease-watch.js';
import { leaseVerbs } from './leases.js';
import { listWorkersVerb } from './list-workers.js';
import { Deadlines } from './loops/deadlines.js';
import { DoctorLoop } from './loops/doctor.js';
import { LeftWorkLoop } from './loops/left-work.js';
import { Pulse } from './loops/pulse.js';
import { type Retention, RetentionLoop } from './loops/retention.js';
import type { OtherServers } from './other-servers.js';
import { Parking } from './parking.js';
import { pushLogsVerb } from './push-logs.js';
import { logVerbs } from './read-logs.js';
import { workerVerbs } from './register-worker.js';
import { reportEndVerbs } from './report-end.js';
import { RunFactsCache } from './run-facts.js';
import { serveParked } from './serve-parked.js';
import { settleLeftoversOperation } from './settle-leftovers.js';
import { startRunVerb } from './start-run.js';
import { LeftWork } from './take-up-work.js';
import { queueDepths, tellMetrics } from './tell-metrics.js';
import { TraceTeller } from './tell-traces.js';
import { eventsTopic, Topics } from './topics.js';
import { viewVerbs } from './view-workflows.js';
import { watchRunsVerb } from './watch-runs.js';
import { explainJobVerb } from './why-job.js';
import { WorkersSeen } from './workers-seen.js';
import { Writer } from './writer.js';

export interface EngineOptions {
  readonly store: Store;
  readonly environment: Environment;
  readonly log: Logger;
  /** The longest that the reaper sleeps, in milliseconds. */
  readonly reapIntervalMs: number;
  /** Told of what happens, when there is somebody to tell. */
  readonly metrics?: Metrics;
  /** Told of the runs, jobs and attempts that end, when somebody wants traces. */
  readonly tracing?: Tracing | null;
  /** How long what has ended is kept; for ever when absent. */
  readonly retention?: Retention;
  /** How often the database is searched for damage; never when 0 or absent. */
  readonly doctorIntervalMs?: number;
  /** Whether another process on the same database ends what is overdue, prunes, and takes up left work. */
  readonly withoutLoops?: boolean;
}

/** The engine with what only the composition root uses. */
export interface RunningEngine extends Engine {
  /** Makes a file the current definition of the workflow with its stem's name. */
  define(definition: NewDefinition): Promise<Defined>;
  /** Takes the workflows of files out of the list, but those with these ids and, on a shared database, those of others. */
  keepOnlyFiles(ids: readonly string[]): Promise<void>;
  readonly context: EngineContext;
  /** Ends parked claims, waits for what is being written, and stops the loops. */
  stop(): Promise<void>;
}

/** Builds the engine on an open store, takes up what a crash left, and starts its loops. */
export async function createEngine(options: EngineOptions): Promise<RunningEngine> {
  const { store, environment, log, doctorIntervalMs = 0 } = options;
  const parking = new Parking<Claim>();
  const knowledge: Knowledge = {
    specs: new JobSpecs(),
    runs: new RunFactsCache(),
    labelSets: new LabelSets(),
    workersSeen: new WorkersSeen(),
    topics: new Topics(),
    environment,
    log,
    tracing: options.tracing ?? null,
  };
  const traces = knowledge.tracing === null ? null : new TraceTeller(knowledge.tracing, store.longRead, log);
  let others: OtherServers | null = null;
  const pulse = store.shared === null ? new Pulse(environment, log) : null;
  const writer = new Writer(
    store,
    environment,
    pulse,
    async (batch) => {
      await endWhatWasToldOver(knowledge, batch);
      await serveParked(knowledge, batch, parking);
      await finishBatch(batch);
      others?.tell(batch);
    },
    (batch, changes, tookMs) => {
      if (options.metrics !== undefined) tellMetrics(options.metrics, batch, changes, tookMs);
      traces?.note(batch.events);
      for (const entry of batch.audits) logAudit(log, entry);
      for (const facts of batch.newRuns.values()) knowledge.runs.add(facts);
      if (batch.contended) sharing?.lookSoon();
      else if (batch.missed.size > 0) sharing?.serve([...batch.missed]);
      if (!knowledge.topics.idle) {
        if (batch.events.length > 0) knowledge.topics.signal(eventsTopic);
        for (const topic of batch.signals) knowledge.topics.signal(topic);
      }
      deadlines.noteDue(batch.nextDueMs);
      if (batch.leftUnsettled) void settleLeftovers();
    },
  );
  const context: EngineContext = {
    ...knowledge,
    store,
    writer,
    tellOfLabelSets: (connection) => others?.tellOfLabelSets(connection),
  };
  const deadlines = new Deadlines(context, options.reapIntervalMs, pulse);
  const leftovers = settleLeftoversOperation(knowledge);
  let settling: Promise<void> | null = null;

  function settleLeftovers(): Promise<void> {
    settling ??= (async () => {
      while ((await writer.submit(leftovers, null)).more);
    })()
      .catch((error: unknown) => log.error({ err: error }, 'telling the dependants of ended jobs failed'))
      .finally(() => {
        settling = null;
      });
    return settling;
  }

  const starting = startRunVerb(context);
  const cancelling = cancelRunVerb(context);
  const views = viewVerbs(context);
  const leftWork = new LeftWork({ context, starting, cancelling, settleLeftovers });

  await knowledge.labelSets.load(store.read);
  const isWithoutLoops = options.withoutLoops === true;
  const sharing =
    store.shared === null
      ? null
      : joinOthers(context, store.shared, parking, {
          tellsOfDue: isWithoutLoops,
          onDue: (atMs) => deadlines.noteDue(atMs),
        });
  others = sharing?.others ?? null;
  await leftWork.giveGrace();
  if (!isWithoutLoops) await leftWork.takeUp();
  const pruning = options.retention === undefined ? [] : [new RetentionLoop(context, options.retention)];
  const loops = [
    ...(isWithoutLoops ? [] : [deadlines, ...pruning]),
    ...(isWithoutLoops ? [] : [new LeftWorkLoop(context, leftWork)]),
    ...(sharing === null ? [] : [sharing.lookAround]),
    ...(doctorIntervalMs > 0 ? [new DoctorLoop(context, doctorIntervalMs, options.metrics ?? null)] : []),
  ];
  for (const loop of loops) loop.start();

  options.metrics?.join({
    queues: queueDepths(context),
    parkedClaims: () => parking.size,
    queuedChanges: () => writer.queued,
  });
  const workers = workerVerbs(context);

  return {
    ...workers,
    openSession: openSessionVerb(context, parking, workers),
    watchLeases: (tell) => new LeaseWatch(context, tell),
    watchRuns: watchRunsVerb(context, views),
    listWorkers: listWorkersVerb(context),
    claimJobs: claimJobsVerb(context, parking),
    ...leaseVerbs(context),
    pushLogs: pushLogsVerb(context),
    ...reportEndVerbs(context),
    ...logVerbs(context),
    ...views,
    startRun: starting.startRun,
    cancelRun: cancelling.cancelRun,
    explainJob: explainJobVerb(context),
    listAudit: listAuditVerb(context),
    runOf: async (id) => (await findRun(context, id)).id,
    async createWorkflow(input) {
      const id = environment.newId();
      const { text, format, caller } = input;
      await defineWorkflow(context, { id, source: 'api', text, format, file: '', by: caller.credential });
      return views.workflowStatus(id);
    },
    ready: isReadyVerb(context),
    define: (definition) => defineWorkflow(context, definition),
    keepOnlyFiles: keepOnlyFilesVerb(context),
    context,
    async stop() {
      for (const loop of loops) await loop.stop();
      await writer.drained();
      for (const claim of parking.all()) {
        parking.leave(claim);
        claim.deliver?.([]);
      }
      await writer.drained();
      await traces?.told();
    },
  };
}
