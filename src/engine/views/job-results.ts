import type { Connection } from '../../store/connection.js';
import { type JobResultRow, jobResults } from '../../store/statements/job-results.js';
import { viewLimits } from './limits.js';

/** A job's error text and outputs as a list first reads them: short ones whole, and their lengths. */
export interface ResultSizes {
  readonly job: number;
  readonly error: string | null;
  readonly error_bytes: number | null;
  readonly outputs: string | null;
  readonly outputs_bytes: number | null;
}

/** The part that a view shows. */
export type ShownResult = Pick<JobResultRow, 'error' | 'outputs'> & { readonly truncated: boolean };

/** Bytes of error texts and outputs that an answer has left. */
export interface ResultBudget {
  bytesLeft: number;
}

/**
 * The error texts and outputs of some jobs, in their order, within the budget: long ones are read only when they are
 * shown. A job that exceeds the budget loses its outputs and the rest of its error text; later and smaller ones may
 * still be whole.
 */
export async function shownResults(
  connection: Connection,
  rows: readonly ResultSizes[],
  budget: ResultBudget,
): Promise<ShownResult[]> {
  const isShown = rows.map((row) => {
    const bytes = bytesOf(row);
    if (bytes > budget.bytesLeft) return false;
    budget.bytesLeft -= bytes;
    return true;
  });
  const long = await readLong(
    connection,
    rows.filter((row, at) => isShown[at] === true && !isWhole(row)),
  );
  return rows.map((row, at) => {
    if (isShown[at] !== true) {
      const error = row.error?.slice(0, viewLimits.truncatedErrorChars) ?? null;
      return { error, outputs: null, truncated: true };
    }
    const { error, outputs } = long.get(row.job) ?? row;
    return { error, outputs, truncated: false };
  });
}

export function resultAt(results: readonly ShownResult[], at: number): ShownResult {
  const result = results[at];
  if (result === undefined) throw new Error(`no result was read at ${at}`);
  return result;
}

async function readLong(
  connection: Connection,
  rows: readonly ResultSizes[],
): Promise<ReadonlyMap<number, JobResultRow>> {
  const found = new Map<number, JobResultRow>();
  for (let from = 0; from < rows.length; ) {
    let to = from;
    for (let bytes = 0; to < rows.length && (to === from || bytes < viewLimits.resultChunkBytes); to++)
      bytes += bytesOf(rows[to]);
    const chunk = rows.slice(from, to).map(({ job }) => ({ id: job }));
    for (const row of await jobResults.run(connection, { rows: chunk })) found.set(row.id, row);
    from = to;
  }
  return found;
}

function bytesOf(row: ResultSizes | undefined): number {
  return (row?.error_bytes ?? 0) + (row?.outputs_bytes ?? 0);
}

function isWhole({ error, error_bytes, outputs, outputs_bytes }: ResultSizes): boolean {
  const errorIsWhole = error_bytes === null || Buffer.byteLength(error ?? '') === error_bytes;
  return errorIsWhole && (outputs_bytes === null || outputs !== null);
}
