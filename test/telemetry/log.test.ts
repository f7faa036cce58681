import { expect, test } from 'vitest';
import { createLog, type LogFormat } from '../../src/telemetry/log.js';

const evil = 'a\u001b]0;owned\u0007b\u009b31mc\u202ed\ne';

function logged(format: LogFormat, write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  write(createLog({ level: 'info', format }, { write: (line) => (text += line) }));
  return text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const obeyed = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test.each(['human', 'json'] as const)('nothing that a terminal obeys is in the %s log', (format) => {
  const text = logged(format, (log) => {
    log.info({ worker: evil, [evil]: 1, list: [evil] }, evil);
    log.error({ err: new Error(evil) }, 'failed');
  });
  expect(text).not.toMatch(obeyed);
  expect(text).toContain('failed');
});

test('a message stays on one line of the human log, and a JSON entry keeps its value', () => {
  const [line] = logged('human', (log) => log.info({ worker: evil }, 'claimed')).split('\n');
  expect(line).toMatch(/ claimed worker=abc<U\+202E>d␊e$/);
  expect(JSON.parse(logged('json', (log) => log.info({ worker: evil }, 'claimed')))).toMatchObject({ worker: evil });
});
