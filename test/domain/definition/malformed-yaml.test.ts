import { describe, expect, it, test } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblem } from '../../../src/domain/problem.js';
import { saidByEditor } from '../../support/workflow-file-schema.js';

const table: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
  ['an empty file', '', ['ci.yml: the definition is empty']],
  ['blanks only', '  \n\n', ['ci.yml: the definition is empty']],
  ['comments only', '# nothing\n', ['ci.yml: the definition is empty']],
  ['a byte order mark and nothing else', '﻿', ['ci.yml: the definition is empty']],
  ['a text', 'hello', ['ci.yml:1:1: a definition must be a map with "jobs", not the text "hello"']],
  ['a list', '- a\n- b\n', ['ci.yml:1:1: a definition must be a map with "jobs", not a list']],
  ['a number', '12', ['ci.yml:1:1: a definition must be a map with "jobs", not the number 12']],
  ['null', '~', ['ci.yml: the definition is empty']],
  ['an open quote', 'name: "x\njobs: {}\n', ['ci.yml:3:1: not valid YAML: missing closing "quote']],
  [
    'an open flow map',
    'jobs: {a: {run: x}\n',
    ['ci.yml:2:1: not valid YAML: flow map in block collection must be sufficiently indented and end with a }'],
  ],
  ['a tab for indentation', 'jobs:\n\ta: 1\n', ['ci.yml:2:1: not valid YAML: indent with spaces, not with tabs']],
  [
    'a colon inside a plain value',
    'name: a: b\njobs: {a: {run: x}}',
    ['ci.yml:1:7: not valid YAML: nested mappings are not allowed in compact mappings'],
  ],
  [
    'bad indentation',
    'jobs:\n  a:\n    run: x\n   labels: [y]\n',
    ['ci.yml:4:1: not valid YAML: all mapping items must start at the same column'],
  ],
  [
    'two documents',
    'jobs: {a: {run: x}}\n---\njobs: {}\n',
    ['ci.yml:2:1: a second document begins here; a file holds one workflow'],
  ],
  [
    'a key that is a list',
    '? [a, b]\n: 1\njobs: {a: {run: x}}\n',
    ['ci.yml:1:3: not valid YAML: with stringKeys, all keys must be strings'],
  ],
  ['a key twice at the top', 'name: a\nname: b\njobs: {a: {run: x}}\n', ['ci.yml:2:1: the key "name" appears twice']],
  ['a job twice', 'jobs:\n  a: {run: x}\n  a: {run: y}\n', ['ci.yml:3:3: the key "a" appears twice']],
  ['a key twice in a job', 'jobs:\n  a:\n    run: x\n    run: y\n', ['ci.yml:4:5: the key "run" appears twice']],
  ['a variable twice', 'env:\n  A: 1\n  A: 2\njobs: {a: {run: x}}\n', ['ci.yml:3:3: the key "A" appears twice']],
  ['an unknown alias', 'jobs: {a: {run: *nope}}\n', ['ci.yml:1:17: the alias "*nope" has no anchor "&nope" before it']],
  [
    'an alias within its own anchor',
    'jobs: &j\n  a: *j\n',
    ['ci.yml:2:6: the alias "*j" stands for a value that it is itself a part of'],
  ],
  [
    'a tag',
    'jobs:\n  a:\n    run: x\n    if: !cancelled()\n',
    ['ci.yml:4:9: the tag "!cancelled()" is not supported; put a text that begins with "!" in quotes'],
  ],
  [
    'a tag with a value',
    'jobs:\n  a:\n    run: !include x.sh\n',
    ['ci.yml:3:10: the tag "!include" is not supported; put a text that begins with "!" in quotes'],
  ],
  [
    'a merge key',
    'base: &b {run: x}\njobs:\n  a:\n    <<: *b\n',
    [
      'ci.yml:1:1: unknown key "base"',
      'ci.yml:3:3: job "a" has neither "run" nor "steps"',
      'ci.yml:4:5: job "a": unknown key "<<" (YAML 1.2 has no merge keys; an alias stands for a whole value)',
    ],
  ],
  [
    'deep nesting',
    'jobs:\n  a:\n    run: x\n    metadata: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n',
    ['ci.yml:4:76: more than 64 lists and maps inside each other'],
  ],
  ['no jobs', 'name: x\n', ['ci.yml:1:1: the workflow has no "jobs"']],
  ['null jobs', 'jobs:\n', ['ci.yml:1:1: the workflow has no "jobs"']],
  ['empty jobs', 'jobs: {}\n', ['ci.yml:1:7: the workflow has no "jobs"']],
  ['jobs as text', 'jobs: x\n', ['ci.yml:1:7: "jobs" must be a map of keys to jobs, not the text "x"']],
  ['jobs as a list in YAML', 'jobs:\n  - run: x\n', ['ci.yml:2:3: "jobs" must be a map of keys to jobs, not a list']],
  ['a misspelt top key', 'nmae: x\njobs: {a: {run: x}}\n', ['ci.yml:1:1: unknown key "nmae", did you mean "name"?']],
  ['an unknown top key', 'zebra: 1\njobs: {a: {run: x}}\n', ['ci.yml:1:1: unknown key "zebra"']],
  [
    "the API's name of a top key",
    'trigger: push\njobs: {a: {run: x}}\n',
    ['ci.yml:1:1: unknown key "trigger", did you mean "on"?'],
  ],
  ['a top key named __proto__', '__proto__: 1\njobs: {a: {run: x}}\n', ['ci.yml:1:1: unknown key "__proto__"']],
  ['a top key named constructor', 'constructor: 1\njobs: {a: {run: x}}\n', ['ci.yml:1:1: unknown key "constructor"']],
  [
    'a name that is a number',
    'name: 12\njobs: {a: {run: x}}\n',
    ['ci.yml:1:7: "name" must be a text in quotes, not the number 12'],
  ],
  ['a name that is a list', 'name: [x]\njobs: {a: {run: x}}\n', ['ci.yml:1:7: "name" must be a text, not a list']],
  ['an empty name', "name: ''\njobs: {a: {run: x}}\n", ['ci.yml:1:7: "name" is empty']],
  [
    'a name of two lines',
    'name: |\n  a\n  b\njobs: {a: {run: x}}\n',
    ['ci.yml:1:7: "name" contains a line break or another control character'],
  ],
  [
    'a name that is too long',
    'name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\njobs: {a: {run: x}}\n',
    ['ci.yml:1:7: "name" has 201 characters; at most 200 are allowed'],
  ],
  [
    'on as a number',
    'on: 5\njobs: {a: {run: x}}\n',
    ['ci.yml:1:5: "on" must be a text, a list or a map, not the number 5'],
  ],
  [
    'on as a list of lists',
    'on: [[push]]\njobs: {a: {run: x}}\n',
    ['ci.yml:1:6: "on" entry 1 must be a text, not a list'],
  ],
  ['on as true', 'on: true\njobs: {a: {run: x}}\n', ['ci.yml:1:5: "on" must be a text, a list or a map, not true']],
  ['on that is empty', "on: ''\njobs: {a: {run: x}}\n", ['ci.yml:1:5: "on" is empty']],
  [
    'env as a list',
    'env: [A]\njobs: {a: {run: x}}\n',
    ['ci.yml:1:6: "env" must be a map of names to values, not a list'],
  ],
  [
    'env as text',
    'env: A=1\njobs: {a: {run: x}}\n',
    ['ci.yml:1:6: "env" must be a map of names to values, not the text "A=1"'],
  ],
  [
    'a variable that is a list',
    'env:\n  A: [1]\njobs: {a: {run: x}}\n',
    ['ci.yml:2:6: variable "A" must be a text, a number or a boolean, not a list'],
  ],
  [
    'a variable that is a map',
    'env:\n  A: {b: 1}\njobs: {a: {run: x}}\n',
    ['ci.yml:2:6: variable "A" must be a text, a number or a boolean, not a map'],
  ],
  [
    'a variable with a dash',
    'env:\n  A-B: 1\njobs: {a: {run: x}}\n',
    ['ci.yml:2:3: "A-B" cannot be the name of a variable; it has letters, digits and "_", and no digit first'],
  ],
  [
    'a variable that begins with a digit',
    'env: {1A: x}\njobs: {a: {run: x}}\n',
    ['ci.yml:1:7: "1A" cannot be the name of a variable; it has letters, digits and "_", and no digit first'],
  ],
  [
    'a variable without a name',
    "env: {'': x}\njobs: {a: {run: x}}\n",
    ['ci.yml:1:7: "" cannot be the name of a variable; it has letters, digits and "_", and no digit first'],
  ],
  [
    'a variable with U+0000',
    'env: {A: "x\\0y"}\njobs: {a: {run: x}}\n',
    ['ci.yml:1:10: variable "A" contains the character U+0000'],
  ],
  ['a job that is null', 'jobs:\n  a:\n', ['ci.yml:2:3: job "a": it must be a map with "run" or "steps"']],
  ['a job that is text', 'jobs:\n  a: make\n', ['ci.yml:2:6: job "a": it must be a map with "run" or "steps"']],
  ['a job that is a list', 'jobs:\n  a: [run]\n', ['ci.yml:2:6: job "a": it must be a map with "run" or "steps"']],
  ['an empty job', 'jobs:\n  a: {}\n', ['ci.yml:2:3: job "a" has neither "run" nor "steps"']],
  [
    'a job key with a blank',
    'jobs:\n  "a b": {run: x}\n',
    ['ci.yml:2:3: the job key "a b" must begin with a letter or "_", then letters, digits, "_", "-" and "."'],
  ],
  [
    'a job key that begins with a digit',
    'jobs:\n  1a: {run: x}\n',
    ['ci.yml:2:3: the job key "1a" must begin with a letter or "_", then letters, digits, "_", "-" and "."'],
  ],
  [
    'a job key that is empty',
    'jobs:\n  "": {run: x}\n',
    ['ci.yml:2:3: the job key "" must begin with a letter or "_", then letters, digits, "_", "-" and "."'],
  ],
  [
    'a job key that is a number',
    'jobs:\n  7: {run: x}\n',
    ['ci.yml:2:3: the job key "7" must begin with a letter or "_", then letters, digits, "_", "-" and "."'],
  ],
  [
    'a job key that is too long',
    'jobs:\n  kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: {run: x}\n',
    [
      'ci.yml:2:3: the job key "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…" has 101 characters; at most 100 are allowed',
    ],
  ],
  [
    'a job key with a slash',
    'jobs:\n  a/b: {run: x}\n',
    ['ci.yml:2:3: the job key "a/b" must begin with a letter or "_", then letters, digits, "_", "-" and "."'],
  ],
  [
    'neither run nor steps',
    'jobs:\n  a:\n    labels: [linux]\n',
    ['ci.yml:2:3: job "a" has neither "run" nor "steps"'],
  ],
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
  [
    'a label that is a number',
    'jobs:\n  a:\n    run: x\n    labels: [3.10]\n',
    ['ci.yml:4:14: job "a": "labels" entry 1 must be a text in quotes, not the number 3.10'],
  ],
  [
    'an empty label',
    "jobs:\n  a:\n    run: x\n    labels: ['']\n",
    ['ci.yml:4:14: job "a": "labels" entry 1 is empty'],
  ],
  [
    'a label that is too long',
    'jobs:\n  a:\n    run: x\n    labels: lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll\n',
    ['ci.yml:4:13: job "a": "labels" has 101 characters; at most 100 are allowed'],
  ],
  [
    'a label with a line break',
    'jobs:\n  a:\n    run: x\n    labels: ["a\\nb"]\n',
    ['ci.yml:4:14: job "a": "labels" entry 1 contains a line break or another control character'],
  ],
  [
    'negative retries',
    'jobs:\n  a:\n    run: x\n    retries: -1\n',
    ['ci.yml:4:14: job "a": "retries" must be a whole number from 0 to 1000, not the number -1'],
  ],
  [
    'half a retry',
    'jobs:\n  a:\n    run: x\n    retries: 1.5\n',
    ['ci.yml:4:14: job "a": "retries" must be a whole number from 0 to 1000, not the number 1.5'],
  ],
  [
    'retries as text',
    'jobs:\n  a:\n    run: x\n    retries: "2"\n',
    ['ci.yml:4:14: job "a": "retries" must be a whole number from 0 to 1000, not the text "2"'],
  ],
  [
    'too many retries',
    'jobs:\n  a:\n    run: x\n    retries: 1001\n',
    ['ci.yml:4:14: job "a": "retries" must be a whole number from 0 to 1000, not the number 1001'],
  ],
  [
    'infinite retries',
    'jobs:\n  a:\n    run: x\n    retries: .inf\n',
    ['ci.yml:4:14: job "a": "retries" must be a whole number from 0 to 1000, not the number .inf'],
  ],
  [
    'a priority too high',
    'jobs:\n  a:\n    run: x\n    priority: 1001\n',
    ['ci.yml:4:15: job "a": "priority" must be a whole number from -1000 to 1000, not the number 1001'],
  ],
  [
    'a priority too low',
    'jobs:\n  a:\n    run: x\n    priority: -1001\n',
    ['ci.yml:4:15: job "a": "priority" must be a whole number from -1000 to 1000, not the number -1001'],
  ],
  [
    'a priority as text',
    'jobs:\n  a:\n    run: x\n    priority: high\n',
    ['ci.yml:4:15: job "a": "priority" must be a whole number from -1000 to 1000, not the text "high"'],
  ],
  [
    'a timeout of zero',
    'jobs:\n  a:\n    run: x\n    timeout: 0\n',
    [
      'ci.yml:4:14: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the number 0',
    ],
  ],
  [
    'a negative timeout',
    'jobs:\n  a:\n    run: x\n    timeout: -5\n',
    [
      'ci.yml:4:14: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the number -5',
    ],
  ],
  [
    'a timeout with a fraction',
    'jobs:\n  a:\n    run: x\n    timeout: 1.5\n',
    [
      'ci.yml:4:14: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the number 1.5',
    ],
  ],
  [
    'a timeout in words',
    'jobs:\n  a:\n    run: x\n    timeout: 5 minutes\n',
    [
      'ci.yml:4:14: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the text "5 minutes"',
    ],
  ],
  [
    'a timeout that is too long',
    'jobs:\n  a:\n    run: x\n    timeout: 31d\n',
    [
      'ci.yml:4:14: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the text "31d"',
    ],
  ],
  [
    'a timeout as a list',
    'jobs:\n  a:\n    run: x\n    timeout: [5]\n',
    [
      'ci.yml:4:14: job "a": "timeout" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not a list',
    ],
  ],
  [
    'an unknown backoff',
    'jobs:\n  a:\n    run: x\n    backoff: linear\n',
    [
      'ci.yml:4:14: job "a": "backoff" must be "none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}, not the text "linear"',
    ],
  ],
  [
    'a backoff as a number',
    'jobs:\n  a:\n    run: x\n    backoff: 5\n',
    [
      'ci.yml:4:14: job "a": "backoff" must be "none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}, not the number 5',
    ],
  ],
  [
    'an unknown kind of backoff',
    'jobs:\n  a:\n    run: x\n    backoff: {linear: 5}\n',
    [
      'ci.yml:4:15: job "a": "backoff" must be "none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}, not "linear"',
    ],
  ],
  [
    'two kinds of backoff',
    'jobs:\n  a:\n    run: x\n    backoff: {fixed: 5, exponential: {base: 1, max: 2}}\n',
    [
      'ci.yml:4:14: job "a": "backoff" must be "none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}, not a map',
    ],
  ],
  [
    'a fixed backoff without delay',
    'jobs:\n  a:\n    run: x\n    backoff: {fixed: {}}\n',
    ['ci.yml:4:22: job "a": "backoff" lacks "delay"'],
  ],
  [
    'a fixed backoff that is null',
    'jobs:\n  a:\n    run: x\n    backoff: {fixed: }\n',
    ['ci.yml:4:22: job "a": "fixed" must be seconds, not null'],
  ],
  [
    'a negative delay',
    'jobs:\n  a:\n    run: x\n    backoff: {fixed: -1}\n',
    [
      'ci.yml:4:22: job "a": "fixed" must be whole seconds from 0 to 2592000, or a text such as "90s", "5m" or "1h", not the number -1',
    ],
  ],
  [
    'an exponential backoff as a number',
    'jobs:\n  a:\n    run: x\n    backoff: {exponential: 2}\n',
    ['ci.yml:4:28: job "a": "backoff.exponential" must be {base: 2, max: 60}, not the number 2'],
  ],
  [
    'an exponential backoff without max',
    'jobs:\n  a:\n    run: x\n    backoff: {exponential: {base: 2}}\n',
    ['ci.yml:4:28: job "a": "backoff" lacks "max"'],
  ],
  [
    'a base above its max',
    'jobs:\n  a:\n    run: x\n    backoff: {exponential: {base: 9, max: 3}}\n',
    ['ci.yml:4:28: job "a": "backoff" has a base of 9 s, which is more than its max of 3 s'],
  ],
  [
    'a jitter that is a number',
    'jobs:\n  a:\n    run: x\n    backoff: {exponential: {base: 1, max: 2, jitter: 1}}\n',
    ['ci.yml:4:54: job "a": "jitter" must be true or false, not the number 1'],
  ],
  [
    'an unknown key of a backoff',
    'jobs:\n  a:\n    run: x\n    backoff: {exponential: {base: 1, max: 2, factor: 3}}\n',
    ['ci.yml:4:46: job "a": "backoff" has an unknown key "factor"; it is base and max'],
  ],
  ['an if without a value', 'jobs:\n  a:\n    run: x\n    if:\n', ['ci.yml:4:5: job "a": "if" is empty']],
  [
    'an if that is empty',
    "jobs:\n  a:\n    run: x\n    if: ''\n",
    ['ci.yml:4:9: job "a": "if" at character 1: the condition is empty'],
  ],
  [
    'an if that is a number',
    'jobs:\n  a:\n    run: x\n    if: 1\n',
    ['ci.yml:4:9: job "a": "if" must be a condition, not the number 1'],
  ],
  [
    'an if that does not parse',
    'jobs:\n  a:\n    run: x\n    if: success( && true\n',
    ['ci.yml:4:18: job "a": "if" at character 10: expected ")" at once (success() takes no arguments), found "&&"'],
  ],
  [
    'an if with an unknown function',
    'jobs:\n  a:\n    run: x\n    if: sucess()\n',
    ['ci.yml:4:9: job "a": "if" at character 1: unknown function "sucess()", did you mean "success()"?'],
  ],
  [
    'an if that asks about a job it does not need',
    "jobs:\n  a:\n    run: x\n    if: needs.b.result == 'success'\n",
    ['ci.yml:4:9: job "a": "if" at character 1: it asks about "b", which is not among the job\'s needs'],
  ],
  [
    'an if in quotes with an error',
    'jobs:\n  a:\n    run: x\n    if: "always() && needs.b.result == \'success\'"\n',
    ['ci.yml:4:22: job "a": "if" at character 13: it asks about "b", which is not among the job\'s needs'],
  ],
  [
    'an if in a block with an error',
    'jobs:\n  a:\n    run: x\n    if: |\n      always() &&\n      nope\n',
    ['ci.yml:6:7: job "a": "if" at character 13: unknown name "nope", put a text in quotes'],
  ],
  [
    'an if folded over lines with an error',
    'jobs:\n  a:\n    run: x\n    if: always() &&\n      nope\n',
    ['ci.yml:4:9: job "a": "if" at character 13: unknown name "nope", put a text in quotes'],
  ],
  [
    'an if with a word that is no result',
    "jobs:\n  a: {run: x}\n  b:\n    needs: a\n    run: x\n    if: needs.a.result == 'succes'\n",
    ['ci.yml:6:27: job "b": "if" at character 19: a result is never "succes", did you mean \'success\'?'],
  ],
  [
    'metadata as text',
    'jobs:\n  a:\n    run: x\n    metadata: x\n',
    ['ci.yml:4:15: job "a": "metadata" must be a map, not the text "x"'],
  ],
  [
    'several problems at once',
    'nam: x\njobs:\n  a:\n    run: x\n    needs: [b, a]\n    retries: x\n  c: {}\n',
    [
      'ci.yml:1:1: unknown key "nam", did you mean "name"?',
      'ci.yml:5:13: job "a" needs "b", which does not exist',
      'ci.yml:5:16: job "a" needs itself',
      'ci.yml:6:14: job "a": "retries" must be a whole number from 0 to 1000, not the text "x"',
      'ci.yml:7:3: job "c" has neither "run" nor "steps"',
    ],
  ],
];

