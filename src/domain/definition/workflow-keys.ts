import { queueRules } from '../gates/run-group.js';
import { limits } from '../limits.js';
import type { KeyRow } from './key-row.js';
import {
  env,
  inputNamePattern,
  jobKeyPattern,
  orTemplate,
  seconds,
  template,
  text,
  wholeNumber,
} from './value-schemas.js';

/** The keys of the top level. */
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
