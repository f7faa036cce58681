import { jobConcurrencyKeys, jobKeys, stepKeys } from './job-keys.js';
import type { KeyRow } from './key-row.js';
import { workflowKeys } from './workflow-keys.js';

/** What to write instead of keys of GitHub Actions. A key that the product has is never looked up here. */
const workflowSentences = new Map([['permissions', 'jobs have no token of a repository; remove it']]);

const jobSentences = new Map([
  ['runs-on', 'write "labels", which a worker must offer to get the job'],
  ['uses', 'a job cannot be another workflow yet; write "run" or "steps"'],
  ['with', 'write the values under "env"'],
  ['environment', 'write variables under "env", and ask for the workers of an environment with "labels"'],
  ['services', 'let the script start what it needs, such as "docker run --detach", and stop it at its end'],
  ['permissions', 'jobs have no token of a repository; remove it'],
  ['container', 'write "docker run" in the script, and ask for workers that have it with "labels"'],
  ['outputs', 'a script sets them: echo "key=value" >> "$WORKFLOW_GRAPH_OUTPUT"'],
  ['secrets', 'set them as variables of the worker'],
  ['timeout-minutes', 'write "timeout", such as "timeout: 10m"'],
  ['defaults', 'write its keys in the job itself, or at the top level for all jobs'],
]);

const stepSentences = new Map([
  ['uses', 'actions do not run here; write the commands under "run"'],
  ['with', 'actions do not run here; write values under "env"'],
  ['if', 'a step has no condition; write "if" in the script, or make it a job of its own'],
  ['shell', 'all steps of a job run in one shell; write "shell" in the job'],
  ['working-directory', 'write "cd" in the script; the steps after it start where it ends'],
  ['timeout-minutes', 'write "timeout" in the job, or "timeout 600 command" in the script'],
  ['continue-on-error', 'write "command || true" in the script'],
]);

const jobConcurrencySentences = new Map([
  ['queue', 'all jobs of a group wait for their places; a "concurrency" at the top level, which is about runs, has it'],
  ['cancel-in-progress', 'only runs can be cancelled for newer ones; write it in a "concurrency" at the top level'],
]);

const sentences: ReadonlyMap<ReadonlyMap<string, KeyRow>, ReadonlyMap<string, string>> = new Map([
  [workflowKeys, workflowSentences],
  [jobKeys, jobSentences],
  [jobConcurrencyKeys, jobConcurrencySentences],
  [stepKeys, stepSentences],
]);

/**
 * What to write instead of a key of GitHub Actions, or of another place of the file, that does not exist here; null for any
 * other.
 */
export function whatToWrite(unknown: string, known: ReadonlyMap<string, KeyRow>): string | null {
  return sentences.get(known)?.get(unknown) ?? null;
}
