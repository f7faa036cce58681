import { expect } from 'vitest';
import type { Engines } from './engines.js';
import type { JournalLoad } from './journal-load.js';

/** Waits for every run to end, then compares what clients were told with what is stored. */
export async function finishAndCompare(engines: Engines, load: JournalLoad): Promise<void> {
  await load.finish(async () => (await engines.query('select 1 from runs where open > 0 limit 1')).length === 0);
  const { journal } = load;
  expect([...journal.claimed].filter(([, count]) => count > 1)).toEqual([]);

  const stored = await engines.query<{ run: string; key: string; number: string; outcome: string; outputs: string }>(
    `select n.id as run, v.key, a.number, a.outcome, j.outputs
     from attempts a join jobs j on j.id = a.job join runs n on n.no = j.id / 1048576
     join version_jobs v on v.version = n.version and v.ord = j.id % 1048576`,
  );
  const outcomes = new Map(stored.map((row) => [`${row.run}/${row.key}/${row.number}`, row]));
  const lost = [...journal.completed].filter((key) => outcomes.get(key)?.outcome !== 'success');
  expect(lost).toEqual([]);
  const others = [...journal.completed].filter((key) => outcomes.get(key)?.outputs !== JSON.stringify({ by: key }));
  expect(others).toEqual([]);
  const successes = new Map<string, number>();
  for (const row of stored) {
    const job = `${row.run}/${row.key}`;
    if (row.outcome === 'success') successes.set(job, (successes.get(job) ?? 0) + 1);
  }
  expect([...successes].filter(([, count]) => count !== 1)).toEqual([]);

  const runs = new Set((await engines.query<{ id: string }>('select id from runs')).map((run) => run.id));
  expect([...journal.runs].filter((run) => !runs.has(run))).toEqual([]);
  const [wrong] = await engines.query(
    `select count(*)::int as count from jobs where state not in ('success', 'failure', 'skipped')`,
  );
  expect(wrong).toEqual({ count: 0 });
  const [events] = await engines.query('select max(number)::int - count(*)::int as missing from events');
  expect(events).toEqual({ missing: 0 });
}
