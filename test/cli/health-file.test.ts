import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writingHealthFile } from '../../src/cli/health-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const registered = { type: 'registered', workerId: 'w', serverUrl: 'http://ci', labels: [], slots: 1 } as const;

test('the file is rewritten periodically while the server answers, and only then', () => {
  const file = join(temporaryFolder(), 'health');
  const logger = writingHealthFile(() => {}, file);
  const isWritten = () => {
    rmSync(file, { force: true });
    vi.advanceTimersByTime(20_000);
    return existsSync(file);
  };
  expect(isWritten()).toBe(false);
  logger(registered);
  expect(existsSync(file)).toBe(true);
  expect(isWritten()).toBe(true);
  logger({ type: 'server-away', serverUrl: 'http://ci', code: 'ECONNREFUSED' });
  expect(isWritten()).toBe(false);
  logger({ type: 'server-back', serverUrl: 'http://ci', awayMs: 1 });
  expect(isWritten()).toBe(true);
  logger({ type: 'stopped' });
  expect(existsSync(file)).toBe(false);
  expect(isWritten()).toBe(false);
});

test('a second file is written until the worker stops, also while the server is away', () => {
  const file = join(temporaryFolder(), 'health-alive');
  const logger = writingHealthFile(() => {}, file.replace(/-alive$/, ''));
  const isWritten = () => {
    rmSync(file, { force: true });
    vi.advanceTimersByTime(20_000);
    return existsSync(file);
  };
  expect(existsSync(file)).toBe(true);
  expect(isWritten()).toBe(true);
  logger(registered);
  logger({ type: 'server-away', serverUrl: 'http://ci', code: 'ECONNREFUSED' });
  expect(isWritten()).toBe(true);
  logger({ type: 'stopped' });
  expect(existsSync(file)).toBe(false);
  expect(isWritten()).toBe(false);
});

test('a file that cannot be written is reported once', () => {
  const said: string[] = [];
  const logger = writingHealthFile(
    (event) => void (event.type === 'warning' && said.push(event.message)),
    '/nowhere/x',
  );
  logger(registered);
  vi.advanceTimersByTime(20_000);
  expect(said).toEqual([expect.stringContaining('--health-file: ENOENT')]);
});

test('the probes of the chart take a file of the last two minutes, and neither an old one nor none', () => {
  const template = readFileSync(
    join(import.meta.dirname, '../../deploy/helm/workflow-graph/templates/workers.yaml'),
    'utf8',
  );
  const [, path = ''] = /name: WORKER_HEALTH_FILE\s+value: (\S+)/.exec(template) ?? [];
  const commandOf = (probe: string) =>
    JSON.parse(
      new RegExp(`${probe}Probe:\\s+exec: \\{ command: (\\[.*\\]) \\}`).exec(template)?.[1] ?? '[]',
    ) as string[];
  const file = join(temporaryFolder(), 'health');
  const passes = (probe: string) => {
    const command = commandOf(probe);
    const [program = '', ...args] = command.map((arg) => arg.replace(path, file));
    expect([program, ...args]).not.toEqual(command);
    return spawnSync(program, args).status === 0;
  };
  expect([passes('readiness'), passes('liveness')]).toEqual([false, false]);
  vi.useRealTimers();
  const logger = writingHealthFile(() => {}, file);
  expect([passes('readiness'), passes('liveness')]).toEqual([false, true]);
  logger(registered);
  expect([passes('readiness'), passes('liveness')]).toEqual([true, true]);
  const old = new Date(Date.now() - 300_000);
  utimesSync(file, old, old);
  expect([passes('readiness'), passes('liveness')]).toEqual([false, true]);
  utimesSync(`${file}-alive`, old, old);
  expect(passes('liveness')).toBe(false);
  logger({ type: 'stopped' });
});

test('the health check of the image takes a file of the last minute, and neither an old one nor none', () => {
  const stage =
    readFileSync(join(import.meta.dirname, '../../deploy/Dockerfile'), 'utf8').split(/ AS worker\n/)[1] ?? '';
  const [, path = ''] = /WORKER_HEALTH_FILE=(\S+)/.exec(stage) ?? [];
  const [, command = '[]'] = /HEALTHCHECK[^[]*(\[.*\])/.exec(stage) ?? [];
  const [, ...args] = JSON.parse(command) as string[];
  const file = join(temporaryFolder(), 'health');
  const isHealthy = () => {
    const inImage = args.map((arg) => arg.replace(path, file));
    expect(inImage).not.toEqual(args);
    return spawnSync(process.execPath, inImage).status === 0;
  };
  expect(isHealthy()).toBe(false);
  vi.useRealTimers();
  writingHealthFile(() => {}, file)(registered);
  expect(isHealthy()).toBe(true);
  utimesSync(file, new Date(), new Date(Date.now() - 100_000));
  expect(isHealthy()).toBe(false);
});
