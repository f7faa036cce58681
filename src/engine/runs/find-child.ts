import type { Connection } from '../../store/connection.js';
import { childByIndex } from '../../store/statements/matrix-children.js';

/** A child of a run by its key, such as `test.3`; null when the run has none of that key. */
export async function findChild(
  connection: Connection,
  { no, version }: { readonly no: number; readonly version: number },
  key: string,
): Promise<{ readonly id: number; readonly ord: number } | null> {
  const parts = /^(.+)\.(0|[1-9][0-9]{0,4})$/.exec(key);
  if (parts === null) return null;
  const [, group = '', index = ''] = parts;
  const [child] = await childByIndex.run(connection, { version, run: no, group, index: Number(index) });
  return child ?? null;
}
