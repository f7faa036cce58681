import { queueRules } from '../gates/run-group.js';
import { inputTypes } from '../inputs/declaration.js';
import type { JsonObject } from '../json.js';
import { featurePrefix } from '../labels.js';
import { limits } from '../limits.js';
import { exitCodeMax, retryCauses } from '../retry.js';
import { catchUps, overlaps } from '../schedule/schedule.js';
import { shells } from './definition.js';

/** One key of a workflow file: what it means, and the JSON Schema of its value. */
export interface KeyRow {
  readonly meaning: string;
  readonly schema: JsonObject;
  /** Where the API's form takes other values. */
  readonly apiSchema?: JsonObject;
  /** Whether the key may not stand there without a value, which otherwise counts as its absence. */
  readonly needsValue?: boolean;
}

/** A text of one line. */
const text = (maxLength: number): JsonObject => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
});
/** The server adds labels for what a worker can do by itself. */
const fileLabel: JsonObject = {
  ...text(limits.labelChars),
  pattern: `^(?!${featurePrefix})[^\\u0000-\\u001f\\u007f]*$`,
};
/** A text of any lines, not blank. */
const script: JsonObject = { type: 'string', pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$' };
const wholeNumber = (minimum: number, maximum: number): JsonObject => ({ type: 'integer', minimum, maximum });
const oneOrList = (item: JsonObject, list: JsonObject): JsonObject => ({
  anyOf: [item, { type: 'array', items: item, ...list }],
});

export const jobKeyPattern = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
/** Also the names of `vars`. */
export const inputNamePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;
export const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

const jobKey: JsonObject = { type: 'string', pattern: jobKeyPattern.source, maxLength: limits.keyChars };
/** A text with an expression in it, where its value need not be a text. */
const template: JsonObject = { type: 'string', pattern: '\\$\\{\\{', maxLength: limits.templateBytes };
const orTemplate = (schema: JsonObject): JsonObject => ({
  anyOf: [...(Array.isArray(schema.anyOf) ? schema.anyOf : [schema]), template],
});
const matrixRules: JsonObject = orTemplate({ type: 'array', items: { type: 'object' } });
const seconds: JsonObject = {
  anyOf: [wholeNumber(1, limits.durationSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }],
};
const delay: JsonObject = {
  anyOf: [wholeNumber(0, limits.durationSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }],
};
const env: JsonObject = {
  type: 'object',
  propertyNames: { pattern: envNamePattern.source, maxLength: limits.envNameChars },
  additionalProperties: { $ref: '#/$defs/envValue' },
  maxProperties: limits.envEntries,
};
const closed = (properties: JsonObject, required: string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const delayRef: JsonObject = { $ref: '#/$defs/delay' };
const exponential = (base: string, max: string): JsonObject =>
  closed({ [base]: delayRef, [max]: delayRef, jitter: { type: 'boolean' } }, [base, max]);

export const backoffSchema: JsonObject = { $ref: '#/$defs/backoff' };

/** What the schemas of keys refer to, each under a name: generators of code make a type of each. */
export const namedSchemas: JsonObject = {
  envValue: {
    anyOf: [{ type: 'string', pattern: '^[^\\u0000]*$' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
  },
  delay,
  backoff: {
    anyOf: [
      { $ref: '#/$defs/noBackoff' },
      { $ref: '#/$defs/noBackoffOfClaims' },
      { $ref: '#/$defs/fixedBackoff' },
      { $ref: '#/$defs/exponentialBackoff' },
      { $ref: '#/$defs/fixedBackoffOfClaims' },
      { $ref: '#/$defs/exponentialBackoffOfClaims' },
    ],
  },
  retryRule: {
    anyOf: [
      { enum: [...retryCauses] },
      wholeNumber(1, exitCodeMax),
      { type: 'string', pattern: '^[0-9]{1,3}(-[0-9]{1,3})?$' },
    ],
  },
  noBackoff: { type: 'string', enum: ['none'] },
  noBackoffOfClaims: { type: 'string', enum: ['None'] },
  fixedBackoff: closed({ fixed: { anyOf: [delayRef, { $ref: '#/$defs/fixedDelay' }] } }, ['fixed']),
  fixedDelay: closed({ delay: delayRef }, ['delay']),
  exponentialBackoff: closed({ exponential: { $ref: '#/$defs/exponentialDelay' } }, ['exponential']),
  exponentialDelay: exponential('base', 'max'),
  fixedBackoffOfClaims: closed({ Fixed: closed({ delay_secs: delayRef }, ['delay_secs']) }, ['Fixed']),
  exponentialBackoffOfClaims: closed({ Exponential: exponential('base_secs', 'max_secs') }, ['Exponential']),
};

/** One declaration under `inputs`. */
export const inputKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['type', { meaning: 'What it holds; a string when absent.', schema: { enum: [...inputTypes] } }],
  ['description', { meaning: 'What it is for.', schema: { ...script, maxLength: limits.inputDescriptionChars } }],
  ['required', { meaning: 'Whether a run needs it; false when absent.', schema: { type: 'boolean' } }],
  ['default', { meaning: 'What it is when a run is started without it.', schema: {} }],
  [
    'options',
    {
      meaning: 'Of a choice: what it may be.',
      schema: {
        type: 'array',
        items: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
        minItems: 1,
        maxItems: limits.inputOptions,
        uniqueItems: true,
      },
    },
  ],
  ['min', { meaning: 'Of a number: the least that it may be.', schema: { type: 'number' } }],
  ['max', { meaning: 'Of a number: the most that it may be.', schema: { type: 'number' } }],
  ['integer', { meaning: 'Of a number: whether it must be whole.', schema: { type: 'boolean' } }],
  [
    'max_length',
    { meaning: 'Of a string: how many characters it may have.', schema: wholeNumber(1, limits.inputValueBytes) },
  ],
]);

/** One entry of `on.schedule`. */
export const scheduleKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['id', { meaning: 'Names the schedule within its workflow; `cron-N` when absent.', schema: jobKey }],
  [
    'cron',
    {
      meaning: 'When: minute, hour, day of the month, month, day of the week, or `@hourly` to `@yearly`.',
      schema: text(limits.cronChars),
      needsValue: true,
    },
  ],
  ['timezone', { meaning: 'Whose clocks `cron` means, such as `Europe/Berlin`; UTC when absent.', schema: text(100) }],
  [
    'inputs',
    {
      meaning: `The inputs of its runs; a text may have \`\${{ run.scheduled_at }}\` in it.`,
      schema: { type: 'object', maxProperties: limits.inputsPerWorkflow },
    },
  ],
  [
    'jitter',
    {
      meaning:
        'Up to how much later than the scheduled time a run starts, before the next scheduled time; 0 when absent.',
      schema: { anyOf: [wholeNumber(0, limits.jitterSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }] },
    },
  ],
  [
    'catch-up',
    {
      meaning:
        'What starts for times that were missed while no server ran: one run for the `latest`, `all` of them, or `none`; `latest` when absent.',
      schema: { enum: [...catchUps] },
    },
  ],
  [
    'within',
    {
      meaning: 'How late a run may still start; what is later gets none. 10 minutes when absent.',
      schema: seconds,
    },
  ],
  [
    'overlap',
    {
      meaning:
        'What happens while an earlier run of the schedule has not ended: `allow` starts another one, `skip` leaves the time out; `allow` when absent.',
      schema: { enum: [...overlaps] },
    },
  ],
]);

