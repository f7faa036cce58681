import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('several commands that open a new database at once all find its tables', async () => {
  const data = join(temporaryFolder(), 'data');
  const commands = Array.from({ length: 4 }, (_, at) =>
    startProgram(['token', 'create', '--name', `t${at}`, '--scope', 'read', '--data', data], { env: {} }),
  );
  const ends = await Promise.all(commands.map(({ ended }) => ended));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
});
