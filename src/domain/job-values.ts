import type { ConditionContext } from './condition/evaluate.js';
import type { ConditionValue, DeclaredInputs, Reference } from './condition/expression.js';
import { asText, EvaluationBudget, EvaluationError, kindOf } from './condition/functions.js';
import { sites } from './condition/site.js';
import { parseTemplate, renderTemplate, type Template, templateReferences } from './condition/template.js';
import { lineFault, secondsOf, textFault } from './definition/checker.js';
import { compileSteps, exportLines, type ScriptSetting } from './definition/compile-command.js';
import type { Env, StepDefinition } from './definition/definition.js';
import type { JobExpressions } from './definition/job-expressions.js';
import type { JobSpec } from './definition/job-spec.js';
import { bareObject } from './json.js';
import { featurePrefix, isFeature, type LabelSet, normaliseLabels } from './labels.js';
import { exceedsBytes, limits, utf8Bytes } from './limits.js';
import { childName } from './matrix/child.js';
import { matrixVariables } from './matrix/matrix-variables.js';
import { oneLine } from './one-line.js';

/** The expressions of a job, parsed. */
export interface ParsedExpressions {
  readonly source: JobExpressions;
  readonly name: Template | null;
  readonly labels: readonly (readonly [key: string, template: Template])[];
  readonly priority: Template | null;
  readonly timeout: Template | null;
  readonly queueTimeout: Template | null;
  readonly env: readonly (readonly [name: string, template: Template])[];
  readonly stepEnv: readonly (readonly (readonly [name: string, template: Template])[])[];
}

/** Values that are fixed when the needs of a job have ended. */
export interface JobValues {
  readonly labels: LabelSet;
  readonly priority: number;
  readonly name: string;
  /** Null for no limit. */
  readonly queueTimeoutSecs: number | null;
}

/** Every value that the expressions of a job read. */
export function expressionReferences(parsed: ParsedExpressions): Reference[] {
  const { name, labels, priority, timeout, queueTimeout, env, stepEnv } = parsed;
  const named = [...labels, ...env, ...stepEnv.flat()].map(([, template]) => template);
  return [name, priority, timeout, queueTimeout, ...named].flatMap((one) =>
    one === null ? [] : templateReferences(one),
  );
}

export function parseJobExpressions(source: JobExpressions, inputs: DeclaredInputs): ParsedExpressions {
  const job = (text: string) => parseTemplate(text, { site: sites.job, inputs });
  const optional = (text: string | null) => (text === null ? null : job(text));
  const variables = (env: Env) =>
    Object.entries(env).map(([name, text]) => [name, parseTemplate(text, { site: sites.env, inputs })] as const);
  return {
    source,
    name: optional(source.name),
    labels: labelTemplates(source.labels).map(([key, text]) => [key, job(text)] as const),
    priority: optional(source.priority),
    timeout: optional(source.timeout),
    queueTimeout: optional(source.queueTimeout ?? null),
    env: variables(source.env),
    stepEnv: source.stepEnv.map(variables),
  };
}

/** The values of a child, which is named after its combination unless its name has expressions. */
export function asChild(spec: JobSpec, values: JobValues, context: ConditionContext): JobValues {
  return { ...values, name: nameOfChild({ ...spec, name: values.name }, context) };
}

/** @param spec with what its name came to */
export function nameOfChild(spec: JobSpec, { matrix = {} }: Pick<ConditionContext, 'matrix'>): string {
  const isComputed = spec.expressions !== undefined && spec.expressions.name !== null;
  return isComputed ? spec.name : childName(spec.name, matrix);
}

/**
 * Decides what a claim needs, and checks that everything else has a value too. All that expressions see is fixed by
 * now, except the number of the attempt, which makes no difference to that check.
 *
 * @throws EvaluationError naming the key: `labels[0]: …`
 */
export function decideJobValues(spec: JobSpec, parsed: ParsedExpressions, context: ConditionContext): JobValues {
  const budget = new EvaluationBudget();
  const labels = labelsOf(spec.labels, parsed, context, budget);
  const values = {
    labels: spec.anyWorker === true ? [] : labels,
    priority: parsed.priority === null ? spec.priority : priorityOf(parsed.priority, context, budget),
    name: nameOf(spec.name, parsed.name, context, budget),
    queueTimeoutSecs:
      parsed.queueTimeout === null
        ? (spec.queueTimeoutSecs ?? null)
        : secondsFrom('queue-timeout', parsed.queueTimeout, context, budget),
  };
  const attempt = attemptSpec(spec, parsed, context, budget);
  checkBytes('env', attempt.env);
  for (const [at, step] of attempt.steps.entries()) checkBytes(`steps[${at}].env`, step.env);
  if (exceedsBytes(attempt.command, limits.commandBytes)) {
    throw new EvaluationError(`env: with it, the script takes more than ${limits.commandBytes} bytes`);
  }
  return values;
}

