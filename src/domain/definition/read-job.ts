import { ConditionError } from '../condition/expression.js';
import { parseCondition } from '../condition/parse-condition.js';
import { checkNeedsOf } from '../condition/references.js';
import { type JsonObject, ownField } from '../json.js';
import { normaliseLabels } from '../labels.js';
import { exceedsBytes, limits } from '../limits.js';
import { noRetries, type RetryPolicy } from '../retry.js';
import { type Checker, type Subject, shortText } from './checker.js';
import { compileRun, compileSteps } from './compile-command.js';
import type { Env, StepDefinition } from './definition.js';
import type { DraftJob } from './draft.js';
import { jobKeyPattern } from './keys.js';
import { keyAt, type Place, textOffset, valueAt } from './place.js';
import { envChars, readEnv } from './read-env.js';
import { readBackoff, readRetries } from './read-retry.js';
import { readSteps } from './read-steps.js';
import { isSourceObject, type SourceObject, type SourceValue, toJson } from './source.js';

/** What the fields of a job are called in a form of definition. */
export interface JobFieldNames {
  readonly run: string;
  readonly needs: string;
  readonly labels: string;
  readonly retries: string;
  readonly timeout: string;
  /** Holds `max_retries` and `backoff`; null where `backoff` is a key of the job. */
  readonly retryPolicy: string | null;
  /** Unknown keys are ignored, and `steps` beside a script are for display only. */
  readonly lenient: boolean;
}

/** Reads one job. What is wrong is reported; the draft is then only good for finding more that is wrong. */
export function readJob(
  checker: Checker,
  names: JobFieldNames,
  key: string,
  job: SourceObject,
  /** Where the key, and where the job's map stands. */
  keyPlace: Place,
  place: Place,
  outerEnv: Env,
): DraftJob {
  const subject: Subject = { label: `job ${shortText(key)}`, job: key };
  const field = (name: string): SourceValue | undefined => ownField(job, name);
  const at = (name: string): Place => valueAt(place, name);

  checkJobKey(checker, subject, key, keyPlace);
  const needsValue = field(names.needs);
  const needs = checker.lines(
    subject,
    names.needs,
    needsValue,
    at(names.needs),
    limits.keyChars,
    limits.jobsPerWorkflow,
  );
  const env = readEnv(checker, subject, field('env'), at('env'), outerEnv);
  const script = readScript(checker, names, subject, job, keyPlace, place, env);
  return {
    key,
    name: checker.line(subject, 'name', field('name'), at('name'), limits.nameChars) ?? key,
    needs,
    place: keyPlace,
    needsPlace: at(names.needs),
    needsIsList: Array.isArray(needsValue),
    labels: normaliseLabels(
      checker.lines(
        subject,
        names.labels,
        field(names.labels),
        at(names.labels),
        limits.labelChars,
        limits.labelsPerJob,
      ),
    ),
    retry: readRetryPolicy(checker, names, subject, job, place),
    priority:
      checker.wholeNumber(
        subject,
        'priority',
        field('priority'),
        at('priority'),
        -limits.priorityMax,
        limits.priorityMax,
      ) ?? 0,
    timeoutSecs: checker.seconds(subject, names.timeout, field(names.timeout), at(names.timeout), 1),
    condition: readCondition(checker, names, subject, field('if'), at('if'), needs),
    env,
    ...script,
    metadata: readMetadata(checker, subject, field('metadata'), at('metadata')),
  };
}

function checkJobKey(checker: Checker, subject: Subject, key: string, place: Place): void {
  if (key.length > limits.keyChars) {
    checker.add(
      `the job key ${shortText(key)} has ${key.length} characters; at most ${limits.keyChars} are allowed`,
      place,
      subject.job,
    );
  } else if (!jobKeyPattern.test(key)) {
    const rule = 'must begin with a letter or "_", then letters, digits, "_", "-" and "."';
    checker.add(`the job key ${shortText(key)} ${rule}`, place, subject.job);
  }
}

