import { ConditionError, type DeclaredInputs, references } from '../condition/expression.js';
import { parseCondition } from '../condition/parse-condition.js';
import { checkNeedsOf, typesOfInputs } from '../condition/references.js';
import { hasExpression, unescapeText } from '../condition/template.js';
import { type JsonObject, ownField } from '../json.js';
import { features, type LabelSet, normaliseLabels } from '../labels.js';
import { exceedsBytes, limits } from '../limits.js';
import { dependsOnExitCode, noRetries, type RetryPolicy } from '../retry.js';
import { type Checker, type Subject, shortText } from './checker.js';
import type { Env, InputTypes, Shell } from './definition.js';
import type { DraftJob } from './draft.js';
import type { JobExpressions } from './job-expressions.js';
import { keyAt, type Place, textOffset, valueAt } from './place.js';
import { readJobConcurrency } from './read-concurrency.js';
import { type Defaults, withDefaults } from './read-defaults.js';
import { emptyEnv, readEnv } from './read-env.js';
import { ExpressionReader, isTemplate } from './read-expressions.js';
import { readLabels } from './read-labels.js';
import { readBackoff, readRetries, readRetryOn } from './read-retry.js';
import { readScript } from './read-script.js';
import { readStrategy } from './read-strategy.js';
import { isSourceObject, type SourceObject, type SourceValue, toJson } from './source.js';
import { jobKeyPattern } from './value-schemas.js';

/** The names of a job's fields in a form of definition. */
export interface JobFieldNames {
  readonly run: string;
  readonly needs: string;
  readonly labels: string;
  readonly retries: string;
  readonly timeout: string;
  readonly queueTimeout: string;
  /** Holds `max_retries` and `backoff`; null where `backoff` is a key of the job. */
  readonly retryPolicy: string | null;
  /** The default of `shell`; null where there is no such key, and scripts run exactly as written. */
  readonly shell: Shell | null;
  /** Null where there is no such key. */
  readonly workingDirectory: string | null;
  readonly continueOnError: string;
  /** Unknown keys are ignored, and `steps` beside a script are for display only. */
  readonly lenient: boolean;
}

/** What the file sets for all of its jobs. */
export interface FileScope {
  readonly env: Env;
  readonly inputs: DeclaredInputs;
  /** Keys for jobs that do not have them; null when there are none. */
  readonly defaults: Defaults | null;
  /** The meaning of `needs: '*'`. */
  readonly everyJob: readonly string[];
}

/** As the value of `needs`: every job of the file that does not itself have it. */
export const everyOther = '*';

/** Reads one job and reports its mistakes; the draft of a wrong job only serves to find further mistakes. */
export function readJob(
  checker: Checker,
  names: JobFieldNames,
  key: string,
  written: SourceObject,
  /** The places of the key and of the job's map. */
  keyPlace: Place,
  place: Place,
  scope: FileScope,
): DraftJob {
  const subject: Subject = { label: `job ${shortText(key)}`, job: key };
  const job = withDefaults(written, scope.defaults);
  const field = (name: string): SourceValue | undefined => ownField(job, name);
  const at = (name: string): Place =>
    scope.defaults !== null && field(name) !== ownField(written, name)
      ? valueAt(scope.defaults.place, name)
      : valueAt(place, name);

  checkJobKey(checker, subject, key, keyPlace);
  const needsValue = field(names.needs);
  const needs = readNeeds(checker, names, subject, needsValue, at(names.needs), scope);
  const strategy = names.lenient ? null : readStrategy(checker, subject, field('strategy'), place, needs, scope.inputs);
  const expressions = new ExpressionReader(checker, subject, scope.inputs, needs, strategy?.names);
  const template = (name: string): string | null => {
    const value = field(name);
    return !names.lenient && isTemplate(value) ? expressions.read(`"${name}"`, value, at(name)) : null;
  };
  /** The value of a key, unless it has expressions. */
  const plain = (name: string): SourceValue | undefined => {
    const value = field(name);
    if (names.lenient || typeof value !== 'string') return value;
    return hasExpression(value) ? undefined : unescapeText(value);
  };
  const merged = readEnv(checker, subject, field('env'), at('env'), scope.env);
  const env = names.lenient
    ? { fixed: merged, templates: emptyEnv }
    : expressions.split(merged, namesOf(field('env')), at('env'), valueAt(null, 'env'));
  const { command, steps, shell, workingDirectory, stepEnv } = readScript(
    checker,
    names,
    subject,
    job,
    keyPlace,
    place,
    env.fixed,
    expressions,
  );
  const labels = readLabels(checker, names, subject, field(names.labels), at(names.labels), expressions);
  const computed: JobExpressions = {
    name: template('name'),
    labels: labels.templates,
    priority: template('priority'),
    timeout: template(names.timeout),
    ...optional('queueTimeout', template(names.queueTimeout)),
    env: env.templates,
    stepEnv,
    shell,
    ...optional('workingDirectory', workingDirectory),
  };
  const concurrency = readJobConcurrency(checker, subject, field('concurrency'), at('concurrency'), expressions);
  const condition = readCondition(checker, names, subject, field('if'), at('if'), needs, scope.inputs);
  const retry = readRetryPolicy(checker, names, subject, job, written, place);
  const isFresh = !names.lenient && readWorkspace(checker, subject, field('workspace'), at('workspace'));
  return {
    key,
    name: checker.line(subject, 'name', plain('name'), at('name'), limits.nameChars) ?? key,
    needs,
    place: keyPlace,
    needsPlace: at(names.needs),
    needsIsList: Array.isArray(needsValue),
    labels: withFeatures(labels.fixed, retry, isFresh),
    retry,
    priority:
      checker.wholeNumber(
        subject,
        'priority',
        plain('priority'),
        at('priority'),
        -limits.priorityMax,
        limits.priorityMax,
      ) ?? 0,
    timeoutSecs: checker.seconds(subject, names.timeout, plain(names.timeout), at(names.timeout), 1),
    queueTimeoutSecs: checker.seconds(
      subject,
      names.queueTimeout,
      plain(names.queueTimeout),
      at(names.queueTimeout),
      1,
    ),
    continueOnError:
      checker.boolean(subject, names.continueOnError, field(names.continueOnError), at(names.continueOnError)) ?? false,
    concurrency,
    condition: condition.condition,
    strategy: strategy?.strategy ?? null,
    expressions: strategy !== null || hasAny(computed) ? computed : null,
    inputTypes:
      scope.inputs === null
        ? null
        : Object.assign({}, condition.inputTypes, expressions.inputTypes, strategy?.inputTypes),
    env: env.fixed,
    steps,
    command,
    metadata: readMetadata(checker, subject, field('metadata'), at('metadata')),
  };
}

