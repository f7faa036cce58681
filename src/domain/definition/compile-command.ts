import type { Env, StepDefinition } from './definition.js';

/** A text as one word of a POSIX shell, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The script of a job with a plain `run`: the script itself, after one `export` for each variable. */
export function compileRun(run: string, env: Env): string {
  return exportLines(env) + run;
}

/**
 * The script of a job with steps, for any POSIX shell. The steps run in order in one shell, so that variables and the
 * directory carry over. Each is announced on stdout by a line `::step 1/3 Name`. The first that ends with another status
 * than 0 ends the job with it; as for `run`, a script's status is that of its last command, unless it says `set -e`.
 * A step's `env` is taken back after it.
 *
 * `exit 0` ends its step and not the job. The shell is gone then, but its EXIT trap still runs, and in it a subshell,
 * which has all variables and the directory, goes on with the next step. (A step that sets an EXIT trap of its own
 * replaces this one: an `exit` after that ends the job.) The scripts are quoted and handed to `eval`, so that a
 * syntax error in one does not keep those before it from running.
 */
export function compileSteps(steps: readonly StepDefinition[], env: Env): string {
  const blocks = steps.map((step, index) => stepFunctions(step, index + 1, steps.length));
  return `${exportLines(env)}${blocks.join('')}${runner(steps.length)}`;
}

function stepFunctions(step: StepDefinition, number: number, count: number): string {
  const names = Object.keys(step.env);
  const sets = names.map((name) => `wg_set ${name} ${shellQuote(step.env[name] ?? '')}\n`).join('');
  const resets = names.map((name) => `wg_reset ${name}\n`).join('');
  return `# Step ${number}
wg_step_${number}() {
printf '%s\\n' ${shellQuote(`::step ${number}/${count} ${step.name}`)}
${sets}eval ${shellQuote(step.run)}
}
wg_after_${number}() {
${resets || ':\n'}}
`;
}

/** Statements stay out of `&&`, `||` and `if` around `eval`, where a step's own `set -e` would do nothing. */
function runner(count: number): string {
  return `# Runs the steps
wg_set() { eval "wg_had_$1=\\\${$1+x} wg_old_$1=\\\${$1-}"; export "$1=$2"; }
wg_reset() { eval "if [ \\"\\$wg_had_$1\\" ]; then $1=\\$wg_old_$1; else unset $1; fi"; }
wg_run() {
  while [ "$wg_step" -lt ${count} ]; do
    wg_step=$((wg_step + 1))
    "wg_step_$wg_step"
    wg_status=$?
    [ "$wg_status" -eq 0 ] || exit "$wg_status"
    "wg_after_$wg_step"
  done
}
wg_left() {
  wg_status=$?
  [ "$wg_status" -eq 0 ] && [ "$wg_step" -lt ${count} ] || exit "$wg_status"
  "wg_after_$wg_step"
  (trap wg_left EXIT; wg_run)
  exit "$?"
}
wg_step=0
trap wg_left EXIT
wg_run
`;
}

function exportLines(env: Env): string {
  return Object.keys(env)
    .map((name) => `export ${name}=${shellQuote(env[name] ?? '')}\n`)
    .join('');
}
