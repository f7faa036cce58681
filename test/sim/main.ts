import { runSeed } from './run-seed.js';

const from = Number(process.argv[2] ?? 1),
  count = Number(process.argv[3] ?? 1);
const started = performance.now();
let events = 0;
for (let seed = from; seed < from + count; seed++) {
  const r = await runSeed({ seed, length: 1, tell: process.argv[4] === 'trace' ? (l) => console.log(l) : null });
  events += r.events;
  if (r.violations.length > 0)
    console.log(seed, r.hash, r.events, r.violations.slice(0, 2).join('\n   ').slice(0, 900));
}
console.log(events, 'events', Math.round((events / (performance.now() - started)) * 60_000), '/min');
