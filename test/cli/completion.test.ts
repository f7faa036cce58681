import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test, vi } from 'vitest';
import { completeWords, type Sources } from '../../src/cli/complete-words.js';
import { completionCommand } from '../../src/cli/completion.js';
import { logsCommand } from '../../src/cli/logs.js';
import { runCommand } from '../../src/cli/run.js';
import { runsCommand } from '../../src/cli/runs.js';
import { tokenCommand } from '../../src/cli/token.js';
import { validateCommand } from '../../src/cli/validate.js';
import { whyCommand } from '../../src/cli/why.js';
import { mainFile, startProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

vi.setConfig({ testTimeout: 120_000 });

const root = new Command('workflow-graph');
for (const make of [
  runCommand,
  runsCommand,
  logsCommand,
  whyCommand,
  validateCommand,
  tokenCommand,
  completionCommand,
]) {
  root.addCommand(make());
}

const word = (text: string) => ({ word: text, description: '' });
const sources: Sources = {
  workflows: async () => [word('ci'), word('release')],
  runs: async () => [word('ci'), word('release'), word('0198')],
  jobs: async (run) => (run === 'ci' ? [word('build'), word('unit')] : []),
};

async function complete(...words: string[]): Promise<string[]> {
  const { candidates, files } = await completeWords(root, words, sources);
  return [...candidates.map((each) => each.word), ...(files ? [':files'] : [])];
}

describe('these are completed', () => {
  test.each([
    ['commands', ['ru'], ['run', 'runs']],
    ['commands of commands', ['token', ''], ['create', 'list', 'revoke', 'help']],
    ['options', ['runs', '--s'], ['--state', '--server']],
    ['the choices of an option', ['runs', '--state', 'f'], ['failure']],
    [
      'the choices of an option after an equals sign, which bash splits off',
      ['runs', '--state', '=', 'f'],
      ['failure'],
    ],
    ['workflows as the value of an option', ['runs', '--workflow', ''], ['ci', 'release']],
    ['runs and workflows', ['why', ''], ['ci', 'release', '0198']],
    ['jobs of the named run', ['why', 'ci', 'b'], ['build']],
    ['jobs after options too', ['logs', '-f', '--tail', '3', 'ci', 'u'], ['unit']],
    ['workflows and files', ['run', ''], ['ci', 'release', ':files']],
    ['files once the word looks like a path', ['run', './c'], [':files']],
    ['any number of files', ['validate', 'a.yml', ''], [':files']],
    ['files as the value of an option', ['runs', '--token-file', ''], [':files']],
    ['shells', ['completion', ''], ['bash', 'zsh', 'fish']],
  ])('%s', async (_what, words, found) => {
    expect(await complete(...words)).toEqual(found);
  });
});

test("in bash, with the server's data, and nothing while the server is unreachable", async () => {
  const server = await startServerProcess();
  const api = server.api();
  writeFileSync(join(server.workflowsDir, 'ci.yml'), 'jobs: { build-all: { run: x }, unit: { run: x } }');
  await server.logged(/workflow "ci" is new/);
  await api.run('ci');
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'workflow-graph'), `#!/bin/sh\nexec "${process.execPath}" "${mainFile}" "$@"\n`, {
    mode: 0o755,
  });
  symlinkSync('/dev/null', join(folder, 'flow.yml'));
  const completed = (line: string, url = server.url) => {
    const script = `
source <(workflow-graph completion bash)
COMP_WORDS=(${line}); [[ "$LAST" == "" ]] || COMP_WORDS+=("$LAST"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_workflow_graph
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, SERVER_URL: url, LAST: '' };
    return execFileSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' }).trim().split('\n');
  };
  expect(completed('workflow-graph ru')).toEqual(['run', 'runs']);
  expect(completed('workflow-graph why c')).toEqual(['ci']);
  expect(completed('workflow-graph why ci b')).toEqual(['build-all']);
  expect(completed('workflow-graph why c', 'http://127.0.0.1:9')).toEqual(['']);
  // A completed line is not executed.
  expect(completed("workflow-graph why '$(touch ran)'")).toEqual(['']);
  expect(execFileSync('ls', { cwd: folder, encoding: 'utf8' })).toBe('bin\nflow.yml\n');
});

test.each(['bash', 'zsh', 'fish'])('the shell accepts the script of %s', async (shell) => {
  const program = startProgram(['completion', shell]);
  await program.ended;
  expect(program.stdout).toContain('workflow-graph complete-words --');
  try {
    execFileSync(shell, ['-n'], { input: program.stdout, stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    // Skipped for a shell that is not installed.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
});