export const stepKeys: ReadonlyMap<string, KeyRow> = new Map([
  ['id', { meaning: 'Names the step within its job; `step-N` when absent.', schema: jobKey }],
  [
    'name',
    { meaning: 'What readers see; the id or the first line of `run` when absent.', schema: text(limits.nameChars) },
  ],
  ['run', { meaning: 'The shell script of the step.', schema: script, needsValue: true }],
  ['env', { meaning: 'Environment variables for this step only.', schema: env }],
]);

/** The top-level `concurrency`, as a map. */
export const concurrencyKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['group', { meaning: 'The name of the group.', schema: orTemplate(text(limits.groupChars)), needsValue: true }],
  [
    'max',
    { meaning: 'How many runs of the group go on at once; 1 when absent.', schema: wholeNumber(1, limits.groupMax) },
  ],
  [
    'queue',
    {
      meaning:
        'What becomes of a run whose group is full: `all` wait in order; `newest` cancels those that wait; `none` refuses the start; a number is how many may wait. `all` when absent.',
      schema: { anyOf: [{ enum: [...queueRules] }, wholeNumber(1, limits.groupWaitingRuns)] },
    },
  ],
  [
    'cancel-in-progress',
    {
      meaning: 'Whether a new run cancels those of the group that go on, and begins when they have ended.',
      schema: { type: 'boolean' },
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

/** The `strategy` of a job. */
export const strategyKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  [
    'matrix',
    {
      meaning:
        'Axes with their values, whose product gives one child for each combination; `exclude` and `include` take away and add some. Or a list of maps, which are the combinations.',
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
]);

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
    ['labels', 'retries', 'retry-on', 'backoff', 'timeout', 'shell', 'working-directory'].includes(key),
  ),
);

