import type { DeclaredInputs } from '../condition/expression.js';
import { sites } from '../condition/site.js';
import { hasExpression } from '../condition/template.js';
import type { JobGroupSpec } from '../gates/job-gates.js';
import { type QueueRule, queueRules, type RunGroupSpec } from '../gates/run-group.js';
import { ownField } from '../json.js';
import { limits } from '../limits.js';
import { type Checker, describe, type Subject, theWorkflow } from './checker.js';
import { jobConcurrencyKeys } from './job-keys.js';
import { type Place, valueAt } from './place.js';
import { checkTemplate, type ExpressionReader } from './read-expressions.js';
import { isSourceObject, type SourceValue, WrittenNumber } from './source.js';
import { concurrencyKeys } from './workflow-keys.js';

/** Reads the top-level `concurrency`: a name, or a map. Null when absent, or invalid, which is reported. */
export function readConcurrency(
  checker: Checker,
  value: SourceValue | undefined,
  place: Place,
  inputs: DeclaredInputs,
): RunGroupSpec | null {
  if (value === undefined || value === null) return null;
  const defaults = { max: 1, queue: 'all', cancelInProgress: false } as const;
  if (typeof value === 'string') {
    const group = readGroup(checker, 'concurrency', value, place, inputs);
    return group === null ? null : { group, ...defaults };
  }
  if (!isSourceObject(value)) {
    return checker.wrongType(theWorkflow, 'concurrency', 'the name of a group, or a map with "group"', value, place);
  }
  checker.unknownKeys({ label: '"concurrency"', job: null }, value, concurrencyKeys, place);
  const field = (key: string): SourceValue | undefined => ownField(value, key);
  const at = (key: string): Place => valueAt(place, key);
  const group = readGroup(checker, 'concurrency.group', field('group'), at('group'), inputs);
  if (field('group') === undefined || field('group') === null) {
    checker.say(theWorkflow, '"concurrency" has no "group"', place);
  }
  const max = checker.wholeNumber(theWorkflow, 'concurrency.max', field('max'), at('max'), 1, limits.groupMax);
  const queue = readQueue(checker, field('queue'), at('queue'));
  const cancelInProgress = readCancel(checker, field('cancel-in-progress'), at('cancel-in-progress'));
  if (cancelInProgress && queue !== null && queue !== 'newest') {
    const said = `"concurrency.queue" cannot be ${JSON.stringify(queue)} beside "cancel-in-progress: true", which means "newest"`;
    checker.say(theWorkflow, said, at('queue'));
  }
  if (group === null) return null;
  return {
    group,
    max: max ?? defaults.max,
    queue: cancelInProgress ? 'newest' : (queue ?? defaults.queue),
    cancelInProgress,
  };
}

/** Reads the `concurrency` of a job: a name, or a map. Null when absent, or invalid, which is reported. */
export function readJobConcurrency(
  checker: Checker,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
  expressions: ExpressionReader,
): JobGroupSpec | null {
  if (value === undefined || value === null) return null;
  const named = (key: string, name: SourceValue | undefined, at: Place): string | null => {
    if (typeof name === 'string' && hasExpression(name)) return expressions.read(`"${key}"`, name, at);
    return checker.line(subject, key, name, at, limits.groupChars);
  };
  if (typeof value === 'string') {
    const group = named('concurrency', value, place);
    return group === null ? null : { group, max: 1 };
  }
  if (!isSourceObject(value)) {
    return checker.wrongType(subject, 'concurrency', 'the name of a group, or a map with "group"', value, place);
  }
  checker.unknownKeys({ ...subject, label: `"concurrency" of ${subject.label}` }, value, jobConcurrencyKeys, place);
  const group = named('concurrency.group', ownField(value, 'group'), valueAt(place, 'group'));
  if (ownField(value, 'group') === undefined || ownField(value, 'group') === null) {
    checker.say(subject, '"concurrency" has no "group"', place);
  }
  const max = valueAt(place, 'max');
  const places = checker.wholeNumber(subject, 'concurrency.max', ownField(value, 'max'), max, 1, limits.groupMax);
  return group === null ? null : { group, max: places ?? 1 };
}

function readGroup(
  checker: Checker,
  key: string,
  value: SourceValue | undefined,
  place: Place,
  inputs: DeclaredInputs,
): string | null {
  if (typeof value === 'string' && hasExpression(value)) {
    checkTemplate(checker, theWorkflow, `"${key}"`, value, place, { site: sites.start, inputs });
    return value;
  }
  return checker.line(theWorkflow, key, value, place, limits.groupChars);
}

function readQueue(checker: Checker, value: SourceValue | undefined, place: Place): QueueRule | null {
  if (value === undefined || value === null) return null;
  const number = value instanceof WrittenNumber ? value.value : value;
  const rule = queueRules.find((known) => known === number);
  if (rule !== undefined) return rule;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= limits.groupWaitingRuns) {
    return number;
  }
  const hint = number === 0 ? '; for no queue write "none"' : '';
  const said = `"concurrency.queue" must be "all", "newest", "none" or a whole number from 1 to ${limits.groupWaitingRuns}, not ${describe(value)}${hint}`;
  checker.say(theWorkflow, said, place);
  return null;
}

function readCancel(checker: Checker, value: SourceValue | undefined, place: Place): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  checker.wrongType(theWorkflow, 'concurrency.cancel-in-progress', 'true or false', value, place);
  return false;
}