function readNeeds(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
  { everyJob }: FileScope,
): readonly string[] {
  if (!names.lenient && value === everyOther) return everyJob;
  const needs = checker.lines(subject, names.needs, value, place, limits.keyChars, limits.jobsPerWorkflow);
  const star = names.lenient ? -1 : needs.indexOf(everyOther);
  if (star < 0) return needs;
  checker.say(subject, `"*" stands for every job and is written alone: ${names.needs}: '*'`, valueAt(place, star));
  return [];
}

/** The names that a map of a file sets. */
function namesOf(value: SourceValue | undefined): ReadonlySet<string> {
  return new Set(value !== undefined && isSourceObject(value) ? Object.keys(value) : []);
}

/** A field that is absent for null. */
function optional<Name extends string, Value>(name: Name, value: Value | null): { [name in Name]?: Value } {
  return value === null ? {} : ({ [name]: value } as { [name in Name]?: Value });
}

function hasAny({ name, labels, priority, timeout, queueTimeout, env, stepEnv }: JobExpressions): boolean {
  const texts = [name, labels, priority, timeout, queueTimeout ?? null].some((text) => text !== null);
  return texts || stepEnv.length > 0 || Object.keys(env).length > 0;
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

function readRetryPolicy(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  job: SourceObject,
  /** The job without the defaults of its file. */
  written: SourceObject,
  place: Place,
): RetryPolicy {
  const field = (name: string): SourceValue | undefined => ownField(job, name);
  const retries = field(names.retries);
  let maxRetries = readRetries(checker, subject, names.retries, retries, valueAt(place, names.retries));
  if (names.retryPolicy === null) {
    const backoff = readBackoff(checker, subject, field('backoff'), valueAt(place, 'backoff'));
    const on = readRetryOn(checker, subject, field('retry-on'), valueAt(place, 'retry-on'));
    if (on !== null && maxRetries === 0 && ownField(written, 'retry-on') !== undefined) {
      checker.warn(subject, '"retry-on" does nothing without "retries"', keyAt(place, 'retry-on'));
    }
    if (maxRetries > 0 && on !== null) return { maxRetries, backoff, on };
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

function readWorkspace(checker: Checker, subject: Subject, value: SourceValue | undefined, place: Place): boolean {
  if (value === undefined || value === null || value === 'fresh') return value === 'fresh';
  checker.wrongType(subject, 'workspace', `"fresh", or left out for the worker's own directory`, value, place);
  return false;
}

/** The required labels, including those for other abilities that the worker needs. */
function withFeatures(labels: LabelSet, retry: RetryPolicy, isFresh: boolean): LabelSet {
  const needed = [...(dependsOnExitCode(retry) ? [features.exitCodes] : []), ...(isFresh ? [features.workspace] : [])];
  return needed.length === 0 ? labels : normaliseLabels([...labels, ...needed]);
}

function readCondition(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
  needs: readonly string[],
  inputs: DeclaredInputs,
): Pick<DraftJob, 'condition' | 'inputTypes'> {
  const none = { condition: null, inputTypes: null };
  if (value === undefined || (value === null && names.lenient)) return none;
  if (value === null) {
    checker.say(subject, '"if" is empty', keyAt(place.parent, 'if'));
    return none;
  }
  const source = typeof value === 'boolean' ? String(value) : value;
  if (typeof source !== 'string') {
    checker.wrongType(subject, 'if', 'a condition', value, place);
    return none;
  }
  let inputTypes: InputTypes | null = null;
  const report = (error: ConditionError): void => {
    checker.say(subject, `"if" at character ${error.column}: ${error.message}`, textOffset(place, error.offset));
  };
  try {
    const condition = parseCondition(source, inputs);
    const found = references(condition.root);
    checkNeedsOf(found, new Set(needs), checker.hints).forEach(report);
    checker.noteVariables(found);
    if (inputs !== null) inputTypes = typesOfInputs(found);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    report(error);
  }
  return { condition: source, inputTypes };
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
