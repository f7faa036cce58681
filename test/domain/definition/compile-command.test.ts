import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../../src/domain/definition/compile-command.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblems } from '../../../src/domain/problem.js';

interface Step {
  name?: string;
  run: string;
  env?: Record<string, string>;
}

const shells = ['sh', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

function compile(job: { run?: string; steps?: Step[]; env?: Record<string, string> }): string {
  const result = parseDefinition(JSON.stringify({ jobs: { a: job } }), 'json', 'a.json');
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.definition.jobs[0]?.command ?? '';
}

function run(shell: string, command: string): { lines: string[]; errors: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(shell, ['-c', command], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', OUTSIDE: 'outside' },
    timeout: 10_000,
  });
  return { lines: stdout.split('\n').slice(0, -1), errors: stderr, status };
}

it('a script without env is handed on as it is', () => {
  expect(compile({ run: 'echo "a b"\n  exit 3\n' })).toBe('echo "a b"\n  exit 3\n');
});

it('the steps come first in the script, then what runs them', () => {
  expect(
    compile({ env: { CI: 'true' }, steps: [{ name: 'Sign', run: './sign.sh', env: { KEY_ID: 'release' } }] }),
  ).toMatch(
    /^export CI='true'\n# Step 1\nwg_step_1\(\) \{\nprintf '%s\\n' '::step 1\/1 Sign'\nwg_set KEY_ID 'release'\neval '.\/sign.sh'\n\}\n/,
  );
});