export const workflowKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['$schema', { meaning: 'Where the JSON Schema of workflow files is, for editors.', schema: { type: 'string' } }],
  [
    'name',
    { meaning: "What readers see; the file's name without its ending when absent.", schema: text(limits.nameChars) },
  ],
  [
    'on',
    {
      meaning:
        'What starts the workflow: a text, a list of texts, or a map. Its `schedule` starts runs; the other names are for readers and clients.',
      schema: {
        anyOf: [
          text(limits.nameChars),
          { type: 'array', items: text(limits.nameChars), maxItems: limits.triggerChars },
          {
            type: 'object',
            properties: {
              schedule: {
                type: ['array', 'null'],
                items: { $ref: '#/$defs/schedule' },
                minItems: 1,
                maxItems: limits.schedulesPerWorkflow,
              },
            },
            propertyNames: text(limits.nameChars),
            maxProperties: limits.triggerChars,
          },
        ],
      },
    },
  ],
  [
    'run-name',
    {
      meaning: "What readers see of a run; the workflow's name when absent.",
      schema: orTemplate(text(limits.nameChars)),
    },
  ],
  ['timeout', { meaning: 'How long a run may take, from its first job on.', schema: seconds }],
  ['env', { meaning: 'Environment variables for every job.', schema: env }],
  ['defaults', { meaning: 'Keys of a job for the jobs that do not have them.', schema: { $ref: '#/$defs/defaults' } }],
  [
    'inputs',
    {
      meaning: 'What a run may be started with, by name. Without the key any inputs are taken, as texts.',
      schema: {
        type: 'object',
        propertyNames: { pattern: inputNamePattern.source, maxLength: limits.inputNameChars },
        additionalProperties: { $ref: '#/$defs/input' },
        maxProperties: limits.inputsPerWorkflow,
      },
      needsValue: true,
    },
  ],
  [
    'concurrency',
    {
      meaning: 'The group that the runs belong to, so that only so many of them go on at once: its name, or a map.',
      schema: { anyOf: [text(limits.groupChars), template, { $ref: '#/$defs/concurrency' }] },
    },
  ],
  [
    'jobs',
    {
      meaning: 'The jobs, by key.',
      schema: {
        type: 'object',
        propertyNames: { pattern: jobKeyPattern.source, maxLength: limits.keyChars },
        additionalProperties: { $ref: '#/$defs/job' },
        minProperties: 1,
        maxProperties: limits.jobsPerWorkflow,
      },
      needsValue: true,
    },
  ],
]);
