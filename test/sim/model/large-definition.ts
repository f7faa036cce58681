import type { Random } from '../../crash/random.js';
import {
  always,
  type ConditionDef,
  type Definition,
  drawBackoff,
  finished,
  type JobDef,
  plain,
} from './definitions.js';

/** So many jobs that the server takes several transactions to make, to activate and to cancel a run. */
const largeJobs = 2_150;

/** From here on jobs are in another piece than what they need. */
const lastLayer = 2_060;

/** Longer texts are read in a thread, whose time no seed repeats. */
const textBytesMax = 32 * 1024;

/**
 * `free`: nothing holds any job. `fan`: all need the first. `layers`: so do all but the last, which need one of those
 * each, and some of which have conditions, so that what ends one piece of the run decides another.
 */
type Shape = 'free' | 'fan' | 'layers';

const conditions: readonly (ConditionDef | null)[] = [
  null,
  plain('failure()', ({ results }) => results.includes('failure')),
  plain(
    'success() || failure()',
    ({ results, runCancelled }) =>
      results.includes('failure') || (!runCancelled && results.every((result) => result === 'success')),
  ),
  always('always()', () => true),
];

export function drawLargeDefinition(random: Random, name: string): Definition {
  const shape: Shape = random.pick(['free', 'fan', 'layers', 'layers', 'layers']);
  const backoff = drawBackoff(random);
  const doesFail = shape !== 'free' && random.chance(0.5);
  const jobs = Array.from({ length: largeJobs }, (_, ord): JobDef => {
    const isLast = shape === 'layers' && ord >= lastLayer;
    return {
      ord,
      key: `j${ord}`,
      needs: ord === 0 || shape === 'free' ? [] : [isLast ? ord - lastLayer + 1 : 0],
      labels: [],
      priority: 0,
      retries: 0,
      backoff,
      timeoutSecs: null,
      condition: isLast ? (conditions[ord % conditions.length] ?? null) : null,
      command: ord === 0 && doesFail ? 'fail' : 'work',
      expressions: 'none',
    };
  });
  const text = yamlText(name, jobs);
  if (text.length > textBytesMax) throw new Error(`a definition of ${text.length} bytes is read in a thread`);
  return { ...finished(name, jobs), format: 'yaml', text };
}

/** Like jobs share one anchor: that is read sooner. */
function yamlText(name: string, jobs: readonly JobDef[]): string {
  const anchors = new Map<string, string>();
  const lines = jobs.map((job) => {
    const parts = [`run: ${job.command}`];
    if (job.needs.length > 0) parts.push(`needs: ${job.needs.map((ord) => `j${ord}`).join(', ')}`);
    if (job.condition !== null) parts.push(`if: "${job.condition.text}"`);
    const body = `{ ${parts.join(', ')} }`;
    const known = anchors.get(body);
    if (known !== undefined) return `  ${job.key}: *${known}`;
    anchors.set(body, job.key);
    return `  ${job.key}: &${job.key} ${body}`;
  });
  return [`name: ${name}`, 'on: push', 'jobs:', ...lines, ''].join('\n');
}
