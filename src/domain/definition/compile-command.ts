import type { Env, Shell, StepDefinition } from './definition.js';

/** Quotes any text as one word of a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The shell of a script, and its directory; null for the worker's directory. */
export interface ScriptSetting {
  readonly shell: Shell;
  readonly workingDirectory: string | null;
}

/** The script that a worker runs with `sh -c` for a job with `run`. */
export function compileRun(run: string, env: Env, { shell, workingDirectory }: ScriptSetting): string {
  const setting = exportLines(env) + directoryLine(workingDirectory);
  switch (shell) {
    case 'plain':
      return setting + run;
    case 'sh':
      return isSimpleCommand(run) ? setting + run : `set -e\n${setting}${run}`;
    case 'bash':
      return `${setting}exec bash -eo pipefail -c ${shellQuote(run)}\n`;
    default:
      return shell satisfies never;
  }
}

function directoryLine(path: string | null): string {
  return path === null ? '' : `cd -- ${shellQuote(path)} || exit 1\n`;
}

/**
 * The script of a job with steps. The steps run in order in one shell, so that variables and the directory carry over.
 * Each is announced on stdout by a line `::step 1/3 Name`. The first step that fails ends the job with its status. The
 * `env` of a step is reset after it.
 *
 * `exit 0` ends its step and not the job: the EXIT trap of the ending shell starts a subshell, which inherits all
 * variables and the directory, and continues there with the next step. The scripts are quoted and passed to `eval`, so
 * that a syntax error in one step does not keep the steps before it from running.
 *
 * Two things can end the shell of the steps with status 0 before the last step: `exec program`, and `exit` after a step
 * replaced the EXIT trap. The steps therefore run in a subshell, which signals its parent when it begins the last step.
 * Without that signal the job fails.
 */
export function compileSteps(
  steps: readonly StepDefinition[],
  env: Env,
  { shell, workingDirectory }: ScriptSetting,
): string {
  const blocks = steps.map((step, index) => stepFunctions(step, index + 1, steps.length, shell));
  const script = blocks.join('') + runner(steps.length);
  const setting = exportLines(env) + directoryLine(workingDirectory);
  return setting + (shell === 'bash' ? `exec bash -c ${shellQuote(script)}\n` : script);
}

function stepFunctions(step: StepDefinition, number: number, count: number, shell: Shell): string {
  const names = Object.keys(step.env);
  const sets = names.map((name) => `wg_set ${name} ${shellQuote(step.env[name] ?? '')}\n`).join('');
  const resets = names.map((name) => `wg_reset ${name}\n`).join('');
  return `# Step ${number}
wg_step_${number}() {
printf '%s\\n' ${shellQuote(`::step ${number}/${count} ${step.name}`)}
${sets}eval ${shellQuote(stepScript(step.run, shell))}
}
wg_after_${number}() {
${resets || ':\n'}}
`;
}

/** Options that a step sets stay set in later steps, so each step sets the options of its `shell` again. */
function stepScript(run: string, shell: Shell): string {
  switch (shell) {
    case 'plain':
      return run;
    case 'sh':
      return `set -e\n${run}`;
    case 'bash':
      return `set -eo pipefail\n${run}`;
    default:
      return shell satisfies never;
  }
}

/** `set -e` has no effect in statements with `&&`, `||` and `if` around `eval`, so these are avoided. */
function runner(count: number): string {
  const run = count === 1 ? 'wg_begin\n' : inSubshell;
  const announceLast = count === 1 ? '' : `\n    [ "$wg_step" -lt ${count} ] || kill -USR1 "$$"`;
  return `# Runs the steps
wg_set() { eval "wg_had_$1=\\\${$1+x} wg_old_$1=\\\${$1-}"; export "$1=$2"; }
wg_reset() { eval "if [ \\"\\$wg_had_$1\\" ]; then $1=\\$wg_old_$1; else unset $1; fi"; }
wg_run() {
  while [ "$wg_step" -lt ${count} ]; do
    wg_step=$((wg_step + 1))
    kill -0 "$$" 2>/dev/null || exit 143${announceLast}
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
wg_begin() {
  wg_step=0
  trap wg_left EXIT
  wg_run
}
${run}`;
}

/**
 * `wg_last` is set when the subshell begins the last step. A shell that was started with USR1 ignored cannot trap it; a
 * signal to itself detects that, and then the check is left out.
 */
const inSubshell = `wg_last=
trap wg_last=1 USR1
kill -USR1 "$$"
wg_signals=$wg_last wg_last=
(wg_begin)
wg_status=$?
if [ "$wg_status" -eq 0 ] && [ "$wg_signals" ] && [ ! "$wg_last" ]; then
  printf '%s\\n' 'The last step did not run: a step before it ended the shell, by "exec", or by "exit" after it set a trap for EXIT.' >&2
  exit 1
fi
exit "$wg_status"
`;

/**
 * Whether `set -e` would change nothing, because the script is one simple command: one line without operators,
 * substitutions or groups, and none of the commands that run further commands in the same shell.
 */
function isSimpleCommand(script: string): boolean {
  const line = script.trim();
  return !/[\n\r;&|(){}`]/.test(line) && !/(^|\s)(eval|\.|source)(\s|$)/.test(line);
}

/** The lines that set variables before a script. */
export function exportLines(env: Env): string {
  return Object.keys(env)
    .map((name) => `export ${name}=${shellQuote(env[name] ?? '')}\n`)
    .join('');
}
