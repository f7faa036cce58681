import { hasExpression, unescapeText } from '../condition/template.js';
import { ownField } from '../json.js';
import { exceedsBytes, limits } from '../limits.js';
import type { Checker, Subject } from './checker.js';
import { compileRun, compileSteps, type ScriptSetting } from './compile-command.js';
import { type Env, type Shell, type StepDefinition, shells } from './definition.js';
import { keyAt, type Place, valueAt } from './place.js';
import { emptyEnv, envChars } from './read-env.js';
import { type ExpressionReader, refuseInScript } from './read-expressions.js';
import type { JobFieldNames } from './read-job.js';
import { readSteps } from './read-steps.js';
import type { SourceObject, SourceValue } from './source.js';

/** The script of a job. */
export interface JobScript extends ScriptSetting {
  readonly command: string;
  readonly steps: readonly StepDefinition[];
  /** The variables of each step that have expressions; empty when no step has any. */
  readonly stepEnv: readonly Env[];
}

/** Reads the script or the steps of a job, and compiles what its workers run. */
export function readScript(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  job: SourceObject,
  keyPlace: Place,
  place: Place,
  env: Env,
  expressions: ExpressionReader,
): JobScript {
  const runValue = ownField(job, names.run);
  const stepsValue = ownField(job, 'steps');
  const hasRun = runValue !== undefined && runValue !== null;
  const hasSteps = stepsValue !== undefined && stepsValue !== null;
  if (!hasRun && !hasSteps) {
    const none: JobScript = { command: '', steps: [], shell: 'plain', workingDirectory: null, stepEnv: [] };
    // The replacement of `uses` was already reported.
    if (!names.lenient && ownField(job, 'uses') !== undefined) return none;
    // An empty `run:`, if there is one, is the place to report.
    const where = runValue === null ? keyAt(place, names.run) : stepsValue === null ? keyAt(place, 'steps') : keyPlace;
    checker.add(`${subject.label} has neither "${names.run}" nor "steps"`, where, subject.job);
    return none;
  }
  if (hasRun && hasSteps && !names.lenient) {
    checker.add(
      `${subject.label} has both "${names.run}" and "steps"; keep one of them`,
      keyAt(place, 'steps'),
      subject.job,
    );
  }
  const steps = hasSteps ? readSteps(checker, subject, stepsValue, valueAt(place, 'steps'), names.lenient) : null;
  const written = hasRun ? checker.script(subject, names.run, runValue, valueAt(place, names.run)) : null;
  if (written !== null && !names.lenient) {
    refuseInScript(checker, subject, names.run, written, valueAt(place, names.run));
  }
  const run = written === null || names.lenient ? written : unescapeText(written);
  const shell = readShell(checker, names, subject, ownField(job, 'shell'), valueAt(place, 'shell'));
  const workingDirectory = readWorkingDirectory(checker, names, subject, job, place);
  const split = (steps ?? []).map((step, at) => {
    const stepPlace = valueAt(valueAt(valueAt(place, 'steps'), at), 'env');
    if (names.lenient) return { fixed: step.env, templates: emptyEnv };
    return expressions.split(step.env, new Set(Object.keys(step.env)), stepPlace, stepPlace);
  });
  const fixedSteps = steps?.map((step, at) => ({ ...step, env: split[at]?.fixed ?? step.env })) ?? null;
  const hasStepEnv = split.some(({ templates }) => Object.keys(templates).length > 0);
  const stepEnv = hasStepEnv ? split.map(({ templates }) => templates) : [];
  const command = compileCommand(checker, run, fixedSteps, env, { shell, workingDirectory });
  if (exceedsBytes(command, limits.commandBytes)) {
    const what = run !== null ? names.run : 'steps';
    const made = run === command ? '' : ', with its "env" compiled in,';
    checker.say(subject, `"${what}"${made} takes more than ${limits.commandBytes} bytes`, valueAt(place, what));
  }
  return { command, steps: fixedSteps ?? [], shell, workingDirectory, stepEnv };
}

export function readShell(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
): Shell {
  if (names.shell === null) return 'plain';
  if (value === undefined || value === null) return names.shell;
  const shell = shells.find((known) => known === value);
  if (shell !== undefined) return shell;
  checker.wrongType(subject, 'shell', `one of ${shells.map((known) => `"${known}"`).join(', ')}`, value, place);
  return names.shell;
}

/** A directory of the worker's machine, relative to the worker's own. */
export function readWorkingDirectory(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  job: SourceObject,
  place: Place,
): string | null {
  if (names.workingDirectory === null) return null;
  const value = ownField(job, names.workingDirectory);
  const at = valueAt(place, names.workingDirectory);
  const path = checker.line(subject, names.workingDirectory, value, at, limits.pathChars);
  if (path === null || !hasExpression(path)) return path === null ? null : unescapeText(path);
  const said = `"${names.workingDirectory}" has "\${{" in it; put it under "env" and write cd "$NAME" in the script`;
  checker.say(subject, said, at);
  return null;
}

function compileCommand(
  checker: Checker,
  run: string | null,
  steps: readonly StepDefinition[] | null,
  env: Env,
  how: ScriptSetting,
): string {
  const stepChars = (steps ?? []).reduce(
    (sum, step) => sum + step.name.length + step.run.length + envChars(step.env),
    0,
  );
  const fits = checker.takeChars((run?.length ?? 0) + stepChars + envChars(env));
  if (!fits) return '';
  if (run !== null) return compileRun(run, env, how);
  return steps === null ? '' : compileSteps(steps, env, how);
}
