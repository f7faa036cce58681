import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workerCommand } from '../../src/cli/worker.js';
import { loadConfig, settings } from '../../src/config.js';

const deploy = join(import.meta.dirname, '../../deploy');
const read = (file: string) => readFileSync(join(deploy, file), 'utf8');

/** What a server reads from its environment. */
const known = new Set<string>(Object.values(settings).map(({ env }) => env));

/** What a worker reads from its environment. */
const knownToWorkers = new Set(
  workerCommand()
    .options.map(({ envVar }) => envVar)
    .filter((name) => name !== undefined),
);

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

  it('sets only settings that a worker has', () => {
    const names = Object.keys(file.services.worker?.environment ?? {});
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !knownToWorkers.has(name))).toEqual([]);
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
    const lines = [...read('Dockerfile').matchAll(/^ENV (.+)$/gm)].map(([, line]) => line ?? '');
    const names = lines.flatMap((line) => line.split(' ')).map((pair) => pair.split('=')[0] ?? '');
    expect(names).toContain('DATA_DIR');
    expect(names.filter((name) => name !== 'NODE_ENV' && !known.has(name) && !knownToWorkers.has(name))).toEqual([]);
  });
});

describe('what the image is built from', () => {
  it('holds every file that it copies, and no packages or databases of this machine', () => {
    const lines = readFileSync(join(deploy, '../.dockerignore'), 'utf8').split('\n');
    const letIn = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, from]) => from?.split(' ') ?? [],
    );
    expect(lines).toContain('*');
    expect(copied.filter((path) => !letIn.some((name) => path === name || path.startsWith(`${name}/`)))).toEqual([]);
    expect(letIn.filter((name) => ['data', 'node_modules', '.git'].includes(name))).toEqual([]);
  });
});

describe('the systemd unit', () => {
  it('sets only settings that there are', () => {
    const [, line = ''] = /^Environment=(.+)$/m.exec(read('systemd/workflow-graph.service')) ?? [];
    const names = line.split(' ').map((pair) => pair.split('=')[0] ?? '');
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  const units = ['workflow-graph.service', 'workflow-graph-worker.service'];
  it.runIf(has('systemd-analyze', '--version')).each(units)('%s is one that systemd takes', (unit) => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', join(deploy, 'systemd', unit)]);
    expect(`${stderr}`).toBe('');
  });

  it('of the worker names only settings that a worker has', () => {
    const names = [...read('systemd/workflow-graph-worker.service').matchAll(/^#\s+([A-Z_]+)=/gm)].map(
      ([, name]) => name ?? '',
    );
    expect(names.length).toBe(4);
    expect(names.filter((name) => !knownToWorkers.has(name))).toEqual([]);
  });
});

describe('the unit that install.sh writes', () => {
  const script = read('worker/install.sh');
  const [, written = ''] = /^cat >"\$unit" <<END\n(.*?)^END$/ms.exec(script) ?? [];

  it("is the worker's unit, with the program and the settings that the script installs", () => {
    const [, shipped = ''] = /^(\[Unit\].*)$/ms.exec(read('systemd/workflow-graph-worker.service')) ?? [];
    const place = (text: string) => text.replace(/^(ExecStart=).* (--drain-timeout \d+)$/m, '$1program $2');
    const settings = /^settings=(.*)$/m.exec(script)?.[1] ?? '';
    expect(place(written).replace('$settings', settings)).toBe(place(shipped));
  });

  it('reads only settings that a worker has', () => {
    const [, lines = ''] = /^ {2}cat >"\$settings" <<END\n(.*?)^END$/ms.exec(script) ?? [];
    const names = [...lines.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBe(4);
    expect(names.filter((name) => !knownToWorkers.has(name))).toEqual([]);
  });
});

describe('the chart', () => {
  const values = parse(read('helm/workflow-graph/values.yaml')) as Record<string, unknown>;
  const templates = ['_names.tpl', 'server.yaml', 'scheduler.yaml', 'workers.yaml'].map((file) =>
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
    expect(names.filter((name) => !known.has(name) && !knownToWorkers.has(name))).toEqual([]);
  });

  it('opens as many blocks as it closes', () => {
    for (const template of templates) {
      const opened = [...template.matchAll(/\{\{-? (if|range|define|with) /g)].length;
      expect([...template.matchAll(/\{\{-? end /g)]).toHaveLength(opened);
    }
  });
});
