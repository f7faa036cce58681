import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../../src/domain/definition/compile-command.js';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblems } from '../../../src/domain/problem.js';
import { scaled } from '../../support/machine.js';

interface Step {
  name?: string;
  run: string;
  env?: Record<string, string>;
}

const shells = ['sh', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

function compile(job: {
  run?: string;
  steps?: Step[];
  env?: Record<string, string>;
  shell?: string;
  'working-directory'?: string;
}): string {
  const result = parseDefinition(JSON.stringify({ jobs: { a: job } }), 'json', 'a.json');
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.definition.jobs[0]?.command ?? '';
}

function run(shell: string, command: string): { lines: string[]; errors: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(shell, ['-c', command], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', OUTSIDE: 'outside' },
    timeout: scaled(60_000),
  });
  return { lines: stdout.split('\n').slice(0, -1), errors: stderr, status };
}

describe('the script of a run', () => {
  const several = 'echo "a b"\n  exit 3\n';
  const simple = ['make build', 'cargo build --release\n', "echo 'it''s'", 'X=1 ./run.sh --all  # the rest', 'exit 3'];

  it.each(simple)('stays as written if it is one simple command: %j', (run) => {
    expect(compile({ run })).toBe(run);
    expect(compile({ run, env: { A: 'b' } })).toBe(`export A='b'\n${run}`);
  });

  it.each([several, 'a; b', 'a | b', 'a && b', '(a)', 'echo "$(a)"', 'echo `a`', '. ./lib.sh', 'eval "$X"', '{ a }'])(
    'begins with set -e otherwise: %j',
    (run) => {
      expect(compile({ run })).toBe(`set -e\n${run}`);
      expect(compile({ run, env: { A: 'b' } })).toBe(`set -e\nexport A='b'\n${run}`);
    },
  );

  it('stays as written with shell: plain, and as the command of the API', () => {
    expect(compile({ run: several, shell: 'plain' })).toBe(several);
    const result = parseDefinition(JSON.stringify({ jobs: [{ id: 'a', command: several }] }), 'json', '');
    expect(result.ok && result.definition.jobs[0]?.command).toBe(several);
  });

  it('is passed to bash with shell: bash', () => {
    const command = compile({ run: "echo 'a'\nfalse | true\necho never", shell: 'bash', env: { A: 'b' } });
    expect(command.startsWith("export A='b'\nexec bash -eo pipefail -c 'echo '")).toBe(true);
    expect(run('sh', command)).toMatchObject({ lines: ['a'], status: 1 });
  });

  it('lists the values of shell for an unknown one', () => {
    const result = parseDefinition('jobs:\n  a:\n    run: x\n    shell: zsh\n', 'yaml', 'a.yml');
    expect(result.ok ? '' : formatProblems(result.problems)).toBe(
      'a.yml:4:12: job "a": "shell" must be one of "sh", "bash", "plain", not the text "zsh"',
    );
  });
});

