import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig, settings } from '../../src/config.js';

const deploy = join(import.meta.dirname, '../../deploy');
const read = (file: string) => readFileSync(join(deploy, file), 'utf8');

/** What a server reads from its environment. */
const known = new Set<string>(Object.values(settings).map(({ env }) => env));

function has(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

describe('compose', () => {
  const file = parse(read('compose/compose.yaml')) as {
    services: Record<
      string,
      { environment?: Record<string, string>; volumes?: string[]; build?: { dockerfile: string } }
    >;
  };

  it('sets only settings that there are, to values that are accepted', () => {
    const { environment = {} } = file.services.server ?? {};
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
    expect(loadConfig(environment).databaseUrl).toBe(environment.DATABASE_URL);
  });

  it('mounts and builds from files that are there', () => {
    const sources = Object.values(file.services)
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((source) => source.startsWith('.'));
    expect(sources.length).toBeGreaterThan(1);
    expect(sources.filter((source) => !existsSync(join(deploy, 'compose', source)))).toEqual([]);
    expect(existsSync(join(deploy, '..', file.services.server?.build?.dockerfile ?? ''))).toBe(true);
  });
});

describe('the image', () => {
  it('copies what is there', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, from]) => from?.split(' ') ?? [],
    );
    expect(copied).toContain('src');
    expect(copied.filter((path) => !existsSync(join(deploy, '..', path)))).toEqual([]);
  });

  it('sets only settings that there are', () => {
    const [, line = ''] = /^ENV (.+)$/m.exec(read('Dockerfile')) ?? [];
    const names = line.split(' ').map((pair) => pair.split('=')[0] ?? '');
    expect(names.filter((name) => name !== 'NODE_ENV' && !known.has(name))).toEqual([]);
  });
});

describe('the systemd unit', () => {
  it('sets only settings that there are', () => {
    const [, line = ''] = /^Environment=(.+)$/m.exec(read('systemd/workflow-graph.service')) ?? [];
    const names = line.split(' ').map((pair) => pair.split('=')[0] ?? '');
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it.runIf(has('systemd-analyze', '--version'))('is one that systemd takes', () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', join(deploy, 'systemd/workflow-graph.service')]);
    expect(`${stderr}`).toBe('');
  });
});

describe('the chart', () => {
  const values = parse(read('helm/workflow-graph/values.yaml')) as Record<string, unknown>;
  const templates = ['_names.tpl', 'server.yaml', 'scheduler.yaml'].map((file) =>
    read(`helm/workflow-graph/templates/${file}`),
  );

  it('uses only values that have a default', () => {
    const used = [...templates.join('\n').matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path ?? '');
    const missing = used.filter(
      (path) =>
        path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], values) ===
        undefined,
    );
    expect(used.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it('sets only settings that there are', () => {
    const names = [...templates.join('\n').matchAll(/- name: ([A-Z_]+)$/gm)].map(([, name]) => name ?? '');
    expect(names).toContain('DATABASE_URL');
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('opens as many blocks as it closes', () => {
    for (const template of templates) {
      const opened = [...template.matchAll(/\{\{-? (if|range|define|with) /g)].length;
      expect([...template.matchAll(/\{\{-? end /g)]).toHaveLength(opened);
    }
  });
});
