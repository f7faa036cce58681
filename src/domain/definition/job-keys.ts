import type { JsonObject } from '../json.js';
import { limits } from '../limits.js';
import { shells } from './definition.js';
import type { KeyRow } from './key-row.js';
import {
  backoffSchema,
  env,
  fileLabel,
  jobKey,
  oneOrList,
  orTemplate,
  script,
  seconds,
  template,
  text,
  wholeNumber,
} from './value-schemas.js';

/** The keys of a job. */
export const jobKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  [
    'name',
    { meaning: 'What readers see; the key of the job when absent.', schema: orTemplate(text(limits.nameChars)) },
  ],
  [
    'run',
    {
      meaning: 'The shell script of the job. A job has either `run` or `steps`.',
      schema: script,
    },
  ],
  [
    'steps',
    {
      meaning: 'Shell scripts that run in order in one shell, until one fails.',
      schema: { type: 'array', items: { $ref: '#/$defs/step' }, minItems: 1, maxItems: limits.stepsPerJob },
    },
  ],
  [
    'shell',
    {
      meaning:
        'What runs `run` or the steps: `sh`, which stops at the first command that fails, `bash` (`-eo pipefail`), or `plain`, which is `sh` without that; `sh` when absent.',
      schema: { enum: [...shells] },
    },
  ],
  [
    'working-directory',
    {
      meaning: 'Where `run` or the steps start: a path on the machine of the worker, from its own directory.',
      schema: text(limits.pathChars),
    },
  ],
  [
    'workspace',
    {
      meaning:
        'Where the job runs: `fresh` for an empty directory that its worker makes for the attempt and deletes afterwards; the directory of the worker when absent.',
      schema: { enum: ['fresh'] },
    },
  ],
  [
    'needs',
    {
      meaning:
        'The jobs that must end before this one, by key; `*` for every job of the file that does not itself have it.',
      schema: {
        anyOf: [
          jobKey,
          { type: 'string', enum: ['*'] },
          { type: 'array', items: jobKey, maxItems: limits.jobsPerWorkflow, uniqueItems: true },
        ],
      },
    },
  ],
  [
    'strategy',
    {
      meaning: 'Makes one child of the job for each combination of values.',
      schema: { $ref: '#/$defs/strategy' },
      needsValue: true,
    },
  ],
  [
    'labels',
    {
      meaning: 'What a worker must offer to get the job.',
      schema: oneOrList(orTemplate(fileLabel), { maxItems: limits.labelsPerJob }),
      apiSchema: oneOrList(text(limits.labelChars), {}),
    },
  ],
  [
    'retries',
    { meaning: 'How often a failed attempt is tried again; 0 when absent.', schema: wholeNumber(0, limits.retriesMax) },
  ],
  [
    'retry-on',
    {
      meaning:
        'What a retry may follow on: a `lost` worker, a `timeout`, a `failure` that its worker reported, exit codes and ranges (`75`, `128-255`); the first three when absent.',
      schema: oneOrList({ $ref: '#/$defs/retryRule' }, { minItems: 1, maxItems: limits.retryRulesPerJob }),
    },
  ],
  ['backoff', { meaning: 'How long to wait before a retry; no wait when absent.', schema: backoffSchema }],
  [
    'timeout',
    {
      meaning: 'How long an attempt may take: seconds, or a text such as `90s`, `5m`, `1h`.',
      schema: orTemplate(seconds),
    },
  ],
  [
    'queue-timeout',
    {
      meaning:
        'How long the job may be claimable, or wait for a place in its group: seconds, or a text such as `90s`, `5m`, `1h`. Then it fails without an attempt.',
      schema: orTemplate(seconds),
    },
  ],
  [
    'continue-on-error',
    {
      meaning: 'Whether a failure of the job counts as success for its run and for the jobs that need it.',
      schema: { type: 'boolean' },
    },
  ],
  [
    'if',
    {
      meaning: 'Whether the job runs once its needs have ended; `success()` when absent.',
      schema: { anyOf: [{ type: 'string', minLength: 1, maxLength: limits.conditionChars }, { type: 'boolean' }] },
      needsValue: true,
    },
  ],
  ['env', { meaning: 'Environment variables; they win over those of the top level.', schema: env }],
  [
    'priority',
    {
      meaning: 'Of the jobs that a worker may run, it gets the highest first; 0 when absent.',
      schema: orTemplate(wholeNumber(-limits.priorityMax, limits.priorityMax)),
    },
  ],
  [
    'concurrency',
    {
      meaning: 'The group that the job is in, so that only so many jobs of the group run at once: its name, or a map.',
      schema: { anyOf: [text(limits.groupChars), template, { $ref: '#/$defs/jobConcurrency' }] },
    },
  ],
  ['metadata', { meaning: 'Anything; it is kept with the job and handed to its worker.', schema: { type: 'object' } }],
]);

/** The keys of a job that the top-level `defaults` may have. */
export const defaultKeys: ReadonlyMap<string, KeyRow> = new Map(
  [...jobKeys].filter(([key]) =>
    ['labels', 'retries', 'retry-on', 'backoff', 'timeout', 'queue-timeout', 'shell', 'working-directory'].includes(
      key,
    ),
  ),
);

/** One entry of `steps`. */
export const stepKeys: ReadonlyMap<string, KeyRow> = new Map([
  ['id', { meaning: 'Names the step within its job; `step-N` when absent.', schema: jobKey }],
  [
    'name',
    { meaning: 'What readers see; the id or the first line of `run` when absent.', schema: text(limits.nameChars) },
  ],
  ['run', { meaning: 'The shell script of the step.', schema: script, needsValue: true }],
  ['env', { meaning: 'Environment variables for this step only.', schema: env }],
]);

const matrixRules: JsonObject = orTemplate({ type: 'array', items: { type: 'object' } });

/** The `strategy` of a job. */
export const strategyKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  [
    'matrix',
    {
      meaning:
        'Axes with their values; the job has one child for each combination of them. `exclude` removes combinations, and `include` adds some. Or a list of maps, which are the combinations.',
      schema: orTemplate({
        anyOf: [
          {
            type: 'object',
            properties: { include: matrixRules, exclude: matrixRules },
            additionalProperties: orTemplate({ type: 'array' }),
          },
          { type: 'array', items: { type: 'object' }, maxItems: limits.matrixChildren },
        ],
      }),
      needsValue: true,
    },
  ],
  [
    'fail-fast',
    {
      meaning: 'Whether the first child that fails cancels those that have not ended; true when absent.',
      schema: { type: 'boolean' },
    },
  ],
  [
    'max-parallel',
    {
      meaning: 'How many children are claimable or run at once; all of them when absent.',
      schema: orTemplate(wholeNumber(1, limits.matrixChildren)),
    },
  ],
]);

/** The `concurrency` of a job, as a map. */
export const jobConcurrencyKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['group', { meaning: 'The name of the group.', schema: orTemplate(text(limits.groupChars)), needsValue: true }],
  [
    'max',
    {
      meaning: 'How many jobs of the group are claimable or run at once; 1 when absent.',
      schema: wholeNumber(1, limits.groupMax),
    },
  ],
]);