it('the steps come first in the script, then their runner', () => {
  expect(
    compile({ env: { CI: 'true' }, steps: [{ name: 'Sign', run: './sign.sh', env: { KEY_ID: 'release' } }] }),
  ).toMatch(
    /^export CI='true'\n# Step 1\nwg_step_1\(\) \{\nprintf '%s\\n' '::step 1\/1 Sign'\nwg_set KEY_ID 'release'\neval 'set -e\n.\/sign.sh'\n\}\n/,
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
        'stops a step at its first command that fails',
        [
          { name: 'a', run: 'set +e; echo a' },
          { name: 'b', run: '(exit 6)\necho never' },
          { name: 'c', run: 'echo never' },
        ],
        ['::step 1/3 a', 'a', '::step 2/3 b'],
        6,
      ],
      [
        'fails when exec replaces the shell before the last step',
        [
          { name: 'a', run: 'exec true' },
          { name: 'b', run: 'echo SECOND' },
        ],
        ['::step 1/2 a'],
        1,
      ],
      [
        'keeps the exit status of a program that the last step runs by exec',
        [
          { name: 'a', run: 'exit 0' },
          { name: 'b', run: 'exec sh -c "exit 5"' },
          { name: 'c', run: 'echo never' },
        ],
        ['::step 1/3 a', '::step 2/3 b'],
        5,
      ],
      [
        'lets the last step end by exec',
        [
          { name: 'a', run: 'exit 0' },
          { name: 'b', run: 'exec echo last' },
        ],
        ['::step 1/2 a', '::step 2/2 b', 'last'],
        0,
      ],
      [
        'fails when a trap for EXIT and exit end the shell before the last step',
        [
          { name: 'a', run: "trap 'echo bye' EXIT; exit 0" },
          { name: 'b', run: 'echo never' },
        ],
        ['::step 1/2 a', 'bye'],
        1,
      ],
      [
        'leaves redirections by exec to the steps after it',
        [
          { name: 'a', run: 'exec 2>&1' },
          { name: 'b', run: 'echo err >&2' },
        ],
        ['::step 1/2 a', '::step 2/2 b', 'err'],
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

    it('names exec and the trap when the last step was not reached', () => {
      const steps = [
        { name: 'a', run: 'exec true' },
        { name: 'b', run: 'echo SECOND' },
      ];
      expect(run(shell, compile({ steps })).errors).toContain(
        'The last step did not run: a step before it ended the shell',
      );
    });

    it('runs the steps of a job with shell: plain without set -e, and with shell: bash with pipefail', () => {
      const steps = [
        { name: 'a', run: 'false\ntrue | false\ntrue' },
        { name: 'b', run: 'false | true\necho b' },
      ];
      const { lines, status } = run(shell, compile({ steps, shell: 'plain' }));
      expect([lines, status]).toEqual([['::step 1/2 a', '::step 2/2 b', 'b'], 0]);
      const inBash = run(shell, compile({ steps: steps.slice(1), shell: 'bash', env: { Q: "it's" } }));
      expect([inBash.lines, inBash.status]).toEqual([['::step 1/1 b'], 1]);
      const jump = [
        { name: 'a', run: 'X=(1 2); exit 0' },
        { name: 'b', run: `echo "\${X[1]}"` },
      ];
      expect(run(shell, compile({ steps: jump, shell: 'bash' })).lines).toEqual(['::step 1/2 a', '::step 2/2 b', '2']);
    });

    it('does not mistake a successful job for a cut one when USR1 is ignored', () => {
      const steps = [
        { name: 'a', run: 'echo 1' },
        { name: 'b', run: 'echo 2' },
      ];
      const { lines, status } = run(shell, `trap '' USR1\nexec ${shell} -c ${shellQuote(compile({ steps }))}`);
      expect([lines, status]).toEqual([['::step 1/2 a', '1', '::step 2/2 b', '2'], 0]);
    });

    it('begins no further step once the shell that was started is gone', () => {
      const steps = [
        { name: 'a', run: 'kill -9 $$; sleep 0.1' },
        { name: 'b', run: 'echo never' },
      ];
      const { stdout } = spawnSync(shell, ['-c', compile({ steps })], { encoding: 'utf8' });
      expect(stdout).toBe('::step 1/2 a\n');
    });

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

describe('a working directory', () => {
  const both = shells.flatMap((shell) =>
    ['sh', 'plain', ...(shells.includes('bash') ? ['bash'] : [])].map((of) => [shell, of]),
  );

  it.each(both)('is where the script and all steps start, in %s for shell: %s', (shell, of) => {
    const setting = { shell: of, 'working-directory': '/tmp/../usr' };
    expect(run(shell, compile({ run: 'pwd -P', ...setting })).lines).toEqual(['/usr']);
    const steps = [{ run: 'pwd -P' }, { run: 'cd bin' }, { run: 'basename "$PWD"' }];
    const { lines } = run(shell, compile({ steps, ...setting }));
    expect(lines.filter((line) => !line.startsWith('::step'))).toEqual(['/usr', 'bin']);
  });

  it.each(both)('that does not exist fails the job before its script, in %s for shell: %s', (shell, of) => {
    const { lines, status, errors } = run(
      shell,
      compile({ run: 'echo ran', shell: of, 'working-directory': "/it's not there" }),
    );
    expect({ lines, status }).toEqual({ lines: [], status: 1 });
    expect(errors).toContain("/it's not there");
  });
});
