import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClientPackages } from '../../src/http/client-packages.js';
import { scaled } from '../support/machine.js';
import { runProcess } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { withoutNpm } from './without-npm.js';

/**
 * Each client library is installed from a server by the package manager of its language, with the commands that
 * `/clients/` shows, and used.
 */
const root = join(import.meta.dirname, '../..');
const packages: ClientPackages = JSON.parse(readFileSync(join(root, 'dist/clients/clients.json'), 'utf8'));
const isCi = process.env.CI === 'true';
const has = (program: string) => isCi || spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/** Runs the commands that the page prints for a language, and then more, in a folder with these files. */
async function installed(language: keyof ClientPackages, files: Record<string, string>, before: string, after: string) {
  const server = await startServerProcess();
  const page = await (await fetch(`${server.url}/clients/`)).text();
  const section = page.split('<h2>').find((text) => text.includes(packages[language].file)) ?? '';
  const commands = /<pre>([^<]+)<\/pre>/.exec(section)?.[1] ?? 'false';
  const folder = join(temporaryFolder(), 'project');
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const script = ['set -e', before, commands, after].join('\n');
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const env = { ...withoutNpm(process.env), SERVER_URL: server.url, PATH };
  return runProcess('sh', ['-c', script], { cwd: folder, env });
}

test(
  'npm installs the TypeScript client',
  async () => {
    const program = `
      import { Client } from '@workflow-graph/client';
      const client = new Client({ serverUrl: process.env.SERVER_URL });
      console.log(await client.serverVersion());
      client.close();`;
    const files = { 'package.json': '{"private": true}', 'list.mjs': program };
    const ran = await installed('typescript', files, '', 'node list.mjs');
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout.trim().split('\n').at(-1)).toBe(packages.typescript.version);
  },
  scaled(300_000),
);

test.runIf(has('python3'))(
  'pip installs the Python client, with its program',
  async () => {
    const program = `
import os
from workflow_graph_client import Client
print(Client(os.environ["SERVER_URL"]).workflows())
`;
    const before = 'python3 -m venv .venv\nPATH=$PWD/.venv/bin:$PATH';
    const after = 'pip check\nworkflow-graph-worker --version\npython list.py';
    const ran = await installed('python', { 'list.py': program }, before, after);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain(packages.python.version);
    expect(ran.stdout.trim().split('\n').at(-1)).toBe('[]');
  },
  scaled(300_000),
);

test.runIf(has('go'))(
  'the Go command gets the Go client from the server as its proxy',
  async () => {
    const program = `package main

import (
	"fmt"

	workflowgraph "workflowgraph.dev/client"
)

func main() { fmt.Println(workflowgraph.Version) }
`;
    const files = { 'go.mod': 'module example.org/list\n\ngo 1.26.0\n', 'main.go': program };
    // A separate cache, or the module of another run with this version would be used.
    const before = 'export GOMODCACHE=$PWD/cache GOFLAGS=-modcacherw';
    const ran = await installed('go', files, before, 'go mod tidy\ngo run .');
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout.trim()).toBe(packages.go.version);
  },
  scaled(600_000),
);

test.runIf(has('cargo'))(
  'cargo adds the Rust client from the server as its registry',
  async () => {
    const files = {
      'Cargo.toml': '[package]\nname = "list"\nversion = "0.0.0"\nedition = "2024"\n',
      'src/main.rs': 'fn main() { let _ = workflow_graph_worker_sdk::WorkerConfig::default(); }\n',
    };
    // Most dependencies from crates.io are checked already, with the profile of that workspace; this crate is not. A check
    // finds the same errors as a build.
    const target = join(root, 'clients/rust/target');
    const before = `export CARGO_TARGET_DIR='${target}' CARGO_PROFILE_DEV_DEBUG=${isCi ? 'none' : 'line-tables-only'}`;
    const ran = await installed('rust', files, before, 'cargo check');
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain(`workflow-graph-worker-sdk v${packages.rust.version} (registry \`workflow-graph\`)`);
  },
  scaled(900_000),
);
