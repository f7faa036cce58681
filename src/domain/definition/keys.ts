import type { JsonObject } from '../json.js';
import { limits } from '../limits.js';
import { nearest } from '../suggest.js';

/** One key of a workflow file: what it means, and the JSON Schema of its value. */
export interface KeyRow {
  readonly meaning: string;
  readonly schema: JsonObject;
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
/** A text of any lines, not blank. */
const script: JsonObject = { type: 'string', pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$' };
const wholeNumber = (minimum: number, maximum: number): JsonObject => ({ type: 'integer', minimum, maximum });
const oneOrList = (item: JsonObject, list: JsonObject): JsonObject => ({
  anyOf: [item, { type: 'array', items: item, ...list }],
});

export const jobKeyPattern = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
export const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

const jobKey: JsonObject = { type: 'string', pattern: jobKeyPattern.source, maxLength: limits.keyChars };
const seconds: JsonObject = {
  anyOf: [wholeNumber(1, limits.durationSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }],
};
const delay: JsonObject = {
  anyOf: [wholeNumber(0, limits.durationSecsMax), { type: 'string', pattern: '^[0-9]+[smhd]$' }],
};
const env: JsonObject = {
  type: 'object',
  propertyNames: { pattern: envNamePattern.source, maxLength: limits.envNameChars },
  additionalProperties: { type: ['string', 'number', 'boolean', 'null'], pattern: '^[^\\u0000]*$' },
  maxProperties: limits.envEntries,
};
const closed = (properties: JsonObject, required: string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const exponential = (base: string, max: string): JsonObject =>
  closed({ [base]: delay, [max]: delay, jitter: { type: 'boolean' } }, [base, max]);

export const backoffSchema: JsonObject = {
  anyOf: [
    { enum: ['none', 'None'] },
    closed({ fixed: { anyOf: [delay, closed({ delay }, ['delay'])] } }, ['fixed']),
    closed({ exponential: exponential('base', 'max') }, ['exponential']),
    closed({ Fixed: closed({ delay_secs: delay }, ['delay_secs']) }, ['Fixed']),
    closed({ Exponential: exponential('base_secs', 'max_secs') }, ['Exponential']),
  ],
};

export const stepKeys: ReadonlyMap<string, KeyRow> = new Map([
  ['id', { meaning: 'Names the step within its job; `step-N` when absent.', schema: jobKey }],
  [
    'name',
    { meaning: 'What readers see; the id or the first line of `run` when absent.', schema: text(limits.nameChars) },
  ],
  ['run', { meaning: 'The shell script of the step.', schema: script, needsValue: true }],
  ['env', { meaning: 'Environment variables for this step only.', schema: env }],
]);

export const jobKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['name', { meaning: 'What readers see; the key of the job when absent.', schema: text(limits.nameChars) }],
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
    'needs',
    {
      meaning: 'The jobs that must end before this one, by key.',
      schema: oneOrList(jobKey, { maxItems: limits.jobsPerWorkflow, uniqueItems: true }),
    },
  ],
  [
    'labels',
    {
      meaning: 'What a worker must offer to get the job.',
      schema: oneOrList(text(limits.labelChars), { maxItems: limits.labelsPerJob }),
    },
  ],
  [
    'retries',
    { meaning: 'How often a failed attempt is tried again; 0 when absent.', schema: wholeNumber(0, limits.retriesMax) },
  ],
  ['backoff', { meaning: 'How long to wait before a retry; no wait when absent.', schema: backoffSchema }],
  [
    'timeout',
    { meaning: 'How long an attempt may take: seconds, or a text such as `90s`, `5m`, `1h`.', schema: seconds },
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
      schema: wholeNumber(-limits.priorityMax, limits.priorityMax),
    },
  ],
  ['metadata', { meaning: 'Anything; it is kept with the job and handed to its worker.', schema: { type: 'object' } }],
]);

export const workflowKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  [
    'name',
    { meaning: "What readers see; the file's name without its ending when absent.", schema: text(limits.nameChars) },
  ],
  [
    'on',
    {
      meaning: 'What starts the workflow, for readers and clients: a text, a list of texts, or a map whose keys count.',
      schema: {
        anyOf: [
          text(limits.nameChars),
          { type: 'array', items: text(limits.nameChars), maxItems: limits.triggerChars },
          { type: 'object', propertyNames: text(limits.nameChars), maxProperties: limits.triggerChars },
        ],
      },
    },
  ],
  ['env', { meaning: 'Environment variables for every job.', schema: env }],
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

/** What the same thing is called elsewhere: in the API, and in the files of other systems. */
const namesElsewhere = new Map([
  ['trigger', 'on'],
  ['triggers', 'on'],
  ['command', 'run'],
  ['commands', 'run'],
  ['script', 'run'],
  ['depends_on', 'needs'],
  ['depends-on', 'needs'],
  ['dependencies', 'needs'],
  ['required_labels', 'labels'],
  ['runs-on', 'labels'],
  ['tags', 'labels'],
  ['max_retries', 'retries'],
  ['retry', 'retries'],
  ['retry_policy', 'retries'],
  ['timeout_secs', 'timeout'],
  ['timeout-minutes', 'timeout'],
  ['when', 'if'],
  ['environment', 'env'],
  ['variables', 'env'],
]);

/** The key that was probably meant, or null. */
export function keyMeant(unknown: string, known: ReadonlyMap<string, KeyRow>): string | null {
  const elsewhere = namesElsewhere.get(unknown);
  if (elsewhere !== undefined && known.has(elsewhere)) return elsewhere;
  return nearest(unknown, known.keys());
}