for (const shell of shells) {
  describe(`a compiled command, run by ${shell} -c`, () => {
    const values = ['', ' a  b ', "it's", '"$HOME" `id` \\n', 'two\nlines\n', '-n', '*', "''", 'é€😀', '!x', '\\'];
    it('sets env to exactly what was written', () => {
      const env = Object.fromEntries(values.map((value, i) => [`V${i}`, value]));
      const script = values.map((_, i) => `printf '<%s>' "$V${i}"`).join('\n');
      for (const job of [
        { env, run: script },
        { env, steps: [{ name: 's', run: script }] },
        { steps: [{ name: 's', run: script, env }] },
      ]) {
        const { stdout } = spawnSync(shell, ['-c', compile(job)], { encoding: 'utf8' });
        expect(stdout.replace('::step 1/1 s\n', '')).toBe(values.map((value) => `<${value}>`).join(''));
      }
    });

    it('shellQuote makes one word of anything', () => {
      for (const value of values) {
        const { stdout } = spawnSync(shell, ['-c', `printf %s ${shellQuote(value)}`], { encoding: 'utf8' });
        expect(stdout).toBe(value);
      }
    });

    const cases: readonly (readonly [promise: string, steps: Step[], lines: string[], status: number])[] = [
      [
        'runs the steps in order and announces each',
        [
          { name: 'One', run: 'echo 1' },
          { name: "It's \\n $two", run: 'echo 2' },
        ],
        ['::step 1/2 One', '1', "::step 2/2 It's \\n $two", '2'],
        0,
      ],
      [
        'carries variables, functions and the directory over to the next step',
        [
          { name: 'a', run: 'X="1 2"\nf() { echo "f $X"; }\ncd /' },
          { name: 'b', run: 'f; pwd' },
        ],
        ['::step 1/2 a', '::step 2/2 b', 'f 1 2', '/'],
        0,
      ],
      [
        'stops at the first step that fails, with its status',
        [
          { name: 'a', run: '(exit 7)' },
          { name: 'b', run: 'echo never' },
        ],
        ['::step 1/2 a'],
        7,
      ],
      [
        'takes the status of the last command, as for run',
        [
          { name: 'a', run: 'false\ntrue' },
          { name: 'b', run: 'echo on' },
        ],
        ['::step 1/2 a', '::step 2/2 b', 'on'],
        0,
      ],
      [
        'obeys set -e, from then on',
        [
          { name: 'a', run: 'set -e' },
          { name: 'b', run: 'false\necho never' },
          { name: 'c', run: 'echo never' },
        ],
        ['::step 1/3 a', '::step 2/3 b'],
        1,
      ],
      [
        'works under set -eu',
        [
          { name: 'a', run: 'set -eu' },
          { name: 'b', run: 'echo b', env: { K: 'v' } },
          { name: 'c', run: `echo "\${K-none}"` },
        ],
        ['::step 1/3 a', '::step 2/3 b', 'b', '::step 3/3 c', 'none'],
        0,
      ],
      [
        'goes on after a step that calls exit 0, with all its variables',
        [
          { name: 'a', run: 'X=1; exit 0; echo never' },
          { name: 'b', run: 'Y=2; exit' },
          { name: 'c', run: 'echo "$X$Y"; exit 0' },
          { name: 'd', run: 'echo d' },
        ],
        ['::step 1/4 a', '::step 2/4 b', '::step 3/4 c', '12', '::step 4/4 d', 'd'],
        0,
      ],
      [
        'stops at exit with another status',
        [
          { name: 'a', run: 'exit 0' },
          { name: 'b', run: 'exit 9' },
          { name: 'c', run: 'echo never' },
        ],
        ['::step 1/3 a', '::step 2/3 b'],
        9,
      ],
      [
        'gives the status of the last step',
        [
          { name: 'a', run: 'exit 0' },
          { name: 'b', run: 'exit 4' },
        ],
        ['::step 1/2 a', '::step 2/2 b'],
        4,
      ],
      [
        'sets the env of a step for that step only',
        [
          { name: 'a', run: 'echo "$K $OUTSIDE"', env: { K: 'v', OUTSIDE: 'inside' } },
          { name: 'b', run: `echo "\${K-none} $OUTSIDE"; exit 0` },
          { name: 'c', run: 'sh -c \'echo "$K"\'; exit 0', env: { K: 'w' } },
          { name: 'd', run: `echo "\${K-none}"; sh -c 'echo "$OUTSIDE"'` },
        ],
        [
          '::step 1/4 a',
          'v inside',
          '::step 2/4 b',
          'none outside',
          '::step 3/4 c',
          'w',
          '::step 4/4 d',
          'none',
          'outside',
        ],
        0,
      ],
      [
        'understands here-documents, comments and quotes in a step',
        [
          { name: 'a', run: "cat <<'E'\nit's $x\nE\n# the end" },
          { name: 'b', run: 'echo b # x' },
        ],
        ['::step 1/2 a', "it's $x", '::step 2/2 b', 'b'],
        0,
      ],
    ];
    for (const [promise, steps, lines, status] of cases) {
      it(promise, () => {
        const { errors, ...result } = run(shell, compile({ steps }));
        expect(result, errors).toEqual({ lines, status });
      });
    }

    it('a syntax error in a step fails it, after those before it have run', () => {
      const { lines, status, errors } = run(
        shell,
        compile({
          steps: [
            { name: 'a', run: 'echo 1' },
            { name: 'b', run: 'if true; (' },
            { name: 'c', run: 'echo never' },
          ],
        }),
      );
      expect(lines).toEqual(['::step 1/3 a', '1', '::step 2/3 b']);
      expect(status).not.toBe(0);
      expect(errors).toMatch(/syntax error/i);
    });

    it('the EXIT trap of a step runs at the end of the job', () => {
      const { lines, status } = run(
        shell,
        compile({
          steps: [
            { name: 'a', run: "trap 'echo bye' EXIT" },
            { name: 'b', run: 'echo b' },
          ],
        }),
      );
      expect(lines).toEqual(['::step 1/2 a', '::step 2/2 b', 'b', 'bye']);
      expect(status).toBe(0);
    });

    it('two hundred steps that all call exit 0 run', () => {
      const { lines, status } = run(
        shell,
        compile({ steps: Array.from({ length: 200 }, (_, i) => ({ name: `${i}`, run: 'exit 0' })) }),
      );
      expect(lines).toHaveLength(200);
      expect(status).toBe(0);
    });
  });
}
