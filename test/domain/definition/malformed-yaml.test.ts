import { describe, expect, it, test } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { formatProblem } from '../../../src/domain/problem.js';
import { saidByEditor } from '../../support/workflow-file-schema.js';
import { malformedJobs } from './malformed-files/commands-and-needs.js';
import { malformedSettings } from './malformed-files/settings.js';
import { malformedFiles } from './malformed-files/whole-files.js';

const table = [...malformedFiles, ...malformedJobs, ...malformedSettings];

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
