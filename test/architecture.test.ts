import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The packages that a word of the table stands for. */
const packages: Readonly<Record<string, readonly RegExp[]>> = {
  kysely: [/^kysely(\/|$)/],
  drivers: [/^better-sqlite3$/, /^pg$/],
  yaml: [/^yaml$/],
  croner: [/^croner$/],
  re2js: [/^re2js$/],
  Connect: [/^@connectrpc\//, /^@bufbuild\//],
  Fastify: [/^fastify$/, /^@fastify\//, /^@connectrpc\/connect-fastify$/],
};

/** Packages of the whole program: they carry no structure of their own. */
const anywhere = [
  /^pino$/,
  /^lru-cache$/,
  /^commander$/,
  /^chokidar$/,
  /^prom-client$/,
  /^@opentelemetry\//,
  /^string-width$/,
  /^fastest-levenshtein$/,
];

interface Rule {
  readonly room: string;
  readonly may: readonly string[];
}

function rules(): Rule[] {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  return [...text.matchAll(/^\| ([a-z/]*[a-z]) \| ([^|]+) \| [^|]+ \|$/gm)]
    .filter(([, room]) => room !== 'room')
    .map(([, room, may]) => ({ room: room ?? '', may: (may ?? '').split(',').map((word) => word.trim()) }));
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('/gen'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [
    ...text.matchAll(/(?:^|\n)(?:import|export)[^;'"]*?from '([^']+)'|(?:^|\n)import '([^']+)'|import\('([^']+)'\)/g),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** The room that an import leads to: `engine`, `gen`, the stem of a file directly in src, or the package itself. */
function target(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const path = relative(root, join(dirname(file), specifier));
  const [top, second = ''] = path.split('/');
  if (top === 'src') return second.replace(/\.js$/, '');
  return top === 'clients' ? `clients/${second}` : (top ?? '');
}

function isAllowed(rule: Rule, to: string): boolean {
  if (to.startsWith('node:')) return rule.room !== 'domain';
  if (anywhere.some((pattern) => pattern.test(to))) return rule.room !== 'domain';
  if (to === '#client') return rule.may.includes('clients/typescript');
  return rule.may.some((word) => word === to || (packages[word] ?? []).some((pattern) => pattern.test(to)));
}

const inSource = rules().filter(({ room }) => !room.startsWith('clients'));

describe('the table of ARCHITECTURE.md', () => {
  it('has a row for each room of src', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(inSource.map(({ room }) => room).sort()).toEqual(rooms.sort());
  });

  it.each(inSource.map((rule) => [rule.room, rule] as const))('holds for src/%s', (room, rule) => {
    const files = sources(`src/${room}`);
    expect(files.length).toBeGreaterThan(0);
    const broken = files.flatMap((file) =>
      importsOf(file)
        .map((specifier) => ({ specifier, to: target(file, specifier) }))
        .filter(({ to }) => !isAllowed(rule, to))
        .map(({ specifier }) => `${relative(root, file)} imports ${specifier}`),
    );
    expect(broken).toEqual([]);
  });

  it('keeps clock and chance out of the domain', () => {
    const broken = sources('src/domain').filter((file) =>
      /Date\.now|new Date\(\)|Math\.random|performance\.now/.test(readFileSync(file, 'utf8')),
    );
    expect(broken.map((file) => relative(root, file))).toEqual([]);
  });

  it('keeps the clients to themselves', () => {
    const broken = sources('clients/typescript/src').flatMap((file) =>
      importsOf(file).filter(
        (specifier) => target(file, specifier) === 'src' || /\.\.\/\.\.\/\.\.\/src/.test(specifier),
      ),
    );
    expect(broken).toEqual([]);
  });
});

/** What opens a database for tests, and lets the doctor look at its end; and the one test that spoils its file. */
const openers = [
  'support/contract-stores.ts',
  'support/healthy-afterwards.ts',
  'support/open-test-store.ts',
  'support/postgres/engines.ts',
  'store/damaged-page.test.ts',
];

/** A room of the engine: a folder of it, or a file beside them, without its ending. */
function engineRoom(path: string): string {
  return path.includes('/') ? `${path.split('/')[0]}/` : path.replace(/\.[jt]s$/, '');
}

describe('the table of the rooms of the engine', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const table = [...text.matchAll(/^\| ([a-z-]+\/|[a-z-]+\.ts) \| [^|]+ \| ([^|]*) \|$/gm)].map(
    ([, room = '', may = '']) => ({ room: engineRoom(room), may: may.split(',').map((word) => word.trim()) }),
  );
  /** What nothing above the interface may use, and what every room may. */
  const everywhere = ['secret-hash', 'caller'];

  it('has a row for each of them', () => {
    const rooms = readdirSync(join(root, 'src/engine'), { withFileTypes: true })
      .map((entry) => engineRoom(entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((room) => !everywhere.includes(room));
    expect(table.map(({ room }) => room).sort()).toEqual(rooms.sort());
  });

  it.each(table.filter(({ may }) => !may.includes('everything') && may[0] !== 'interface'))(
    'holds for $room',
    ({ room, may }) => {
      const broken = sources('src/engine').flatMap((file) => {
        const path = relative(join(root, 'src/engine'), file);
        if (engineRoom(path) !== room) return [];
        return importsOf(file)
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => relative(join(root, 'src/engine'), join(dirname(file), specifier)))
          .filter((to) => !to.startsWith('..') && engineRoom(to) !== room && !everywhere.includes(engineRoom(to)))
          .filter((to) => !may.includes(engineRoom(to).replace(/\/$/, '')))
          .map((to) => `${path} imports ${to}`);
      });
      expect(broken).toEqual([]);
    },
  );
});

describe('every test that touches a database', () => {
  const tests = sources('test').map(
    (file) => [relative(join(root, 'test'), file), readFileSync(file, 'utf8')] as const,
  );

  it('opens it by what ends with the doctor', () => {
    const opening = tests.filter(([, text]) => /import \{[^}]*\bopen(Sqlite|Postgres)Store\b/.test(text));
    expect(opening.map(([file]) => file).sort()).toEqual([...openers].sort());
  });

  it('of the engine or the store lets it look', () => {
    const forgetful = tests.filter(
      ([file, text]) =>
        /new EngineFixture\(|of contractStores|each\(contractStores/.test(text) &&
        !/\.end\(\)/.test(text) &&
        file !== 'architecture.test.ts',
    );
    // Tests of the doctor itself: they damage what they make.
    expect(forgetful.map(([file]) => file).sort()).toEqual(['engine/doctor-loop.test.ts', 'store/doctor.test.ts']);
  });
});

it('no file that is written by hand has more than 400 lines', () => {
  const code = /\.(ts|tsx|js|go|py|rs|proto|sh|css)$/;
  const generated = /(^|\/)(gen|generated|third_party)\//;
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
  const long = files
    .filter((file) => code.test(file) && !generated.test(file) && existsSync(join(root, file)))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});
