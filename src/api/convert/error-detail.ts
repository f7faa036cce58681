import type { ErrorDetail, Problem as WireProblem } from '../../../gen/workflowgraph/v1/types_pb.js';
import { ErrorReason } from '../../../gen/workflowgraph/v1/types_pb.js';
import type { Problem } from '../../domain/problem.js';
import type { ApiError } from '../errors.js';
import { toWireErrorReason } from './states.js';

/** The detail that Connect and gRPC errors carry; null when the code and message say it all. */
export function toErrorDetail(error: ApiError): ErrorDetail | null {
  if (error.reason === null && error.problems.length === 0) return null;
  return {
    $typeName: 'workflowgraph.v1.ErrorDetail',
    reason: error.reason === null ? ErrorReason.UNSPECIFIED : toWireErrorReason(error.reason),
    problems: error.problems.map(toWireProblem),
  };
}

export function toWireProblem(problem: Problem): WireProblem {
  return {
    $typeName: 'workflowgraph.v1.Problem',
    message: problem.message,
    field: problem.field,
    job: problem.job ?? '',
    line: problem.line ?? 0,
    column: problem.column ?? 0,
  };
}
