import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The package as `npm pack` builds it, installed in an empty folder by an npm with an empty home and cache. */
export class InstalledPackage {
  readonly #room = mkdtempSync(join(tmpdir(), 'workflow-graph-package-'));
  readonly folder = join(this.#room, 'project');
  readonly home = join(this.#room, 'home');
  /** The paths in the package. */
  readonly packed: readonly string[];

  constructor() {
    for (const folder of [this.folder, this.home]) mkdirSync(folder);
    // Everything is built already; a rebuild would change it under the concurrent tests.
    const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', this.#room];
    const packing = npm(root, process.env, ...args);
    const [packed] = Object.values(JSON.parse(packing) as Packed | Packed[string][]);
    if (packed === undefined) throw new Error(`npm pack printed ${packing}`);
    this.packed = packed.files.map(({ path }) => path);
    this.install(join(this.#room, packed.filename));
  }

  /** Installs packages from the registry that this machine uses. */
  install(...packages: readonly string[]): void {
    const settings = join(homedir(), '.npmrc');
    const env = {
      ...process.env,
      HOME: this.home,
      npm_config_cache: join(this.home, 'cache'),
      ...(existsSync(settings) ? { npm_config_userconfig: settings } : {}),
    };
    npm(this.folder, env, 'install', '--no-audit', '--no-fund', '--loglevel=error', ...packages);
  }

  remove(): void {
    rmSync(this.#room, { recursive: true, force: true });
  }
}

type Packed = Record<string, { readonly filename: string; readonly files: readonly { readonly path: string }[] }>;

function npm(cwd: string, env: NodeJS.ProcessEnv, ...args: readonly string[]): string {
  const PATH = `${dirname(process.execPath)}:${env.PATH}`;
  const ran: SpawnSyncReturns<string> = spawnSync('npm', args, { cwd, env: { ...env, PATH }, encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${ran.error?.message ?? ''}${ran.stderr}`);
  return ran.stdout;
}
