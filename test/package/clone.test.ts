import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { scaled } from '../support/machine.js';
import { startProcess } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { bytesIn } from './bytes-in.js';
import { withoutNpm } from './without-npm.js';

const root = join(import.meta.dirname, '../..');

test(
  'npm start installs and builds in a clone what running needs, without the tools of the tests',
  async () => {
    const room = temporaryFolder();
    const [clone, home] = [join(room, 'clone'), join(room, 'home')];
    mkdirSync(home);
    expect(spawnSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone]).status).toBe(0);
    const settings = join(homedir(), '.npmrc');
    const env = {
      ...withoutNpm(process.env),
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: home,
      npm_config_cache: join(home, 'cache'),
      ...(existsSync(settings) ? { npm_config_userconfig: settings } : {}),
    };
    const args = ['start', '--', '--port', '0', '--data', join(room, 'data')];
    const started = startProcess('npm', args, { cwd: clone, env });
    for (const step of [
      /installing packages, \d+ MB, about/,
      /bundling the program, about/,
      /building the page, about/,
    ]) {
      await started.printed(step);
    }
    const [, url = ''] = await started.printed(/is up at (http:\/\/[\d.:]+)/);
    expect(await (await fetch(url)).text()).toContain('<div id="page">');
    await started.printed(/worker \S+ registered with/);
    expect(
      ['vitest', '@biomejs', '@bufbuild/buf', 'node'].filter((name) => existsSync(join(clone, 'node_modules', name))),
    ).toEqual([]);
    const megabytes = bytesIn(clone, { without: '.git' }) / 1e6;
    console.log(`a clone that runs: ${megabytes.toFixed(0)} MB`);
    expect(megabytes).toBeLessThan(250);
    started.signal('SIGTERM');
    await started.ended;
  },
  scaled(300_000),
);
