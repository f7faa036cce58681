import { StoreError } from '../store.js';
import type { PostgresSession } from './session.js';

const settings = ['fsync', 'synchronous_commit', 'full_page_writes'];

/**
 * Refuses a database that acknowledges commits before they are on its disk. Errors: `StoreError` that names the
 * settings and the way out.
 */
export async function refuseUnsafeDurability(session: PostgresSession): Promise<void> {
  const rows = await session.query('select name, setting from pg_settings where name = any($1)', [settings]);
  const off = rows.filter((row) => row.setting === 'off').map((row) => row.name);
  if (off.length === 0) return;
  throw new StoreError(
    `PostgreSQL runs with ${off.map((name) => `${name}=off`).join(' and ')}: it acknowledges changes before they are on disk, so a crash could lose ` +
      'acknowledged work. Turn it on, or set INSECURE_DURABILITY=true to accept that.',
  );
}
