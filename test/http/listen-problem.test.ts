import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config.js';
import { listenProblem } from '../../src/http/listen-problem.js';

const systemError = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

test.each([
  [
    'EADDRNOTAVAIL',
    /^Cannot listen on 192\.0\.2\.1, port 3000: this machine has no such address; set HOST .*\(EADDRNOTAVAIL\)$/,
  ],
  ['ENOTFOUND', /no such name is known; set HOST/],
  ['EAI_AGAIN', /the name cannot be looked up now; set HOST/],
  ['EACCES', /the system does not allow it; set PORT to 1024 or more/],
  ['EADDRINUSE', /it is taken, and so are those after it; set PORT/],
])('%s is reported with the address and a remedy', (code, message) => {
  const problem = listenProblem('192.0.2.1', 3000, systemError(code));
  expect(problem).toBeInstanceOf(ConfigError);
  expect((problem as ConfigError).message).toMatch(message);
});

test('an unexpected error stays unchanged', () => {
  const bug = new TypeError('a bug');
  expect(listenProblem('127.0.0.1', 3000, bug)).toBe(bug);
  const full = systemError('EMFILE');
  expect(listenProblem('127.0.0.1', 3000, full)).toBe(full);
});
