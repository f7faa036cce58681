import type { JobReport, JobReportResult } from '../../gen/workflowgraph/v1/job_reports_pb.js';
import { ErrorReason } from '../../gen/workflowgraph/v1/types_pb.js';
import { DomainError } from '../domain/errors.js';
import type { Engine } from '../engine/engine.js';
import { fromWireMap } from './convert/maps.js';
import { toWireErrorReason } from './convert/states.js';
import type { Call } from './procedure.js';

/**
 * Reports one end among several: a refusal is its result, and does not affect the others. If the report itself is
 * refused, for example because its outputs are too large, the lease lives on, and the refusal has no reason of a lease.
 */
export async function reportJob(engine: Engine, report: JobReport, { caller }: Call): Promise<JobReportResult> {
  const { leaseId, result } = report;
  const answer: JobReportResult = {
    $typeName: 'workflowgraph.v1.JobReportResult',
    leaseId,
    refused: undefined,
    message: '',
  };
  try {
    if (result.case === 'failure') {
      const { error, retryable, exitCode } = result.value;
      await engine.failJob(caller, leaseId, { error, retryable, exitCode: exitCode ?? null });
    } else {
      await engine.completeJob(caller, leaseId, fromWireMap(result.value?.values ?? {}));
    }
    return answer;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const isTheReportsOwn = error.reason !== null || error.code === 'too_large' || error.code === 'malformed';
    if (!isTheReportsOwn) throw error;
    const refused = error.reason === null ? ErrorReason.UNSPECIFIED : toWireErrorReason(error.reason);
    return { ...answer, refused, message: error.message };
  }
}
