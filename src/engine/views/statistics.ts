import { notFound } from '../../domain/errors.js';
import {
  type EndedJobFigures,
  type EndedJobStatistics,
  periodLength,
  type RunStatistics,
  runStatistics,
  type StatisticsBucket,
  statisticsByJob,
  statisticsByPeriod,
} from '../../domain/run-statistics.js';
import {
  figuresOfAll,
  figuresOfWorkflow,
  firstFigures,
  firstFiguresOfAll,
  jobFigures,
  keysOfVersions,
  type RunFiguresRow,
} from '../../store/statements/run-figures.js';
import { currentVersions } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { writerLimits } from '../writer/limits.js';
import { viewLimits } from './limits.js';

export interface StatisticsQuery {
  /** Empty for every workflow, without their jobs. */
  readonly workflow: string;
  /** Null for 30 days ago. */
  readonly sinceMs: number | null;
  readonly bucketMs: number;
}

export interface Statistics {
  /** Since when runs are counted: later than requested when there are more than fit. */
  readonly sinceMs: number;
  /** Whether runs that ended before `sinceMs` were left out for that. */
  readonly isCut: boolean;
  /** When the oldest run with figures ended; null when none has any. */
  readonly beganMs: number | null;
  readonly total: RunStatistics;
  readonly bucketMs: number;
  readonly buckets: readonly StatisticsBucket[];
  /** Of the newest `jobRuns` runs. */
  readonly jobs: readonly EndedJobStatistics[];
  readonly jobRuns: number;
}

const defaultTimeMs = 30 * 24 * 60 * 60 * 1000;

/** Statistics of the runs that ended since a time, from the figures that each left. Errors: `not_found`. */
export function statisticsVerb({ store, environment }: EngineContext) {
  return async ({ workflow, sinceMs: wishedMs, bucketMs }: StatisticsQuery): Promise<Statistics> => {
    const nowMs = environment.now();
    const since = Math.max(0, wishedMs ?? nowMs - defaultTimeMs);
    const no = workflow === '' ? null : await numberOf(workflow);
    // One more row shows whether some are left out.
    const limit = viewLimits.countedRuns + 1;
    const found =
      no === null
        ? await figuresOfAll.run(store.longRead, { sinceMs: since, limit })
        : await figuresOfWorkflow.run(store.longRead, { workflow: no, sinceMs: since, limit });
    const [first] =
      no === null
        ? await firstFiguresOfAll.run(store.longRead, {})
        : await firstFigures.run(store.longRead, { workflow: no });
    const isCut = found.length === limit;
    const runs = found.slice(0, viewLimits.countedRuns).map(toFigures);
    const oldestMs = runs.at(-1)?.endedAtMs ?? nowMs;
    const period = periodLength(bucketMs, nowMs - oldestMs, viewLimits.periods);
    return {
      sinceMs: isCut ? oldestMs : since,
      isCut,
      beganMs: first?.ended_at_ms ?? null,
      total: runStatistics(runs),
      bucketMs: period,
      buckets: statisticsByPeriod(runs, period),
      ...(no === null ? { jobs: [], jobRuns: 0 } : await jobsOf(no, since)),
    };
  };

  async function numberOf(workflow: string): Promise<number> {
    const [row] = await currentVersions.run(store.read, { rows: [{ id: workflow }] });
    if (row === undefined) throw notFound(`workflow ${JSON.stringify(workflow)}`);
    return row.workflow;
  }

  async function jobsOf(workflow: number, sinceMs: number): Promise<Pick<Statistics, 'jobs' | 'jobRuns'>> {
    const rows = await jobFigures.run(store.longRead, { workflow, sinceMs, limit: viewLimits.runsOfJobs });
    const versions = [...new Set(rows.map(({ version }) => version))];
    if (versions.length === 0) return { jobs: [], jobRuns: 0 };
    const keys = new Map<number, string[]>(versions.map((version) => [version, []]));
    for (const { version, ord, key } of await keysOfVersions.run(store.longRead, {
      rows: versions.map((no) => ({ no })),
      jobs: writerLimits.countedJobs,
    })) {
      const ofVersion = keys.get(version);
      if (ofVersion !== undefined) ofVersion[ord] = key;
    }
    const ended = rows.flatMap(({ version, jobs }) => readJobFigures(jobs, keys.get(version) ?? []));
    // In the order of the newest version; jobs of older versions follow.
    const place = new Map(
      [...keys.values()]
        .flat()
        .reverse()
        .map((key, at) => [key, -at]),
    );
    const jobs = statisticsByJob(ended).sort((a, b) => (place.get(a.key) ?? 0) - (place.get(b.key) ?? 0));
    return { jobs, jobRuns: rows.length };
  }
}

function toFigures(row: RunFiguresRow) {
  return { endedAtMs: row.ended_at_ms, state: row.state, durationMs: row.duration_ms, waitingMs: row.waiting_ms };
}

/** Reads the entries that `insertRunFigures` wrote. */
function readJobFigures(json: string, keys: readonly string[]): EndedJobFigures[] {
  const entries = JSON.parse(json) as [number, number, number, number | null, number | null][];
  return entries
    .sort(([a], [b]) => a - b)
    .flatMap(([ord, failed, attempt, waitingMs, durationMs]) => {
      const key = keys[ord];
      return key === undefined ? [] : [{ key, isFailed: failed === 1, attempt, waitingMs, durationMs }];
    });
}
