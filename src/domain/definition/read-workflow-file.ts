import { ownField } from '../json.js';
import { limits } from '../limits.js';
import { type Checker, shortText, theWorkflow } from './checker.js';
import type { DraftJob, DraftWorkflow } from './draft.js';
import { jobKeys, workflowKeys } from './keys.js';
import { keyAt, type Place, valueAt, wholeText } from './place.js';
import { emptyEnv, readEnv } from './read-env.js';
import { type JobFieldNames, readJob } from './read-job.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';

const names: JobFieldNames = {
  run: 'run',
  needs: 'needs',
  labels: 'labels',
  retries: 'retries',
  timeout: 'timeout',
  retryPolicy: null,
  lenient: false,
};

/** Reads a workflow file, in which `jobs` is a map and an unknown key is a mistake. */
export function readWorkflowFile(checker: Checker, root: SourceObject, defaultName: string): DraftWorkflow {
  checker.unknownKeys(theWorkflow, root, workflowKeys, wholeText);
  const at = (name: string): Place => valueAt(wholeText, name);
  const env = readEnv(checker, theWorkflow, ownField(root, 'env'), at('env'), emptyEnv);
  return {
    name: checker.line(theWorkflow, 'name', ownField(root, 'name'), at('name'), limits.nameChars) ?? defaultName,
    trigger: readTrigger(checker, ownField(root, 'on'), at('on')),
    env,
    jobs: readJobs(checker, root, (key, job) =>
      readJob(checker, names, key, job, keyAt(at('jobs'), key), valueAt(at('jobs'), key), env),
    ),
  };
}

function readTrigger(checker: Checker, value: SourceValue | undefined, place: Place): string {
  if (value === undefined || value === null) return '';
  const isMap = isSourceObject(value);
  if (!isMap && !Array.isArray(value) && typeof value !== 'string') {
    checker.wrongType(theWorkflow, 'on', 'a text, a list or a map', value, place);
    return '';
  }
  const events = checker.lines(
    theWorkflow,
    'on',
    isMap ? Object.keys(value) : value,
    place,
    limits.nameChars,
    limits.triggerChars,
  );
  const trigger = events.join(', ');
  if (trigger.length > limits.triggerChars) {
    checker.say(
      theWorkflow,
      `"on" has ${trigger.length} characters; at most ${limits.triggerChars} are allowed`,
      place,
    );
  }
  return trigger;
}

function readJobs(
  checker: Checker,
  root: SourceObject,
  read: (key: string, job: SourceObject) => DraftJob,
): DraftJob[] {
  const value = ownField(root, 'jobs');
  const place = valueAt(wholeText, 'jobs');
  if (value === undefined) {
    checker.add('the workflow has no "jobs"', wholeText, null);
    return [];
  }
  if (value === null) {
    checker.add('the workflow has no "jobs"', keyAt(wholeText, 'jobs'), null);
    return [];
  }
  const object = checker.object(theWorkflow, 'jobs', value, place, 'a map of keys to jobs');
  if (object === null) return [];
  const keys = Object.keys(object);
  if (keys.length === 0) checker.add('the workflow has no "jobs"', place, null);
  if (keys.length > limits.jobsPerWorkflow) {
    checker.add(`the workflow has ${keys.length} jobs; at most ${limits.jobsPerWorkflow} are allowed`, place, null);
    return [];
  }
  const jobs: DraftJob[] = [];
  for (const key of keys) {
    const job = object[key] ?? null;
    const subject = { label: `job ${shortText(key)}`, job: key };
    if (!isSourceObject(job)) {
      checker.say(
        subject,
        'it must be a map with "run" or "steps"',
        job === null ? keyAt(place, key) : valueAt(place, key),
      );
      continue;
    }
    checker.unknownKeys(subject, job, jobKeys, valueAt(place, key));
    jobs.push(read(key, job));
  }
  return jobs;
}
