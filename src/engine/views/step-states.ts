import type { StepDefinition } from '../../domain/definition/definition.js';
import { StepScanner, type StepState } from '../../domain/step-states.js';
import type { Connection } from '../../store/connection.js';
import { stepChunks } from '../../store/statements/logs.js';
import type { WhyAttemptRow } from '../../store/statements/why.js';
import { viewLimits } from './limits.js';

/** How far each step of an attempt is, by the lines of its log. Empty, without a read, for a job without steps. */
export async function stepStatesOf(
  connection: Connection,
  job: number,
  steps: readonly StepDefinition[],
  attempt: WhyAttemptRow | undefined,
): Promise<StepState[]> {
  if (steps.length === 0 || attempt === undefined) return [];
  const scanner = new StepScanner(steps);
  let sequence = -1;
  for (let page = 0; page < viewLimits.stepQueries && !scanner.isComplete; page++) {
    const chunks = await stepChunks.run(connection, {
      job,
      attempt: attempt.number,
      sequence,
      limit: viewLimits.stepChunksPerQuery,
    });
    for (const { data, at_ms } of chunks) scanner.push(data, at_ms);
    const last = chunks.at(-1);
    if (last === undefined || chunks.length < viewLimits.stepChunksPerQuery) break;
    sequence = last.sequence;
  }
  return scanner.states({ outcome: attempt.outcome, endedAtMs: attempt.ended_at_ms, error: attempt.error });
}
