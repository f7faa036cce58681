import { hasExpression, unescapeText } from '../condition/template.js';
import { ownField } from '../json.js';
import { limits } from '../limits.js';
import { type Checker, type Subject, shortText } from './checker.js';
import type { Env, StepDefinition } from './definition.js';
import { stepKeys } from './job-keys.js';
import { keyAt, type Place, valueAt } from './place.js';
import { emptyEnv, readEnv } from './read-env.js';
import { refuseInScript } from './read-expressions.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';
import { jobKeyPattern } from './value-schemas.js';

/**
 * Reads a job's steps. Unknown keys are problems unless `lenient`. Null without a usable list of steps; a wrong step is
 * reported and left out.
 */
export function readSteps(
  checker: Checker,
  job: Subject,
  value: SourceValue,
  place: Place,
  lenient: boolean,
): StepDefinition[] | null {
  if (!Array.isArray(value)) return checker.wrongType(job, 'steps', 'a list', value, place);
  if (value.length === 0 || value.length > limits.stepsPerJob) {
    const fault =
      value.length === 0 ? 'is empty' : `has ${value.length} entries; at most ${limits.stepsPerJob} are allowed`;
    checker.say(job, `"steps" ${fault}`, place);
    return null;
  }
  const steps: StepDefinition[] = [];
  const ids = new Set<string>();
  for (const [index, item] of value.entries()) {
    const subject: Subject = { label: `step ${index + 1} of ${job.label}`, job: job.job };
    const at = valueAt(place, index);
    if (!isSourceObject(item)) {
      checker.say(subject, 'it must be a map with "run"', at);
      continue;
    }
    if (!lenient) checker.unknownKeys(subject, item, stepKeys, at);
    const step = readStep(checker, subject, item, at, index, lenient);
    if (step === null) continue;
    if (ids.has(step.id)) checker.say(subject, `the id "${step.id}" is taken by a step before it`, valueAt(at, 'id'));
    ids.add(step.id);
    steps.push(step);
  }
  return steps;
}

function readStep(
  checker: Checker,
  subject: Subject,
  item: SourceObject,
  at: Place,
  index: number,
  lenient: boolean,
): StepDefinition | null {
  const writtenId = checker.line(subject, 'id', ownField(item, 'id'), valueAt(at, 'id'), limits.keyChars);
  if (writtenId !== null && !jobKeyPattern.test(writtenId)) {
    checker.say(
      subject,
      `the id ${shortText(writtenId)} must begin with a letter or "_", then letters, digits, "_", "-" and "."`,
      valueAt(at, 'id'),
    );
  }
  const writtenName = checker.line(subject, 'name', ownField(item, 'name'), valueAt(at, 'name'), limits.nameChars);
  if (!lenient && writtenName !== null && hasExpression(writtenName)) {
    checker.say(subject, `"name" cannot have "\${{" in it; only the name of a job can`, valueAt(at, 'name'));
  }
  const env: Env = readEnv(checker, subject, ownField(item, 'env'), valueAt(at, 'env'), emptyEnv);
  const script = ownField(item, 'run');
  if (script === undefined || script === null) {
    // The replacement of `uses` was already reported.
    if (!lenient && ownField(item, 'uses') !== undefined) return null;
    checker.say(subject, 'it has no "run"', script === undefined ? at : keyAt(at, 'run'));
    return null;
  }
  const written = checker.script(subject, 'run', script, valueAt(at, 'run'));
  if (written === null) return null;
  if (!lenient) refuseInScript(checker, subject, 'run', written, valueAt(at, 'run'));
  const run = lenient ? written : unescapeText(written);
  return { id: writtenId ?? `step-${index + 1}`, name: writtenName ?? writtenId ?? firstLine(run), run, env };
}

function firstLine(script: string): string {
  const line = script.trim().split(/[\r\n]/, 1)[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name is one printable line
  const printable = line.replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return printable.length > 80 ? `${printable.slice(0, 79).toWellFormed()}…` : printable;
}
