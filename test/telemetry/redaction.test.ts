import { expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.js';

it.each(['json', 'human'] as const)('a %s log shows no credential and no lease, wherever they stand', (format) => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format }, { write: (line) => void lines.push(line) });
  const secret = 'wfg_secret';
  log.info({ authorization: secret }, 'at the top');
  log.info({ headers: { authorization: secret } }, 'in headers');
  log.info({ request: { authorization: secret } }, 'in a request');
  log.info({ lease_id: secret }, 'a lease');
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).not.toContain(secret);
    expect(line).toContain('(hidden)');
  }
});
