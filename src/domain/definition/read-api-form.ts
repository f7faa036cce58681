import { ownField } from '../json.js';
import { limits } from '../limits.js';
import { type Checker, shortText, theWorkflow } from './checker.js';
import type { DraftJob, DraftWorkflow } from './draft.js';
import { type Place, valueAt, wholeText } from './place.js';
import { readConcurrency } from './read-concurrency.js';
import { emptyEnv, readEnv } from './read-env.js';
import { type JobFieldNames, readJob } from './read-job.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';

const names: JobFieldNames = {
  run: 'command',
  needs: 'depends_on',
  labels: 'required_labels',
  retries: 'max_retries',
  timeout: 'timeout_secs',
  queueTimeout: 'queue_timeout_secs',
  retryPolicy: 'retry_policy',
  shell: null,
  workingDirectory: null,
  continueOnError: 'continue_on_error',
  lenient: true,
};

/** Whether this is the API's form of a definition, in which `jobs` is a list. */
export function isApiForm(root: SourceObject): boolean {
  return Array.isArray(ownField(root, 'jobs'));
}

/**
 * Reads the API's form. Unknown fields are ignored, so that a workflow read from the API, states included, can be
 * posted again, and newer clients can talk to older servers.
 */
export function readApiForm(checker: Checker, root: SourceObject, defaultName: string): DraftWorkflow {
  const field = (name: string): SourceValue | undefined => ownField(root, name);
  const at = (name: string): Place => valueAt(wholeText, name);
  const env = readEnv(checker, theWorkflow, field('env'), at('env'), emptyEnv);
  const trigger = field('trigger') === '' ? null : field('trigger');
  return {
    name: checker.line(theWorkflow, 'name', field('name'), at('name'), limits.nameChars) ?? defaultName,
    trigger: checker.line(theWorkflow, 'trigger', trigger, at('trigger'), limits.triggerChars) ?? '',
    schedules: [],
    // The `inputs` of a workflow read from the API are those of a run.
    inputs: null,
    concurrency: readConcurrency(checker, field('concurrency'), at('concurrency'), null),
    runName: null,
    timeoutSecs: null,
    env,
    jobs: readJobs(checker, field('jobs'), (id, job, place) =>
      readJob(checker, names, id, job, valueAt(place, 'id'), place, {
        env,
        inputs: null,
        defaults: null,
        everyJob: [],
      }),
    ),
  };
}

function readJobs(
  checker: Checker,
  value: SourceValue | undefined,
  read: (id: string, job: SourceObject, place: Place) => DraftJob,
): DraftJob[] {
  const items = Array.isArray(value) ? value : [];
  const place = valueAt(wholeText, 'jobs');
  if (items.length === 0) checker.add('the workflow has no "jobs"', place, null);
  if (items.length > limits.jobsPerWorkflow) {
    checker.add(`the workflow has ${items.length} jobs; at most ${limits.jobsPerWorkflow} are allowed`, place, null);
    return [];
  }
  const jobs: DraftJob[] = [];
  const ids = new Set<string>();
  for (const [index, item] of items.entries()) {
    const at = valueAt(place, index);
    const subject = { label: `jobs[${index}]`, job: null };
    if (!isSourceObject(item)) {
      checker.say(subject, 'it must be an object with "id" and "command"', at);
      continue;
    }
    const idValue = ownField(item, 'id');
    if (idValue === undefined || idValue === null) {
      checker.say(subject, 'it has no "id"', at);
      continue;
    }
    const id = checker.line(subject, 'id', idValue, valueAt(at, 'id'), limits.nameChars);
    if (id === null) continue;
    if (ids.has(id)) checker.add(`job ${shortText(id)} appears twice`, valueAt(at, 'id'), id);
    ids.add(id);
    jobs.push(read(id, item, at));
  }
  return jobs;
}
