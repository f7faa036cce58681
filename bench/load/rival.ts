import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A job library that works directly on the database, without a server. */
export type Rival = 'graphile-worker' | 'pg-boss';

/** One call per job, or many jobs per call as its documentation recommends for throughput. */
export type RivalMode = 'single' | 'batches';

/** Whole lives per second of a library that adds and executes no-op jobs in one process. Errors: it failed. */
export async function rivalLives(
  rival: Rival,
  load: { url: string; mode: RivalMode; measuredMs: number; warmUpMs: number },
): Promise<number> {
  const file = fileURLToPath(new URL(`../../../bench/rivals/${rival}.js`, import.meta.url));
  const args = [file, load.url, load.mode, String(load.measuredMs), String(load.warmUpMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${rival} ended with ${code}`);
  return (JSON.parse(printed) as { perSec: number }).perSec;
}