/** Rules that relate one value to another, or concern a text with its own syntax. */
const beyondSchema = [
  'a tag with a value',
  'a default that one job cannot have',
  'a job after the one that needs every job',
  'two needs that give the same variables',
  'a working directory with an expression',
  'a step id twice',
  'a step id that is taken by a default',
  'a need that does not exist',
  'a need that does not exist, as a text',
  'a misspelt need',
  'a need of itself',
  'a need named __proto__',
  'a need named constructor',
  'a cycle of two',
  'a cycle of three behind a job',
  'two cycles',
  'a short and a long cycle in one group',
  'a timeout that is too long',
  'a base above its max',
  'an if that does not parse',
  'an if with an unknown function',
  'an if that asks about a job it does not need',
  'an if in quotes with an error',
  'an if in a block with an error',
  'an if folded over lines with an error',
  'an if with a word that is no result',
];

describe('a workflow file with a mistake', () => {
  for (const [what, text, expected] of table) {
    it(`${what} is refused, with its place`, () => {
      const result = parseDefinition(text, 'yaml', 'ci.yml');
      expect(result.ok ? ['accepted'] : result.problems.map(formatProblem)).toEqual(expected);
    });
  }
});

test('an editor with the JSON Schema refuses the same files, except for errors that a schema cannot detect', () => {
  const accepted = table.filter(([, text]) => {
    try {
      return saidByEditor(text) === null;
    } catch {
      // A file that is not YAML is refused before any schema applies.
      return false;
    }
  });
  expect(accepted.map(([what]) => what)).toEqual(beyondSchema);
});
