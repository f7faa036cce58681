import type { Logger } from 'pino';
import { defaultLogCap, type LogCap } from '../domain/log-cap.js';
import type { Problem } from '../domain/problem.js';
import type { Environment } from '../environment/environment.js';
import type { Store } from '../store/store.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Tracing } from '../telemetry/traces/tracing.js';
import type { Claim } from './claims/claim.js';
import { claimJobsVerb } from './claims/claim-jobs.js';
import { failOversizedOperation } from './claims/fail-oversized.js';
import { Parking } from './claims/parking.js';
import { workerVerbs } from './claims/register-worker.js';
import { serveParked } from './claims/serve-parked.js';
import { openSessionVerb } from './claims/worker-session.js';
import type { EngineContext } from './context.js';
import { createWorkflow } from './definitions/create-workflow.js';
import { type Defined, defineWorkflow, type NewDefinition } from './definitions/define-workflow.js';
import { removeMissingWorkflowsVerb } from './definitions/remove-missing-workflows.js';
import { removeWorkflowVerb } from './definitions/remove-workflow.js';
import { updateWorkflow } from './definitions/update-workflow.js';
import { validateDefinition } from './definitions/validate-definition.js';
import type { Engine } from './engine.js';
import { changeGates } from './gates/change-gates.js';
import { holdPaused } from './gates/hold-paused.js';
import { reportEndVerbs } from './leases/complete-job.js';
import { expireReportedAttempts } from './leases/expire-attempts.js';
import { LeaseWatch } from './leases/lease-watch.js';
import { pushLogsVerb } from './leases/push-logs.js';
import { leaseVerbs } from './leases/renew-lease.js';
import { Deadlines } from './loops/deadlines.js';
import { DoctorLoop } from './loops/doctor.js';
import { interruptedWorkLoop } from './loops/interrupted-work.js';
import { lookAtGatesLoop } from './loops/look-at-gates.js';
import { type Retention, retentionLoop } from './loops/retention.js';
import { BrokenFiles } from './memory/broken-files.js';
import { Drains } from './memory/drains.js';
import { JobSpecs } from './memory/job-specs.js';
import { LabelSets } from './memory/label-sets.js';
import { Pauses } from './memory/pauses.js';
import { RunInfoCache } from './memory/run-info.js';
import { Signal } from './memory/signal.js';
import { eventsTopic, Topics } from './memory/topics.js';
import { WorkersSeen } from './memory/workers-seen.js';
import { SpanExporter } from './observe/export-spans.js';
import { queueDepths, recordMetrics } from './observe/record-metrics.js';
import { pauseVerbs } from './pauses/change-pause.js';
import { DrainKeeper } from './pauses/drain-keeper.js';
import { drainVerbs } from './pauses/drain-worker.js';
import { PauseKeeper } from './pauses/pause-keeper.js';
import { joinPeers } from './peers/join-peers.js';
import { cancelRunVerb } from './runs/cancel-run.js';
import { continueCascade } from './runs/continue-cascade.js';
import { continueMatrices } from './runs/continue-matrices.js';
import { findRun } from './runs/find-run.js';
import { FollowGates } from './runs/follow-gates.js';
import { rerunRunVerb } from './runs/rerun-run.js';
import { InterruptedWork } from './runs/resume-interrupted.js';
import { startRunVerb } from './runs/start-run.js';
import { timeOutRunsVerb } from './runs/time-out-runs.js';
import { backfillVerbs } from './schedules/change-backfill.js';
import { pauseScheduleVerbs } from './schedules/pause-schedule.js';
import { ScheduleLoop } from './schedules/schedule-loop.js';
import { changeVariableVerbs } from './variables/change-variable.js';
import { variableViews } from './variables/list-variables.js';
import { withBrokenFiles } from './views/broken-workflows.js';
import { definitionViews } from './views/definitions.js';
import { explainJobVerb } from './views/explain-job.js';
import { explainRunVerb } from './views/explain-run.js';
import { isReadyVerb } from './views/is-ready.js';
import { jobDetailsVerb } from './views/job-details.js';
import { jobHistoryVerb } from './views/job-history.js';
import { listAuditVerb } from './views/list-audit.js';
import { listGatesVerb } from './views/list-gates.js';
import { listRunsVerb } from './views/list-runs.js';
import { scheduleViews } from './views/list-schedules.js';
import { listWorkersVerb } from './views/list-workers.js';
import { LogLineIndexes } from './views/log-line-index.js';
import { logLinesVerb } from './views/log-lines.js';
import { queuedJobsVerb, queueVerb } from './views/queue.js';
import { logVerbs } from './views/read-logs.js';
import { runGraphVerb } from './views/run-graph.js';
import { listRunJobsVerb } from './views/run-jobs.js';
import { searchLogVerb } from './views/search-log.js';
import { statisticsVerb } from './views/statistics.js';
import { viewVerbs } from './views/view-workflows.js';
import { watchRunsVerb } from './views/watch-runs.js';
import { watchSeveralRunsVerb } from './views/watch-several-runs.js';
import { workerDetailsVerb } from './views/worker-details.js';
import { workflowInputsVerb } from './views/workflow-inputs.js';
import { listWorkflowSummariesVerb } from './views/workflow-summaries.js';
import { logAudit } from './writer/audit-draft.js';
import { finishBatch } from './writer/finish-batch.js';
import { StallDetector } from './writer/stall-detector.js';
import { Writer } from './writer/writer.js';

