import { expect, test } from 'vitest';
import { isOlder } from '../../src/cli/newer-server.js';

test.each([
  ['0.1.0', '0.1.1', true],
  ['0.9.0', '0.10.0', true],
  ['1.9.9', '2.0.0', true],
  ['0.1.0', '0.1.0', false],
  ['0.2.0', '0.1.9', false],
  ['2.0.0', '1.9.9', false],
  ['0.1.0', '0.1.0-rc.1', false],
  ['unknown', '0.1.0', false],
  ['0.1.0', 'unknown', false],
])('a worker of version %s beside a server of %s is older: %s', (worker, server, expected) => {
  expect(isOlder(worker, server)).toBe(expected);
});
