import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblem } from '../../../src/domain/problem.js';

const table: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
  ['an open brace', '{"jobs": ', ['ci.json:1:10: not valid JSON: expected a value, found the end of the text']],
  [
    'a trailing comma',
    '{"jobs": {"a": {"run": "x"},}}',
    ['ci.json:1:29: not valid JSON: expected a key after ",", found "}"'],
  ],
  [
    'a single quote',
    "{'jobs': 1}",
    ['ci.json:1:2: not valid JSON: expected a key in double quotes or "}", found "\'"'],
  ],
  ['a comment', '{"jobs": {} // x\n}', ['ci.json:1:13: not valid JSON: expected "," or "}", found "/"']],
  ['text after the end', '{"jobs": []}\n}', ['ci.json:2:1: not valid JSON: expected nothing more, found "}"']],
  ['a missing colon', '{"jobs" []}', ['ci.json:1:9: not valid JSON: expected ":" after the key, found "["']],
  [
    'an open string',
    '{"name": "x',
    [
      'ci.json:1:10: not valid JSON: the text that begins here is not closed, or has a bad escape or a control character',
    ],
  ],
  [
    'a bad escape',
    '{"name": "\\x"}',
    [
      'ci.json:1:10: not valid JSON: the text that begins here is not closed, or has a bad escape or a control character',
    ],
  ],
  ['a number with a leading zero', '{"name": 01}', ['ci.json:1:10: not valid JSON: expected a value, found "0"']],
  ['NaN', '{"name": NaN}', ['ci.json:1:10: not valid JSON: expected a value, found "N"']],
  [
    'a missing comma',
    '{\n  "name": "x"\n  "jobs": []\n}',
    ['ci.json:3:3: not valid JSON: expected "," or "}", found a text'],
  ],
  ['a JSON text', '"x"', ['ci.json:1:1: a definition must be a map with "jobs", not the text "x"']],
  ['a JSON null', 'null', ['ci.json: the definition is empty']],
  ['a JSON list', '[]', ['ci.json:1:1: a definition must be a map with "jobs", not a list']],
  [
    'a key twice',
    '{"name": "x",\n "name": "y", "jobs": [{"id": "a", "command": "x"}]}',
    ['ci.json:2:2: the key "name" appears twice'],
  ],
  [
    'a key twice behind an escape',
    '{"name": "x",\n "n\\u0061me": "y", "jobs": [{"id": "a", "command": "x"}]}',
    ['ci.json:2:2: the key "name" appears twice'],
  ],
  [
    '__proto__ twice',
    '{"__proto__": 1, "__proto__": 2, "jobs": [{"id": "a", "command": "x"}]}',
    ['ci.json:1:18: the key "__proto__" appears twice'],
  ],
  [
    'an unknown key in a file as JSON',
    '{\n  "jobs": {"a": {"run": "x", "nedds": []}}\n}',
    ['ci.json:2:30: job "a": unknown key "nedds", did you mean "needs"?'],
  ],
  [
    'a cycle in a file as JSON',
    '{"jobs": {"a": {"run": "x", "needs": "b"}, "b": {"run": "x",\n "needs": ["a"]}}}',
    ['ci.json:1:38: jobs need each other in a cycle: a → b → a'],
  ],
  ['the form of the API without jobs', '{"name": "x", "jobs": []}', ['ci.json:1:23: the workflow has no "jobs"']],
  ['a job that is a text', '{"jobs": ["a"]}', ['ci.json:1:11: jobs[0]: it must be an object with "id" and "command"']],
  ['a job without id', '{"jobs": [{"command": "x"}]}', ['ci.json:1:11: jobs[0]: it has no "id"']],
  [
    'a job with an id that is a number',
    '{"jobs": [{"id": 7, "command": "x"}]}',
    ['ci.json:1:18: jobs[0]: "id" must be a text in quotes, not the number 7'],
  ],
  [
    'a job with an id that cannot be',
    '{"jobs": [{"id": "a b", "command": "x"}]}',
    ['ci.json:1:18: the job key "a b" must begin with a letter or "_", then letters, digits, "_", "-" and "."'],
  ],
  [
    'an id twice',
    '{"jobs": [\n  {"id": "a", "command": "x"},\n  {"id": "a", "command": "y"}\n]}',
    ['ci.json:3:10: job "a" appears twice'],
  ],
  ['a job without command', '{"jobs": [{"id": "a"}]}', ['ci.json:1:18: job "a" has neither "command" nor "steps"']],
  [
    'a job whose command is null',
    '{"jobs": [{"id": "a", "command": null}]}',
    ['ci.json:1:23: job "a" has neither "command" nor "steps"'],
  ],
  [
    'a command that is a list',
    '{"jobs": [{"id": "a", "command": ["x"]}]}',
    ['ci.json:1:34: job "a": "command" must be a text, not a list'],
  ],
  ['an empty command', '{"jobs": [{"id": "a", "command": ""}]}', ['ci.json:1:34: job "a": "command" is empty']],
  [
    'a missing dependency',
    '{"jobs": [{"id": "a", "command": "x", "depends_on": ["b"]}]}',
    ['ci.json:1:54: job "a" needs "b", which does not exist'],
  ],
  [
    'depends_on as an object',
    '{"jobs": [{"id": "a", "command": "x", "depends_on": {}}]}',
    ['ci.json:1:53: job "a": "depends_on" must be a text or a list of texts, not a map'],
  ],
  [
    'a cycle in the form of the API',
    '{"jobs": [\n  {"id": "a", "command": "x", "depends_on": ["b"]},\n  {"id": "b", "command": "x", "depends_on": ["a"]}\n]}',
    ['ci.json:2:46: jobs need each other in a cycle: a → b → a'],
  ],
  [
    'max_retries as text',
    '{"jobs": [{"id": "a", "command": "x", "max_retries": "3"}]}',
    ['ci.json:1:54: job "a": "max_retries" must be a whole number from 0 to 1000, not the text "3"'],
  ],
  [
    'a retry_policy that is a list',
    '{"jobs": [{"id": "a", "command": "x", "retry_policy": []}]}',
    ['ci.json:1:55: job "a": "retry_policy" must be a map, not a list'],
  ],
  [
    'an unknown backoff of the API',
    '{"jobs": [{"id": "a", "command": "x", "retry_policy": {"backoff": "Linear"}}]}',
    [
      'ci.json:1:67: job "a": "backoff" must be "none", {fixed: {delay: 5}} or {exponential: {base: 2, max: 60}}, not the text "Linear"',
    ],
  ],
  [
    'a negative timeout_secs',
    '{"jobs": [{"id": "a", "command": "x", "timeout_secs": -1}]}',
    [
      'ci.json:1:55: job "a": "timeout_secs" must be whole seconds from 1 to 2592000, or a text such as "90s", "5m" or "1h", not the number -1',
    ],
  ],
  [
    'required_labels with a null',
    '{"jobs": [{"id": "a", "command": "x", "required_labels": [null]}]}',
    ['ci.json:1:59: job "a": "required_labels" entry 1 must be a text, not null'],
  ],
  [
    'half of a surrogate pair',
    '{"name": "\\ud800", "jobs": [{"id": "a", "command": "x"}]}',
    ['ci.json:1:10: "name" contains half of a surrogate pair'],
  ],
  [
    'an if of the API that does not parse',
    '{"jobs": [{"id": "a", "command": "x", "if": "a b"}]}',
    ['ci.json:1:45: job "a": "if" at character 1: unknown name "a", put a text in quotes'],
  ],
  [
    'an id named __proto__ that needs itself',
    '{"jobs": [{"id": "__proto__", "command": "x", "depends_on": ["__proto__"]}]}',
    ['ci.json:1:62: job "__proto__" needs itself'],
  ],
  [
    'deep nesting',
    '{"jobs": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}',
    ['ci.json:1:1: more than 64 lists and objects inside each other'],
  ],
];

describe('a definition in JSON with a mistake', () => {
  for (const [what, text, expected] of table) {
    it(`${what} is refused, with its place`, () => {
      const result = parseDefinition(text, 'json', 'ci.json');
      expect(result.ok ? ['accepted'] : result.problems.map(formatProblem)).toEqual(expected);
    });
  }
});