export interface EngineOptions {
  readonly store: Store;
  readonly environment: Environment;
  readonly log: Logger;
  /** The longest sleep of the deadline loop, in milliseconds. */
  readonly reapIntervalMs: number;
  /** Absent when metrics are off. */
  readonly metrics?: Metrics;
  /** Absent or null when traces are off. */
  readonly tracing?: Tracing | null;
  /** Retention of what has ended; for ever when absent. */
  readonly retention?: Retention;
  /** How much of an attempt's log is kept; the defaults of the settings when absent. */
  readonly logCap?: LogCap;
  /** How long the server waits for the report of a job that was asked to stop; 10 s when absent. */
  readonly stopGraceMs?: number;
  /** Interval of the integrity check; 0 or absent turns it off. */
  readonly doctorIntervalMs?: number;
  /** Whether another process on the same database handles due times, prunes, and resumes interrupted work. */
  readonly withoutLoops?: boolean;
}

/** The engine with what only the composition root uses. */
export interface RunningEngine extends Engine {
  /** Makes a file the current definition of the workflow with its stem's name. */
  define(definition: NewDefinition): Promise<Defined>;
  /**
   * Removes the workflows of files from the list, except those with these ids and, on a shared database, those of
   * others.
   */
  removeMissingWorkflows(ids: readonly string[]): Promise<void>;
  /** Shows readers that the file of a workflow cannot be loaded, until it is loaded or gone. */
  reportBrokenFile(workflowId: string, file: string, problems: readonly Problem[]): void;
  /** Clears the broken state of a workflow's file. */
  reportLoadedFile(workflowId: string): void;
  readonly context: EngineContext;
  /** Ends parked claims, waits for pending writes, and stops the loops. */
  stop(): Promise<void>;
}

const stopGraceDefaultMs = 10_000;

