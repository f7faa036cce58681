import type { Job } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';

export type NamedJob = Pick<Job, 'id' | 'name'>;

/**
 * How lists name a job: by its id, and a child of a job with a matrix also by its values: `test.4 (mac, 2)`.
 *
 * @param node the job with the matrix; undefined if the job is no child
 */
export function jobTitle({ id, name }: NamedJob, node: NamedJob | undefined): string {
  if (node === undefined || name === '' || name === id) return escapeLine(id);
  const [prefix] = [node.name, node.id].filter((text) => text !== '' && name.startsWith(`${text} (`));
  return escapeLine(prefix === undefined ? `${id} (${name})` : `${id} ${name.slice(prefix.length + 1)}`);
}
