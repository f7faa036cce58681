import { sql } from 'kysely';
import type { LogChunkTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

type ChunkRow = Pick<LogChunkTable, 'job' | 'attempt' | 'sequence' | 'stream'>;

/** Stores chunks; one that is there already is passed over. Rows: job, attempt, sequence, stream, time, data. */
export const insertLogChunks = statement<{ rows: Cells }, ChunkRow>('insertLogChunks', ({ db, rows }) =>
  db
    .insertInto('log_chunks')
    .columns(['job', 'attempt', 'sequence', 'stream', 'at_ms', 'data'])
    .expression((eb) =>
      eb
        .selectFrom(
          rows<LogChunkTable>('rows', {
            job: 'integer',
            attempt: 'integer',
            sequence: 'integer',
            stream: 'integer',
            at_ms: 'integer',
            data: 'text',
          }).as('r'),
        )
        .select(['r.job', 'r.attempt', 'r.sequence', 'r.stream', 'r.at_ms', 'r.data'])
        .where(sql<boolean>`true`),
    )
    .onConflict((conflict) => conflict.columns(['job', 'attempt', 'sequence', 'stream']).doNothing())
    .returning(['job', 'attempt', 'sequence', 'stream']),
);

/** Which of some chunks are stored. Rows: job, attempt, sequence, stream. */
export const storedLogChunks = statement<{ rows: Cells }, ChunkRow>('storedLogChunks', ({ db, rows }) =>
  db
    .selectFrom(
      rows<ChunkRow>('rows', { job: 'integer', attempt: 'integer', sequence: 'integer', stream: 'integer' }).as('r'),
    )
    .innerJoin('log_chunks as c', (join) =>
      join
        .onRef('c.job', '=', 'r.job')
        .onRef('c.attempt', '=', 'r.attempt')
        .onRef('c.sequence', '=', 'r.sequence')
        .onRef('c.stream', '=', 'r.stream'),
    )
    .select(['c.job', 'c.attempt', 'c.sequence', 'c.stream']),
);

/** A page of a job's log, all attempts in order, after a position. */
export const logPage = statement<
  { job: number; attempt: number; sequence: number; stream: number; lastAttempt: number; limit: number },
  Omit<LogChunkTable, 'job'>
>('logPage', ({ db, integer }) =>
  db
    .selectFrom('log_chunks as c')
    .where('c.job', '=', integer('job'))
    .where(
      sql<boolean>`(c.attempt, c.sequence, c.stream) > (${integer('attempt')}, ${integer('sequence')}, ${integer('stream')})`,
    )
    .where('c.attempt', '<=', integer('lastAttempt'))
    .orderBy('c.attempt')
    .orderBy('c.sequence')
    .orderBy('c.stream')
    .limit(integer('limit'))
    .select(['c.attempt', 'c.sequence', 'c.stream', 'c.at_ms', 'c.data']),
);

/** A page of an attempt's stdout after a sequence. */
export const stdoutPage = statement<
  { job: number; attempt: number; sequence: number; limit: number },
  Pick<LogChunkTable, 'sequence' | 'data'>
>('stdoutPage', ({ db, integer }) =>
  db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where('sequence', '>', integer('sequence'))
    .where('stream', '=', sql.lit(1))
    .orderBy('sequence')
    .limit(integer('limit'))
    .select(['sequence', 'data']),
);

/** Deletes what was logged under attempts that were given back. Rows: job, attempt. */
export const deleteLogsOfAttempts = statement<{ rows: Cells }, never>('deleteLogsOfAttempts', ({ db, rows }) =>
  db.deleteFrom('log_chunks').where((eb) =>
    eb(
      eb.refTuple('log_chunks.job', 'log_chunks.attempt'),
      'in',
      eb
        .selectFrom(rows<{ job: number; attempt: number }>('rows', { job: 'integer', attempt: 'integer' }).as('r'))
        .select(['r.job', 'r.attempt'])
        .$asTuple('job', 'attempt'),
    ),
  ),
);
