import type { MalformedFile } from './malformed-file.js';

/** Mistakes in what a job runs, and in its needs. */
export const malformedJobs: readonly MalformedFile[] = [
  ['a run without a value', 'jobs:\n  a:\n    run:\n', ['ci.yml:3:5: job "a" has neither "run" nor "steps"']],
  ['an empty run', 'jobs:\n  a:\n    run: ""\n', ['ci.yml:3:10: job "a": "run" is empty']],
  ['a blank run', 'jobs:\n  a:\n    run: "  "\n', ['ci.yml:3:10: job "a": "run" is empty']],
  [
    'a run that is a number',
    'jobs:\n  a:\n    run: 5\n',
    ['ci.yml:3:10: job "a": "run" must be a text in quotes, not the number 5'],
  ],
  [
    'a run that is a list',
    'jobs:\n  a:\n    run: [make, test]\n',
    ['ci.yml:3:10: job "a": "run" must be a text, not a list'],
  ],
  [
    'a run with U+0000',
    'jobs:\n  a:\n    run: "a\\0b"\n',
    ['ci.yml:3:10: job "a": "run" contains the character U+0000'],
  ],
  [
    'both run and steps',
    'jobs:\n  a:\n    run: x\n    steps:\n      - run: y\n',
    ['ci.yml:4:5: job "a" has both "run" and "steps"; keep one of them'],
  ],
  [
    'a misspelt key of a job',
    'jobs:\n  a:\n    run: x\n    need: b\n',
    ['ci.yml:4:5: job "a": unknown key "need", did you mean "needs"?'],
  ],
  [
    'the name of a key in the API',
    'jobs:\n  a:\n    run: x\n    depends_on: [b]\n',
    ['ci.yml:4:5: job "a": unknown key "depends_on", did you mean "needs"?'],
  ],
  [
    'the name of a key elsewhere',
    'jobs:\n  a:\n    run: x\n    runs-on: ubuntu\n',
    ['ci.yml:4:5: job "a": unknown key "runs-on": write "labels", which a worker must offer to get the job'],
  ],
  [
    'an unknown key of a job',
    'jobs:\n  a:\n    run: x\n    uses: actions/checkout\n',
    ['ci.yml:4:5: job "a": unknown key "uses": a job cannot be another workflow yet; write "run" or "steps"'],
  ],
  [
    'a job key named toString',
    'jobs:\n  a:\n    run: x\n    toString: 1\n',
    ['ci.yml:4:5: job "a": unknown key "toString"'],
  ],
  [
    'a job name that is a boolean',
    'jobs:\n  a:\n    run: x\n    name: true\n',
    ['ci.yml:4:11: job "a": "name" must be a text in quotes, not true'],
  ],
  ['steps as a map', 'jobs:\n  a:\n    steps: {run: x}\n', ['ci.yml:3:12: job "a": "steps" must be a list, not a map']],
  ['no steps', 'jobs:\n  a:\n    steps: []\n', ['ci.yml:3:12: job "a": "steps" is empty']],
  [
    'a step that is text',
    'jobs:\n  a:\n    steps:\n      - make\n',
    ['ci.yml:4:9: step 1 of job "a": it must be a map with "run"'],
  ],
  [
    'a step that is null',
    'jobs:\n  a:\n    steps:\n      -\n',
    ['ci.yml:4:8: step 1 of job "a": it must be a map with "run"'],
  ],
  [
    'a step without run',
    'jobs:\n  a:\n    steps:\n      - name: x\n',
    ['ci.yml:4:9: step 1 of job "a": it has no "run"'],
  ],
  [
    'a step with an empty run',
    'jobs:\n  a:\n    steps:\n      - run: ""\n',
    ['ci.yml:4:14: step 1 of job "a": "run" is empty'],
  ],
  [
    'a misspelt key of a step',
    'jobs:\n  a:\n    steps:\n      - run: x\n        nmae: y\n',
    ['ci.yml:5:9: step 1 of job "a": unknown key "nmae", did you mean "name"?'],
  ],
  [
    'an action in a step',
    'jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n',
    ['ci.yml:4:9: step 1 of job "a": unknown key "uses": actions do not run here; write the commands under "run"'],
  ],
  [
    'a mistake in the defaults, once for all jobs',
    'defaults: {retries: many}\njobs: {a: {run: x}, b: {run: x}}\n',
    ['ci.yml:1:21: "defaults": "retries" must be a whole number from 0 to 1000, not the text "many"'],
  ],
  [
    'a key that defaults do not have',
    'defaults: {run: x}\njobs: {a: {run: x}}\n',
    ['ci.yml:1:12: "defaults": unknown key "run"'],
  ],
  [
    'a default that one job cannot have',
    `defaults:\n  timeout: \${{ needs.a.outputs.t }}\njobs:\n  a: {run: x, timeout: 5m}\n  b: {run: x}\n`,
    ['ci.yml:2:16: job "b": "timeout" at character 5: it asks about "a", which is not among the job\'s needs'],
  ],
  [
    'an unknown cause of a retry',
    'jobs:\n  a:\n    run: x\n    retry-on: [lost, oom]\n',
    [
      'ci.yml:4:22: job "a": "retry-on" must be one or more of "lost", "timeout", "failure", exit codes and ranges such as 75 or "128-255", not the text "oom"',
    ],
  ],
  [
    'exit codes that cannot be',
    'jobs:\n  a:\n    run: x\n    retry-on: [0, 256, 12-3, 1.5, -1]\n',
    [
      'ci.yml:4:16: job "a": "retry-on": an exit code is a whole number from 1 to 255; 0 is success',
      'ci.yml:4:19: job "a": "retry-on": an exit code is a whole number from 1 to 255',
      'ci.yml:4:24: job "a": "retry-on" has the range 12-3, whose end is before its beginning',
      'ci.yml:4:30: job "a": "retry-on" must be one or more of "lost", "timeout", "failure", exit codes and ranges such as 75 or "128-255", not the number 1.5',
      'ci.yml:4:35: job "a": "retry-on" must be one or more of "lost", "timeout", "failure", exit codes and ranges such as 75 or "128-255", not the number -1',
    ],
  ],
  [
    'a workspace that there is not',
    'jobs:\n  a:\n    run: x\n    workspace: clean\n',
    [
      `ci.yml:4:16: job "a": "workspace" must be "fresh", or left out for the worker's own directory, not the text "clean"`,
    ],
  ],
  [
    'a label that the server adds by itself',
    'jobs:\n  a:\n    run: x\n    labels: [linux, feature:workspace]\n',
    [
      'ci.yml:4:21: job "a": "feature:workspace" begins with "feature:", which is reserved: the server adds such labels to jobs with "workspace: fresh" or with exit codes in "retry-on"',
    ],
  ],
  [
    'such a label among the defaults',
    'defaults: {labels: feature:x}\njobs: {a: {run: x}}\n',
    [
      'ci.yml:1:20: "defaults": "feature:x" begins with "feature:", which is reserved: the server adds such labels to jobs with "workspace: fresh" or with exit codes in "retry-on"',
    ],
  ],
  [
    'no cause of a retry',
    'jobs:\n  a:\n    run: x\n    retry-on: []\n',
    [
      'ci.yml:4:15: job "a": "retry-on" is empty; it is one or more of "lost", "timeout", "failure", exit codes and ranges such as 75 or "128-255"',
    ],
  ],
  [
    'a star among other needs',
    "jobs:\n  a: {run: x}\n  b: {run: x, needs: [a, '*']}\n",
    [`ci.yml:3:26: job "b": "*" stands for every job and is written alone: needs: '*'`],
  ],
  [
    'a job after the one that needs every job',
    "jobs:\n  a: {run: x}\n  all: {run: x, needs: '*'}\n  after: {run: x, needs: all}\n",
    ['ci.yml:3:24: jobs need each other in a cycle: all → after → all'],
  ],
  [
    'two needs that give the same variables',
    'jobs:\n  a-1: {run: x}\n  a.1: {run: x}\n  b: {run: x, needs: [a-1, a.1]}\n',
    ['ci.yml:4:28: job "b" needs "a-1" and "a.1", which give the same variables NEEDS_A_1_…; rename one of them'],
  ],
  [
    'a working directory with an expression',
    `jobs:\n  a:\n    run: x\n    working-directory: \${{ inputs.dir }}\n`,
    [
      `ci.yml:4:24: job "a": "working-directory" has "\${{" in it; put it under "env" and write cd "$NAME" in the script`,
    ],
  ],
  [
    'a step id twice',
    'jobs:\n  a:\n    steps:\n      - {id: s, run: x}\n      - {id: s, run: y}\n',
    ['ci.yml:5:14: step 2 of job "a": the id "s" is taken by a step before it'],
  ],
  [
    'a step id that cannot be',
    'jobs:\n  a:\n    steps:\n      - {id: s t, run: x}\n',
    [
      'ci.yml:4:14: step 1 of job "a": the id "s t" must begin with a letter or "_", then letters, digits, "_", "-" and "."',
    ],
  ],
  [
    'a step id that is taken by a default',
    'jobs:\n  a:\n    steps:\n      - {id: step-2, run: x}\n      - {run: y}\n',
    ['ci.yml:5:9: step 2 of job "a": the id "step-2" is taken by a step before it'],
  ],
  [
    'a step name that is a number',
    'jobs:\n  a:\n    steps:\n      - {name: 1, run: x}\n',
    ['ci.yml:4:16: step 1 of job "a": "name" must be a text in quotes, not the number 1'],
  ],
  [
    'a step env that is text',
    'jobs:\n  a:\n    steps:\n      - {env: A, run: x}\n',
    ['ci.yml:4:15: step 1 of job "a": "env" must be a map of names to values, not the text "A"'],
  ],
  [
    'a need that does not exist',
    'jobs:\n  a:\n    run: x\n    needs: [b]\n',
    ['ci.yml:4:13: job "a" needs "b", which does not exist'],
  ],
  [
    'a need that does not exist, as a text',
    'jobs:\n  a:\n    run: x\n    needs: b\n',
    ['ci.yml:4:12: job "a" needs "b", which does not exist'],
  ],
  [
    'a misspelt need',
    'jobs:\n  build: {run: x}\n  test:\n    needs: [biuld]\n    run: y\n',
    ['ci.yml:4:13: job "test" needs "biuld", which does not exist, did you mean "build"?'],
  ],
  ['a need of itself', 'jobs:\n  a:\n    run: x\n    needs: a\n', ['ci.yml:4:12: job "a" needs itself']],
  [
    'a need twice',
    'jobs:\n  a: {run: x}\n  b:\n    run: y\n    needs: [a, a]\n',
    ['ci.yml:5:16: job "b" needs "a" twice'],
  ],
  [
    'a missing need twice',
    'jobs:\n  a:\n    run: x\n    needs: [b, b]\n',
    ['ci.yml:4:13: job "a" needs "b", which does not exist', 'ci.yml:4:16: job "a" needs "b" twice'],
  ],
  [
    'needs as a map',
    'jobs:\n  a:\n    run: x\n    needs: {b: 1}\n',
    ['ci.yml:4:12: job "a": "needs" must be a text or a list of texts, not a map'],
  ],
  [
    'a need that is a number',
    'jobs:\n  a:\n    run: x\n    needs: [1]\n',
    ['ci.yml:4:13: job "a": "needs" entry 1 must be a text in quotes, not the number 1'],
  ],
  [
    'a need that is empty',
    'jobs:\n  a:\n    run: x\n    needs: [""]\n',
    ['ci.yml:4:13: job "a": "needs" entry 1 is empty'],
  ],
  [
    'a need named __proto__',
    'jobs:\n  a:\n    run: x\n    needs: [__proto__]\n',
    ['ci.yml:4:13: job "a" needs "__proto__", which does not exist'],
  ],
  [
    'a need named constructor',
    'jobs:\n  a:\n    run: x\n    needs: [constructor]\n',
    ['ci.yml:4:13: job "a" needs "constructor", which does not exist'],
  ],
  [
    'a cycle of two',
    'jobs:\n  a: {run: x, needs: b}\n  b: {run: x, needs: a}\n',
    ['ci.yml:2:22: jobs need each other in a cycle: a → b → a'],
  ],
  [
    'a cycle of three behind a job',
    'jobs:\n  z: {run: x, needs: c}\n  a: {run: x, needs: [b]}\n  b: {run: x, needs: [c]}\n  c:\n    run: x\n    needs:\n      - a\n',
    ['ci.yml:3:23: jobs need each other in a cycle: a → b → c → a'],
  ],
  [
    'two cycles',
    'jobs:\n  a: {run: x, needs: b}\n  b: {run: x, needs: a}\n  c: {run: x, needs: d}\n  d: {run: x, needs: c}\n',
    [
      'ci.yml:2:22: jobs need each other in a cycle: a → b → a',
      'ci.yml:4:22: jobs need each other in a cycle: c → d → c',
    ],
  ],
  [
    'a short and a long cycle in one group',
    'jobs:\n  a: {run: x, needs: [b]}\n  b: {run: x, needs: [c]}\n  c: {run: x, needs: [a, d]}\n  d: {run: x, needs: [c]}\n',
    ['ci.yml:4:26: jobs need each other in a cycle: c → d → c'],
  ],
  [
    'labels as a map',
    'jobs:\n  a:\n    run: x\n    labels: {linux: true}\n',
    ['ci.yml:4:13: job "a": "labels" must be a text or a list of texts, not a map'],
  ],
];
