import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { startServerProcess } from '../support/server-process.js';
import { startWorkerProcess } from '../support/worker-process.js';
import { everyLabel } from './every-label.js';

const guide = readFileSync(new URL('../../docs/guide.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/^## (.+)\n[\s\S]*?```yaml\n([\s\S]*?)```/gm)];

test('every file of the guide runs to success as printed', async () => {
  const server = await startServerProcess();
  const api = server.api();
  await startWorkerProcess(server, { labels: everyLabel, slots: 4 });
  expect(examples.length).toBeGreaterThan(5);
  for (const [, title, text] of examples) {
    const ended = await api.ended(await api.run(await api.define(text ?? '')));
    expect(ended.state, `${title}: ${JSON.stringify(states(ended))}`).toBe('success');
  }
});
