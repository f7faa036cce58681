import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { logStreams } from '../../domain/log-streams.js';
import { type Rows, rowSet } from '../row-set.js';
import type { Schema } from '../schema.js';
import { type StatementContext, statement } from '../statement.js';
import type { LogChunkTable } from '../tables/attempts.js';

const lineFeed = sql.lit('\n');

type ChunkRow = Pick<LogChunkTable, 'job' | 'attempt' | 'sequence' | 'stream'>;

const newChunks = rowSet({
  job: 'integer',
  attempt: 'integer',
  sequence: 'integer',
  stream: 'integer',
  at_ms: 'integer',
  data: 'text',
});

/** Stores chunks; skips those that exist. */
export const insertLogChunks = statement<{ rows: Rows<typeof newChunks> }, ChunkRow>(
  'insertLogChunks',
  ({ db, rows }) =>
    db
      .insertInto('log_chunks')
      .columns(['job', 'attempt', 'sequence', 'stream', 'at_ms', 'data'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', newChunks).as('r'))
          .select(['r.job', 'r.attempt', 'r.sequence', 'r.stream', 'r.at_ms', 'r.data'])
          .where(sql<boolean>`true`),
      )
      .onConflict((conflict) => conflict.columns(['job', 'attempt', 'sequence', 'stream']).doNothing())
      .returning(['job', 'attempt', 'sequence', 'stream']),
);

const newLines = rowSet({ job: 'integer', attempt: 'integer', stream: 'integer', at_ms: 'integer', data: 'text' });

/** Appends lines after the last chunk of some logs, or before everything to come when there is none. */
export const insertSystemLines = statement<{ rows: Rows<typeof newLines> }, ChunkRow>(
  'insertSystemLines',
  ({ db, rows }) =>
    db
      .insertInto('log_chunks')
      .columns(['job', 'attempt', 'sequence', 'stream', 'at_ms', 'data'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', newLines).as('r'))
          .select([
            'r.job',
            'r.attempt',
            sql<number>`coalesce((select max(c.sequence) from log_chunks as c
            where c.job = r.job and c.attempt = r.attempt), 0)`.as('sequence'),
            sql<number>`case when exists (select 1 from log_chunks as c
            where c.job = r.job and c.attempt = r.attempt) then r.stream else ${sql.lit(logStreams.systemFirst)} end`.as(
              'stream',
            ),
            'r.at_ms',
            'r.data',
          ])
          .where(sql<boolean>`true`),
      )
      .onConflict((conflict) => conflict.columns(['job', 'attempt', 'sequence', 'stream']).doNothing())
      .returning(['job', 'attempt', 'sequence', 'stream']),
);

const chunkKeys = rowSet({ job: 'integer', attempt: 'integer', sequence: 'integer', stream: 'integer' });

/** The stored ones of some chunks. */
export const storedLogChunks = statement<{ rows: Rows<typeof chunkKeys> }, ChunkRow>(
  'storedLogChunks',
  ({ db, rows }) =>
    db
      .selectFrom(rows('rows', chunkKeys).as('r'))
      .innerJoin('log_chunks as c', (join) =>
        join
          .onRef('c.job', '=', 'r.job')
          .onRef('c.attempt', '=', 'r.attempt')
          .onRef('c.sequence', '=', 'r.sequence')
          .onRef('c.stream', '=', 'r.stream'),
      )
      .select(['c.job', 'c.attempt', 'c.sequence', 'c.stream']),
);

/** A chunk of a job's log, with the gap of its attempt's log, and the bytes of the page before it. */
export type LogPageRow = Omit<LogChunkTable, 'job'> & { log_gap: string | null; before: number };

interface LogPageQuery {
  job: number;
  attempt: number;
  sequence: number;
  stream: number;
  limit: number;
  /** The page ends before the first chunk that would begin after so many bytes; it has at least one chunk. */
  maxBytes: number;
}

/**
 * A page of a job's log, all attempts in order, after a position. Chunks may be empty or megabytes long, so a page is
 * bounded both ways: the lengths are read first, which touches no text, and then the texts that fit.
 */
export const logPage = statement<LogPageQuery & { lastAttempt: number }, LogPageRow>('logPage', (context) => {
  const { db, integer } = context;
  const chunks = db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where(
      sql<boolean>`(attempt, sequence, stream) > (${integer('attempt')}, ${integer('sequence')}, ${integer('stream')})`,
    )
    .where('attempt', '<=', integer('lastAttempt'))
    .orderBy('attempt')
    .orderBy('sequence')
    .orderBy('stream');
  return fittingChunks(context, chunks, sql`attempt, sequence, stream`)
    .orderBy('c.attempt')
    .orderBy('c.sequence')
    .orderBy('c.stream');
});

/** A page of a job's log before a position, the last chunk first. */
export const logPageBefore = statement<LogPageQuery & { firstAttempt: number }, LogPageRow>(
  'logPageBefore',
  (context) => {
    const { db, integer } = context;
    const chunks = db
      .selectFrom('log_chunks')
      .where('job', '=', integer('job'))
      .where(
        sql<boolean>`(attempt, sequence, stream) < (${integer('attempt')}, ${integer('sequence')}, ${integer('stream')})`,
      )
      .where('attempt', '>=', integer('firstAttempt'))
      .orderBy('attempt', 'desc')
      .orderBy('sequence', 'desc')
      .orderBy('stream', 'desc');
    return fittingChunks(context, chunks, sql`attempt desc, sequence desc, stream desc`)
      .orderBy('c.attempt', 'desc')
      .orderBy('c.sequence', 'desc')
      .orderBy('c.stream', 'desc');
  },
);

/**
 * The first of some ordered chunks, as far as their lengths together fit a page. The job comes from them too: for a
 * comparison with the parameter PostgreSQL would read all chunks of the job for each position.
 */
function fittingChunks<P extends LogPageQuery>(
  { db, integer }: StatementContext<P>,
  chunks: SelectQueryBuilder<Schema, 'log_chunks', object>,
  order: RawBuilder<unknown>,
) {
  const lengths = chunks
    .limit(integer('limit'))
    .select(['job', 'attempt', 'sequence', 'stream', sql<number>`octet_length(data)`.as('bytes')]);
  const places = db
    .selectFrom(lengths.as('lengths'))
    .select([
      'lengths.job',
      'lengths.attempt',
      'lengths.sequence',
      'lengths.stream',
      sql<number>`sum(bytes) over (order by ${order} rows unbounded preceding) - bytes`.as('before'),
    ]);
  return db
    .selectFrom(places.as('places'))
    .innerJoin('log_chunks as c', (join) =>
      join
        .onRef('c.job', '=', 'places.job')
        .onRef('c.attempt', '=', 'places.attempt')
        .onRef('c.sequence', '=', 'places.sequence')
        .onRef('c.stream', '=', 'places.stream'),
    )
    .leftJoin('attempts as a', (join) => join.onRef('a.job', '=', 'c.job').onRef('a.number', '=', 'c.attempt'))
    .where('places.before', '<', integer('maxBytes'))
    .select(['c.attempt', 'c.sequence', 'c.stream', 'c.at_ms', 'c.data', 'a.log_gap', 'places.before']);
}

/** The lengths of an attempt's chunks after a position. */
export const logSizes = statement<
  { job: number; attempt: number; sequence: number; stream: number; limit: number },
  Pick<LogChunkTable, 'sequence' | 'stream'> & { bytes: number }
>('logSizes', ({ db, integer }) =>
  db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where(sql<boolean>`(sequence, stream) > (${integer('sequence')}, ${integer('stream')})`)
    .orderBy('sequence')
    .orderBy('stream')
    .limit(integer('limit'))
    .select(['sequence', 'stream', sql<number>`octet_length(data)`.as('bytes')]),
);

/** A chunk's place, its length, its line feeds, and whether its last line goes on. */
export type LogLineCountRow = Pick<LogChunkTable, 'sequence' | 'stream'> & {
  bytes: number;
  line_feeds: number;
  goes_on: number;
};

/** How many lines end in an attempt's chunks after a position. */
export const logLineCounts = statement<
  { job: number; attempt: number; sequence: number; stream: number; limit: number },
  LogLineCountRow
>('logLineCounts', ({ db, integer }) =>
  db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where(sql<boolean>`(sequence, stream) > (${integer('sequence')}, ${integer('stream')})`)
    .orderBy('sequence')
    .orderBy('stream')
    .limit(integer('limit'))
    .select([
      'sequence',
      'stream',
      sql<number>`octet_length(data)`.as('bytes'),
      sql<number>`octet_length(data) - octet_length(replace(data, ${lineFeed}, ''))`.as('line_feeds'),
      sql<number>`case when data = '' or substr(data, length(data), 1) = ${lineFeed} then 0 else 1 end`.as('goes_on'),
    ]),
);

/** A page of an attempt's stdout after a sequence, as `logPage` bounds it. */
export const stdoutPage = statement<
  { job: number; attempt: number; sequence: number; lastSequence: number; limit: number; maxBytes: number },
  Pick<LogChunkTable, 'sequence' | 'data'>
>('stdoutPage', ({ db, integer }) => {
  const lengths = db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where('sequence', '>', integer('sequence'))
    .where('sequence', '<=', integer('lastSequence'))
    .where('stream', '=', sql.lit(1))
    .orderBy('sequence')
    .limit(integer('limit'))
    .select(['job', 'attempt', 'sequence', 'stream', sql<number>`octet_length(data)`.as('bytes')]);
  const places = db
    .selectFrom(lengths.as('lengths'))
    .select([
      'lengths.job',
      'lengths.attempt',
      'lengths.sequence',
      'lengths.stream',
      sql<number>`sum(bytes) over (order by sequence rows unbounded preceding) - bytes`.as('before'),
    ]);
  return db
    .selectFrom(places.as('places'))
    .innerJoin('log_chunks as c', (join) =>
      join
        .onRef('c.job', '=', 'places.job')
        .onRef('c.attempt', '=', 'places.attempt')
        .onRef('c.sequence', '=', 'places.sequence')
        .onRef('c.stream', '=', 'places.stream'),
    )
    .where('places.before', '<', integer('maxBytes'))
    .orderBy('c.sequence')
    .select(['c.sequence', 'c.data']);
});

/** The last non-empty chunk of an attempt's stdout up to a sequence. */
export const lastStdout = statement<
  { job: number; attempt: number; sequence: number; lastSequence: number },
  Pick<LogChunkTable, 'data'>
>('lastStdout', ({ db, integer }) =>
  db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where('sequence', '>', integer('sequence'))
    .where('sequence', '<=', integer('lastSequence'))
    .where('stream', '=', sql.lit(1))
    .where('data', '<>', sql.lit(''))
    .orderBy('sequence', 'desc')
    .limit(sql.lit(1))
    .select('data'),
);

/** The stdout of an attempt that may announce a step, after a sequence. The compiled script announces each in one write. */
export const stepChunks = statement<
  { job: number; attempt: number; sequence: number; limit: number },
  { sequence: number; at_ms: number; data: string }
>('stepChunks', ({ db, integer }) =>
  db
    .selectFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where('sequence', '>', integer('sequence'))
    .where('stream', '=', sql.lit(logStreams.stdout))
    .where('data', 'like', sql.lit('%::step %'))
    .orderBy('sequence')
    .limit(integer('limit'))
    .select(['sequence', 'at_ms', 'data']),
);

/** Deletes the chunks of an attempt after one position and up to another. */
export const deleteLogRange = statement<
  { job: number; attempt: number; sequence: number; stream: number; lastSequence: number; lastStream: number },
  never
>('deleteLogRange', ({ db, integer }) =>
  db
    .deleteFrom('log_chunks')
    .where('job', '=', integer('job'))
    .where('attempt', '=', integer('attempt'))
    .where(sql<boolean>`(sequence, stream) > (${integer('sequence')}, ${integer('stream')})`)
    .where(sql<boolean>`(sequence, stream) <= (${integer('lastSequence')}, ${integer('lastStream')})`),
);

const loggedAttempts = rowSet({ job: 'integer', attempt: 'integer' });

/** Deletes the logs of released attempts. */
export const deleteLogsOfAttempts = statement<{ rows: Rows<typeof loggedAttempts> }, never>(
  'deleteLogsOfAttempts',
  ({ db, rows }) =>
    db
      .deleteFrom('log_chunks')
      .where((eb) =>
        eb(
          eb.refTuple('log_chunks.job', 'log_chunks.attempt'),
          'in',
          eb.selectFrom(rows('rows', loggedAttempts).as('r')).select(['r.job', 'r.attempt']).$asTuple('job', 'attempt'),
        ),
      ),
);