/** Builds the engine on an open store, resumes what a crash interrupted, and starts its loops. */
export async function createEngine(options: EngineOptions): Promise<RunningEngine> {
  const { store, environment, log, doctorIntervalMs = 0, stopGraceMs = stopGraceDefaultMs } = options;
  const stallDetector = store.shared === null ? new StallDetector(environment, log) : null;
  const writer = new Writer({ store, environment, stallDetector, stopGraceMs });
  const context: EngineContext = {
    store,
    environment,
    writer,
    specs: new JobSpecs(),
    runs: new RunInfoCache(),
    labelSets: new LabelSets(),
    pauses: new Pauses(),
    drains: new Drains(),
    workersSeen: new WorkersSeen(),
    brokenFiles: new BrokenFiles(),
    topics: new Topics(),
    schedulesChanged: new Signal(),
    log,
    logCap: options.logCap ?? defaultLogCap,
    tracing: options.tracing ?? null,
    stopGraceMs,
  };
  const parking = new Parking<Claim>();

  const cascade = continueCascade(context);
  const matrices = continueMatrices(context);
  const starting = startRunVerb(context);
  // The gate of a pause that ended meanwhile has no place to give: what is there is let go.
  const rerunning = rerunRunVerb(context, starting, () => pauseKeeper.releaseEnded());
  const cancelling = cancelRunVerb(context, rerunning, matrices);
  const following = new FollowGates(context, starting, cancelling, () => parking.size > 0);
  const pauseKeeper = new PauseKeeper(context, (sets) => following.serve(sets));
  const drainKeeper = new DrainKeeper(context, (sets) => following.serve(sets));
  const interruptedWork = new InterruptedWork({
    context,
    starting,
    cancelling,
    rerunning,
    continueCascade: () => cascade.resume(),
    continueMatrices: () => matrices.resume(),
    cancelInProgress: () => following.cancelInProgress(),
  });
  const schedules = new ScheduleLoop(context, starting);
  const timeOutRuns = timeOutRunsVerb(context, cancelling);
  const deadlines = new Deadlines(context, timeOutRuns, options.reapIntervalMs, stallDetector);

  context.pauses.onLabels(() => context.labelSets.pause(context.pauses.labels));
  await context.pauses.load(store.read);
  await context.drains.load(store.read);
  await context.labelSets.load(store.read);
  const isWithoutLoops = options.withoutLoops === true;
  const peers =
    store.shared === null
      ? null
      : joinPeers(context, store.shared, parking, {
          notifiesDue: isWithoutLoops,
          onDue: (atMs) => deadlines.noteDue(atMs),
          onSchedules: () => schedules.wake(),
          onPauses: () => pauseKeeper.reloadLater(),
          onDrains: () => drainKeeper.reloadLater(),
        });

  const traces = context.tracing === null ? null : new SpanExporter(context.tracing, store.longRead, log);
  const failOversized = failOversizedOperation(context);
  writer.attach({
    async finish(batch) {
      await expireReportedAttempts(context, batch);
      await holdPaused(context, batch);
      await serveParked(context, batch, parking);
      await finishBatch(batch, (one) => changeGates(context, one));
      peers?.messages.notify(batch);
    },
    committed(batch, changes, tookMs) {
      if (options.metrics !== undefined) recordMetrics(options.metrics, batch, changes, tookMs);
      traces?.note(batch.changes.events, batch.measures.stoppedAttempts);
      for (const entry of batch.changes.audits) logAudit(log, entry);
      for (const facts of batch.newRuns.values()) context.runs.add(facts);
      if (batch.wakeups.contended) peers?.lookSoon();
      else if (batch.wakeups.missed.size > 0) peers?.serve([...batch.wakeups.missed]);
      if (!context.topics.idle) {
        if (batch.changes.events.length > 0) context.topics.signal(eventsTopic);
        for (const topic of batch.wakeups.signals) context.topics.signal(topic);
      }
      deadlines.noteDue(batch.wakeups.nextDueMs);
      if (!batch.gates.isUntouched) following.follow(batch);
      if (batch.wakeups.leftUnsettled) void cascade.resume();
      if (batch.wakeups.leftMatrices) void matrices.resume();
      if (batch.wakeups.endedBackfillRun) context.schedulesChanged.send();
      for (const job of batch.wakeups.oversized) {
        writer.submit(failOversized, job).catch((err: unknown) => log.warn({ err }, 'could not fail an oversized job'));
      }
    },
  });

  await interruptedWork.giveGrace();
  if (!isWithoutLoops) await interruptedWork.resume();
  const pruning = options.retention === undefined ? [] : [retentionLoop(context, options.retention)];
  const loops = [
    ...(isWithoutLoops ? [] : [deadlines, schedules, ...pruning]),
    ...(isWithoutLoops
      ? []
      : [
          interruptedWorkLoop(context, interruptedWork),
          lookAtGatesLoop(context, following, pauseKeeper, peers === null ? null : drainKeeper),
        ]),
    ...(peers === null ? [] : [peers.pollClaimable]),
    ...(doctorIntervalMs > 0 ? [new DoctorLoop(context, doctorIntervalMs, options.metrics ?? null)] : []),
  ];
  for (const loop of loops) loop.start();

  options.metrics?.join({
    queues: queueDepths(context),
    parkedClaims: () => parking.size,
    queuedChanges: () => writer.queued,
    brokenFiles: () => context.brokenFiles.size,
  });
  const views = viewVerbs(context);
  const workers = workerVerbs(context);
  const leases = leaseVerbs(context);

  const logLineIndexes = new LogLineIndexes(context);
  return {
    ...workers,
    openSession: openSessionVerb(context, parking, { ...workers, ...leases }),
    watchLeases: (notify) => new LeaseWatch(context, notify),
    watchRuns: watchRunsVerb(context, views),
    watchSeveralRuns: watchSeveralRunsVerb(context, views),
    listWorkers: listWorkersVerb(context),
    claimJobs: claimJobsVerb(context, parking),
    ...leases,
    pushLogs: pushLogsVerb(context),
    ...reportEndVerbs(context),
    ...logVerbs(context),
    logLines: logLinesVerb(context, logLineIndexes),
    searchLog: searchLogVerb(context, logLineIndexes),
    ...views,
    ...withBrokenFiles(context, { ...views, startRun: starting.startRun }),
    cancelRun: cancelling.cancelRun,
    workflowInputs: workflowInputsVerb(context),
    rerunRun: rerunning.rerunRun,
    explainJob: explainJobVerb(context),
    ...scheduleViews(context),
    ...pauseScheduleVerbs(context),
    ...backfillVerbs(context),
    explainRun: explainRunVerb(context),
    queue: queueVerb(context),
    queuedJobs: queuedJobsVerb(context),
    workerDetails: workerDetailsVerb(context),
    listRuns: listRunsVerb(context),
    listWorkflowSummaries: listWorkflowSummariesVerb(context),
    runGraph: runGraphVerb(context),
    listRunJobs: listRunJobsVerb(context),
    jobDetails: jobDetailsVerb(context),
    jobHistory: jobHistoryVerb(context),
    statistics: statisticsVerb(context),
    listGates: listGatesVerb(context),
    ...pauseVerbs(context, pauseKeeper),
    ...drainVerbs(context, drainKeeper),
    ...changeVariableVerbs(context),
    ...variableViews(context),
    listAudit: listAuditVerb(context),
    runOf: async (id) => (await findRun(context, id)).id,
    async createWorkflow(input) {
      return views.workflowStatus(await createWorkflow(context, input));
    },
    updateWorkflow: (input) => updateWorkflow(context, input),
    validateDefinition,
    ...definitionViews(context),
    removeWorkflow: removeWorkflowVerb(context),
    ready: isReadyVerb(context),
    define: (definition) => defineWorkflow(context, definition),
    removeMissingWorkflows: removeMissingWorkflowsVerb(context),
    reportBrokenFile: (id, file, problems) => context.brokenFiles.set(id, { file, problems }, environment.now()),
    reportLoadedFile: (id) => context.brokenFiles.delete(id),
    context,
    async stop() {
      for (const loop of loops) await loop.stop();
      await pauseKeeper.idle();
      await drainKeeper.idle();
      await following.idle();
      await writer.drained();
      for (const claim of parking.all()) {
        parking.leave(claim);
        claim.deliver?.([]);
      }
      await writer.drained();
      await traces?.drained();
    },
  };
}
