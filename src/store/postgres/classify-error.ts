/** `character_not_in_repertoire` and `untranslatable_character`: here they can only mean U+0000. */
export function isUnstorableText(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === '22021' || code === '22P05';
}

/**
 * `unique_violation`: another transaction has just stored the same, such as a run for the same request at another
 * server. A retry finds it; work that keeps failing so is itself at fault.
 */
export function isTakenByAnother(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}

/**
 * What a database error means for the failed work.
 *
 * - `again`: another transaction was in the way. Nothing was changed; the same work may run again at once.
 * - `lost`: the connection broke, or the database is going down, starting, or not the primary. The outcome of a
 *   commit that was under way is unknown.
 * - `refused`: the database cannot accept the work now, and an immediate retry would make it worse.
 * - `wrong`: the statement itself is at fault.
 */
export type ErrorClass = 'again' | 'lost' | 'refused' | 'wrong';

const again = new Set([
  '23505', // unique_violation
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
]);

const lost = new Set([
  '57P01', // admin_shutdown, also a terminated backend
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout
  '25006', // read_only_sql_transaction: a standby, or a primary that is stepping down
  '26000', // invalid_sql_statement_name: the session was reset under us
  '0A000', // feature_not_supported: "cached plan must not change result type", after a migration
  '53300', // too_many_connections
]);

const lostOnTheWay = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENOENT',
]);

export function classifyError(error: unknown): ErrorClass {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (again.has(code)) return 'again';
  if (lost.has(code) || code.startsWith('08') || lostOnTheWay.has(code)) return 'lost';
  if (code.startsWith('53') || code === '57014' || code.startsWith('58')) return 'refused';
  if (code === '' && /connection|timeout|socket|not queryable|closed/i.test(message)) return 'lost';
  return 'wrong';
}
