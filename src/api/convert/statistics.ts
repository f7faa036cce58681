import type { GetStatisticsResponse, Quantiles, RunStatistics } from '../../../gen/workflowgraph/v1/statistics_pb.js';
import type { Statistics } from '../../engine/engine.js';
import { toInt64, toOptionalInt64 } from './numbers.js';

export function toWireStatistics(statistics: Statistics): GetStatisticsResponse {
  return {
    $typeName: 'workflowgraph.v1.GetStatisticsResponse',
    sinceMs: toInt64(statistics.sinceMs),
    cut: statistics.isCut,
    beganMs: toOptionalInt64(statistics.beganMs),
    total: toWireRuns(statistics.total),
    bucketMs: toInt64(statistics.bucketMs),
    buckets: statistics.buckets.map((bucket) => ({
      $typeName: 'workflowgraph.v1.StatisticsBucket',
      fromMs: toInt64(bucket.fromMs),
      runs: toWireRuns(bucket),
    })),
    jobs: statistics.jobs.map(({ key, ended, failed, flaky, duration, waiting }) => ({
      $typeName: 'workflowgraph.v1.JobStatistics',
      jobId: key,
      ended,
      failed,
      flaky,
      duration: toWireQuantiles(duration),
      waiting: toWireQuantiles(waiting),
    })),
    jobRuns: statistics.jobRuns,
  };
}

function toWireRuns({ succeeded, failed, cancelled, duration, waiting }: Statistics['total']): RunStatistics {
  return {
    $typeName: 'workflowgraph.v1.RunStatistics',
    succeeded,
    failed,
    cancelled,
    duration: toWireQuantiles(duration),
    waiting: toWireQuantiles(waiting),
  };
}

function toWireQuantiles({ medianMs, p95Ms }: Statistics['total']['duration']): Quantiles {
  return {
    $typeName: 'workflowgraph.v1.Quantiles',
    medianMs: toOptionalInt64(medianMs),
    p95Ms: toOptionalInt64(p95Ms),
  };
}
