import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How to build and run the worker that the documentation prints for a client. */
export interface DocumentedWorker {
  /** The client's name in the table. */
  readonly client: string;
  /** The language of its code block in docs/clients.md. */
  readonly language: string;
  /** SIGTERM drains it, as in the libraries. */
  readonly endsBySignal: boolean;
  /** Writes the code to where it can run, and returns the shell command that runs it. */
  prepare(code: string, folder: string, root: string): string;
}

export const documentedWorkers: readonly DocumentedWorker[] = [
  {
    client: 'typescript',
    language: 'ts',
    endsBySignal: true,
    prepare(code, folder, root) {
      writeFileSync(join(folder, 'worker.ts'), code);
      writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      return `exec ${process.execPath} worker.ts`;
    },
  },
  {
    client: 'go',
    language: 'go',
    endsBySignal: true,
    prepare(code, folder, root) {
      const module = join(root, 'clients/go');
      writeFileSync(join(folder, 'main.go'), code);
      cpSync(join(module, 'go.sum'), join(folder, 'go.sum'));
      const require = readFileSync(join(module, 'go.mod'), 'utf8').replace(/^module .*$/m, 'module example.org/worker');
      const own = `require workflowgraph.dev/client v0.0.0\nreplace workflowgraph.dev/client => ${module}\n`;
      writeFileSync(join(folder, 'go.mod'), `${require}\n${own}`);
      return 'go build -mod=mod -o worker . && exec ./worker';
    },
  },
  {
    client: 'python',
    language: 'python',
    endsBySignal: true,
    prepare(code, folder, root) {
      writeFileSync(join(folder, 'worker.py'), code);
      const client = join(root, 'clients/python');
      return `${client}/tools/make-venv.sh >&2 && exec ${client}/.venv/bin/python worker.py`;
    },
  },
  {
    client: 'rust',
    language: 'rust',
    endsBySignal: true,
    prepare(code, folder, root) {
      const workspace = join(root, 'clients/rust');
      mkdirSync(join(folder, 'src'));
      writeFileSync(join(folder, 'src/main.rs'), code);
      cpSync(join(workspace, 'Cargo.lock'), join(folder, 'Cargo.lock'));
      writeFileSync(
        join(folder, 'Cargo.toml'),
        `[package]\nname = "documented-worker"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n` +
          `tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }\n` +
          `workflow-graph-worker-sdk = { path = ${JSON.stringify(join(workspace, 'worker-sdk'))} }\n` +
          // As in the workspace.
          `[profile.dev]\ndebug = "line-tables-only"\n`,
      );
      // Reuses what the crate's own build has compiled.
      const target = `\${CARGO_TARGET_DIR:-${join(workspace, 'target')}}`;
      return `export CARGO_TARGET_DIR="${target}"; cargo build --quiet && exec "$CARGO_TARGET_DIR/debug/documented-worker"`;
    },
  },
  {
    client: 'shell',
    language: 'sh',
    endsBySignal: false,
    prepare(code, folder) {
      writeFileSync(join(folder, 'worker.sh'), code);
      return 'exec sh worker.sh';
    },
  },
];

/** The first code block in that language on the page. */
export function blockOf(page: string, language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page) ?? [];
  if (code === undefined) throw new Error(`docs/clients.md has no block in ${language}`);
  return code;
}
