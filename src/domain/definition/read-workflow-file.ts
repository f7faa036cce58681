import { ownField } from '../json.js';
import { limits } from '../limits.js';
import { type Checker, shortText, theWorkflow } from './checker.js';
import type { DraftJob, DraftWorkflow } from './draft.js';
import { jobKeys } from './job-keys.js';
import { keyAt, type Place, valueAt, wholeText } from './place.js';
import { readConcurrency } from './read-concurrency.js';
import { readDefaults } from './read-defaults.js';
import { emptyEnv, readEnv } from './read-env.js';
import { checkOuterEnv, isTemplate } from './read-expressions.js';
import { declaredInputs, readInputs } from './read-inputs.js';
import { everyOther, type FileScope, type JobFieldNames, readJob } from './read-job.js';
import { readRunName } from './read-run-name.js';
import { readSchedules } from './read-schedules.js';
import { readTrigger } from './read-trigger.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';
import { workflowKeys } from './workflow-keys.js';

const names: JobFieldNames = {
  run: 'run',
  needs: 'needs',
  labels: 'labels',
  retries: 'retries',
  timeout: 'timeout',
  queueTimeout: 'queue-timeout',
  retryPolicy: null,
  shell: 'sh',
  workingDirectory: 'working-directory',
  continueOnError: 'continue-on-error',
  lenient: false,
};

/** Reads a workflow file, in which `jobs` is a map and an unknown key is a mistake. */
export function readWorkflowFile(checker: Checker, root: SourceObject, defaultName: string): DraftWorkflow {
  checker.unknownKeys(theWorkflow, root, workflowKeys, wholeText);
  const at = (name: string): Place => valueAt(wholeText, name);
  const inputs = readInputs(checker, ownField(root, 'inputs'), at('inputs'));
  const env = readEnv(checker, theWorkflow, ownField(root, 'env'), at('env'), emptyEnv);
  const scope: FileScope = {
    env,
    inputs: declaredInputs(inputs),
    defaults: readDefaults(checker, names, ownField(root, 'defaults'), at('defaults')),
    everyJob: jobsThatAllMayNeed(ownField(root, 'jobs')),
  };
  checkOuterEnv(checker, theWorkflow, env, at('env'), scope.inputs);
  refuseInName(checker, ownField(root, 'name'), at('name'));
  return {
    name: checker.line(theWorkflow, 'name', ownField(root, 'name'), at('name'), limits.nameChars) ?? defaultName,
    trigger: readTrigger(checker, ownField(root, 'on'), at('on')),
    schedules: readSchedules(
      checker,
      ownField(root, 'on'),
      at('on'),
      inputs,
      (ownField(root, 'concurrency') ?? null) !== null,
    ),
    inputs,
    concurrency: readConcurrency(checker, ownField(root, 'concurrency'), at('concurrency'), scope.inputs),
    runName: readRunName(checker, ownField(root, 'run-name'), at('run-name'), scope.inputs),
    timeoutSecs: checker.seconds(theWorkflow, 'timeout', ownField(root, 'timeout'), at('timeout'), 1),
    env,
    jobs: readJobs(checker, root, (key, job) =>
      readJob(checker, names, key, job, keyAt(at('jobs'), key), valueAt(at('jobs'), key), scope),
    ),
  };
}

/** The jobs that do not themselves need every job. */
function jobsThatAllMayNeed(jobs: SourceValue | undefined): string[] {
  if (jobs === undefined || !isSourceObject(jobs)) return [];
  return Object.keys(jobs).filter((key) => {
    const job = jobs[key] ?? null;
    return isSourceObject(job) && ownField(job, names.needs) !== everyOther;
  });
}

/** The name of a workflow is the same for all of its runs. */
function refuseInName(checker: Checker, value: SourceValue | undefined, place: Place): void {
  if (isTemplate(value)) checker.say(theWorkflow, `"name" cannot have "\${{" in it; the name of a job can`, place);
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