/** What a worker gets for an attempt: variables become `export` lines before the script, which does not change. */
export function attemptSpec(
  spec: JobSpec,
  parsed: ParsedExpressions,
  context: ConditionContext,
  budget: EvaluationBudget = new EvaluationBudget(Number.POSITIVE_INFINITY),
): JobSpec {
  const computed = Object.assign(
    bareObject<string>(),
    context.matrix === undefined ? {} : matrixVariables(context.matrix),
    variablesOf('env', parsed.env, context, budget),
  );
  const steps = spec.steps.map((step, at): StepDefinition => {
    const own = variablesOf(`steps[${at}].env`, parsed.stepEnv[at] ?? [], context, budget);
    return { ...step, env: merged(step.env, own) };
  });
  const hasStepEnv = parsed.source.stepEnv.length > 0;
  const script = hasStepEnv ? compileSteps(steps, spec.env, settingOf(parsed.source)) : spec.command;
  return {
    ...spec,
    name: nameOf(spec.name, parsed.name, context, budget),
    timeoutSecs: parsed.timeout === null ? spec.timeoutSecs : secondsFrom('timeout', parsed.timeout, context, budget),
    env: merged(spec.env, computed),
    steps,
    command: exportLines(computed) + script,
  };
}

function settingOf({ shell, workingDirectory }: JobExpressions): ScriptSetting {
  return { shell, workingDirectory: workingDirectory ?? null };
}

function labelTemplates(labels: JobExpressions['labels']): (readonly [key: string, text: string])[] {
  if (labels === null) return [];
  return typeof labels === 'string' ? [['labels', labels]] : labels.map(([at, text]) => [`labels[${at}]`, text]);
}

function labelsOf(
  fixed: readonly string[],
  { labels, source }: ParsedExpressions,
  context: ConditionContext,
  budget: EvaluationBudget,
): LabelSet {
  if (labels.length === 0) return fixed;
  const isOne = typeof source.labels === 'string';
  const found = labels.flatMap(([key, template]) => {
    return named(key, () => {
      const value = renderTemplate(template, context, budget);
      return (isOne && Array.isArray(value) ? value : [value]).map(labelOf);
    });
  });
  const all = normaliseLabels([...fixed, ...found]);
  const count = all.filter((label) => !isFeature(label)).length;
  if (count <= limits.labelsPerJob) return all;
  throw new EvaluationError(`labels: there are ${count}; at most ${limits.labelsPerJob} are allowed`);
}

function labelOf(value: ConditionValue): string {
  if (value === null || typeof value === 'object')
    throw new EvaluationError(`a label must be a text, not ${kindOf(value)}`);
  const text = asText(value);
  const fault = lineFault(text, limits.labelChars);
  if (fault !== null) throw new EvaluationError(`the label ${fault}`);
  if (isFeature(text)) throw new EvaluationError(`a label must not begin with "${featurePrefix}", which is reserved`);
  return text;
}

function priorityOf(template: Template, context: ConditionContext, budget: EvaluationBudget): number {
  return named('priority', () => {
    const value = renderTemplate(template, context, budget);
    const number = typeof value === 'string' && /^-?[0-9]{1,5}$/.test(value) ? Number(value) : value;
    const { priorityMax: max } = limits;
    if (typeof number === 'number' && Number.isInteger(number) && Math.abs(number) <= max) return number;
    throw new EvaluationError(`it must be a whole number from ${-max} to ${max}, not ${kindOf(value)}`);
  });
}

function secondsFrom(key: string, template: Template, context: ConditionContext, budget: EvaluationBudget): number {
  return named(key, () => {
    const value = renderTemplate(template, context, budget);
    const text = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
    const secs = typeof text === 'string' || typeof text === 'number' ? secondsOf(text) : null;
    if (secs !== null && secs >= 1 && secs <= limits.durationSecsMax) return secs;
    const form = `whole seconds from 1 to ${limits.durationSecsMax}, or a text such as "90s", "5m" or "1h"`;
    throw new EvaluationError(`it must be ${form}, not ${kindOf(value)}`);
  });
}

/** A name is for readers only: it is cut to one line and the limit. */
function nameOf(
  fallback: string,
  template: Template | null,
  context: ConditionContext,
  budget: EvaluationBudget,
): string {
  if (template === null) return fallback;
  return named('name', () => oneLine(asText(renderTemplate(template, context, budget)), limits.nameChars) || fallback);
}

function variablesOf(
  where: string,
  templates: ParsedExpressions['env'],
  context: ConditionContext,
  budget: EvaluationBudget,
): Env {
  const env = bareObject<string>();
  for (const [name, template] of templates) {
    env[name] = named(`${where}.${name}`, () => {
      const text = asText(renderTemplate(template, context, budget));
      const fault = textFault(text);
      if (fault !== null) throw new EvaluationError(`the value ${fault}`);
      return text;
    });
  }
  return env;
}

function merged(fixed: Env, computed: Env): Env {
  return Object.assign(bareObject<string>(), fixed, computed);
}

function checkBytes(key: string, env: Env): void {
  const bytes = Object.entries(env).reduce((sum, [name, value]) => sum + name.length + utf8Bytes(value), 0);
  if (bytes <= limits.envBytes) return;
  throw new EvaluationError(`${key}: the variables take ${bytes} bytes; at most ${limits.envBytes} are allowed`);
}

function named<T>(key: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    throw error instanceof EvaluationError ? new EvaluationError(`${key}: ${error.message}`) : error;
  }
}