function readScript(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  job: SourceObject,
  keyPlace: Place,
  place: Place,
  env: Env,
): { command: string; steps: readonly StepDefinition[] } {
  const runValue = ownField(job, names.run);
  const stepsValue = ownField(job, 'steps');
  const hasRun = runValue !== undefined && runValue !== null;
  const hasSteps = stepsValue !== undefined && stepsValue !== null;
  if (!hasRun && !hasSteps) {
    // An empty `run:` is the place to look at, when there is one.
    const where = runValue === null ? keyAt(place, names.run) : stepsValue === null ? keyAt(place, 'steps') : keyPlace;
    checker.add(`${subject.label} has neither "${names.run}" nor "steps"`, where, subject.job);
    return { command: '', steps: [] };
  }
  if (hasRun && hasSteps && !names.lenient) {
    checker.add(
      `${subject.label} has both "${names.run}" and "steps"; keep one of them`,
      keyAt(place, 'steps'),
      subject.job,
    );
  }
  const steps = hasSteps ? readSteps(checker, subject, stepsValue, valueAt(place, 'steps'), names.lenient) : null;
  const run = hasRun ? checker.script(subject, names.run, runValue, valueAt(place, names.run)) : null;
  const command = compileCommand(checker, run, steps, env);
  if (exceedsBytes(command, limits.commandBytes)) {
    const what = run !== null ? names.run : 'steps';
    const made = run === command ? '' : ', with its "env" compiled in,';
    checker.say(subject, `"${what}"${made} takes more than ${limits.commandBytes} bytes`, valueAt(place, what));
  }
  return { command, steps: steps ?? [] };
}

function compileCommand(
  checker: Checker,
  run: string | null,
  steps: readonly StepDefinition[] | null,
  env: Env,
): string {
  const stepChars = (steps ?? []).reduce(
    (sum, step) => sum + step.name.length + step.run.length + envChars(step.env),
    0,
  );
  const fits = checker.takeChars((run?.length ?? 0) + stepChars + envChars(env));
  if (!fits) return '';
  if (run !== null) return compileRun(run, env);
  return steps === null ? '' : compileSteps(steps, env);
}

function readRetryPolicy(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  job: SourceObject,
  place: Place,
): RetryPolicy {
  const field = (name: string): SourceValue | undefined => ownField(job, name);
  const retries = field(names.retries);
  let maxRetries = readRetries(checker, subject, names.retries, retries, valueAt(place, names.retries));
  if (names.retryPolicy === null) {
    const backoff = readBackoff(checker, subject, field('backoff'), valueAt(place, 'backoff'));
    return maxRetries === 0 && backoff.kind === 'none' ? noRetries : { maxRetries, backoff };
  }
  const at = valueAt(place, names.retryPolicy);
  const policy = checker.object(subject, names.retryPolicy, field(names.retryPolicy), at);
  if (policy === null) return maxRetries === 0 ? noRetries : { maxRetries, backoff: noRetries.backoff };
  const ownRetries = ownField(policy, 'max_retries') ?? null;
  if (ownRetries !== null)
    maxRetries = readRetries(checker, subject, 'max_retries', ownRetries, valueAt(at, 'max_retries'));
  return { maxRetries, backoff: readBackoff(checker, subject, ownField(policy, 'backoff'), valueAt(at, 'backoff')) };
}

function readCondition(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
  needs: readonly string[],
): string | null {
  if (value === undefined || (value === null && names.lenient)) return null;
  if (value === null) {
    checker.say(subject, '"if" is empty', keyAt(place.parent, 'if'));
    return null;
  }
  const source = typeof value === 'boolean' ? String(value) : value;
  if (typeof source !== 'string') return checker.wrongType(subject, 'if', 'a condition', value, place);
  const report = (error: ConditionError): void => {
    checker.say(subject, `"if" at character ${error.column}: ${error.message}`, textOffset(place, error.offset));
  };
  try {
    checkNeedsOf(parseCondition(source), new Set(needs)).forEach(report);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    report(error);
  }
  return source;
}

function readMetadata(
  checker: Checker,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
): JsonObject | null {
  const object = checker.object(subject, 'metadata', value, place);
  if (object === null) return null;
  const metadata = toJson(object);
  const written = JSON.stringify(metadata);
  checker.takeChars(written.length);
  if (exceedsBytes(written, limits.metadataBytes)) {
    checker.say(subject, `"metadata" takes more than ${limits.metadataBytes} bytes`, place);
  }
  return isSourceObject(metadata) ? (metadata as JsonObject) : null;
}
