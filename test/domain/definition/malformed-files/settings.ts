import type { MalformedFile } from './malformed-file.js';

/** Mistakes in the settings of a job, in conditions, and several at once. */
export const malformedSettings: readonly MalformedFile[] = [
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
