/**
 * Every limit that the rules of the domain enforce. A limit is inclusive: a value equal to it is accepted.
 * A new limit gets an entry here and a row in {@link limitRows}; the compiler asks for both.
 */
export const limits = {
  /** A definition as it arrives, YAML or JSON. */
  definitionBytes: 16 * 1024 * 1024,
  /** Lists and maps inside each other in a definition. */
  definitionDepth: 64,
  /** Values that the aliases (`*name`) of a YAML definition stand for, all together. */
  yamlAliasedValues: 100_000,
  /** Problems reported for one definition; the rest are counted. */
  problemsReported: 100,

  jobsPerWorkflow: 200_000,
  /** Needs of all jobs of a workflow together. */
  edgesPerWorkflow: 2_000_000,
  /** A job's key, a step's id. */
  keyChars: 100,
  /**
   * Everything that the jobs hold, after the top-level `env` was merged into each; also what YAML's aliases stand for:
   * so that a small text cannot become a huge workflow.
   */
  jobsChars: 64 * 1024 * 1024,
  /** A workflow's, job's or step's display name. */
  nameChars: 200,
  /** The trigger text that `on` becomes. */
  triggerChars: 1_000,
  /** The script a worker gets, after `env` and `steps` are compiled into it. */
  commandBytes: 256 * 1024,
  /** A `working-directory`. */
  pathChars: 1_000,
  stepsPerJob: 1_000,
  labelsPerJob: 64,
  labelChars: 100,
  /** Distinct sets of required labels of a server, as far as expressions add some. */
  labelSets: 10_000,
  /** Variables in one `env`, after merging. */
  envEntries: 256,
  envNameChars: 200,
  /** Names and values of one `env` together, after merging. */
  envBytes: 64 * 1024,
  /** A job's `metadata`, written as JSON. */
  metadataBytes: 64 * 1024,
  retriesMax: 1_000,
  retryRulesPerJob: 64,
  /** The longest `timeout` and the longest backoff: 30 days. */
  durationSecsMax: 30 * 24 * 60 * 60,
  /** Priorities go from minus this to plus this. */
  priorityMax: 1_000,

  /** A condition, or one expression in `${{ }}`. */
  conditionChars: 4_096,
  /** Parentheses, negations, calls and members inside each other in an expression. */
  conditionDepth: 64,
  /** A text with expressions in it. */
  templateBytes: 16 * 1024,
  /** The value of a text with expressions, and every text that a function creates. */
  expressionResultBytes: 64 * 1024,
  /** Parts of expressions evaluated for one job, and KiB that its functions read or write. */
  evaluationSteps: 10_000,

  /** The name of a group of runs. */
  groupChars: 200,
  /** Places of a group. */
  groupMax: 10_000,
  /** Runs that wait for a place in one group. */
  groupWaitingRuns: 10_000,

  matrixAxes: 16,
  /** Children of one job with a matrix. */
  matrixChildren: 10_000,
  /** Children of all jobs of a workflow with a matrix, where one that is known only at run time may have the most. */
  matrixChildrenOfWorkflow: 780_000,
  /** Entries of an `include` or `exclude` beside axes. */
  matrixRules: 1_000,
  /** The combinations of one job, as JSON. */
  matrixBytes: 4 * 1024 * 1024,

  inputsPerWorkflow: 100,
  inputNameChars: 100,
  inputDescriptionChars: 1_000,
  /** Options of one choice. */
  inputOptions: 1_000,
  /** One value of an input that is declared. */
  inputValueBytes: 64 * 1024,
  /** Names and values of the inputs of one run, where they are declared. */
  inputsBytes: 256 * 1024,
  /** Lists and maps inside each other in an input of type json. */
  inputJsonDepth: 64,

  /** Server variables, of the server and of its workflows together. */
  variables: 10_000,
  /** Pauses of workflows, runs and labels: every server keeps them in memory. */
  pauses: 1_000,
  variableNameChars: 100,
  variableValueBytes: 64 * 1024,
  /** Server variables that the expressions of one workflow name. */
  variablesPerWorkflow: 100,
  /** Names and values of the server variables that are kept with one run. */
  variablesBytes: 256 * 1024,

  schedulesPerWorkflow: 20,
  /** Times of a backfill. */
  backfillSlots: 10_000,
  /** A cron expression. */
  cronChars: 200,
  /** How much later than their slots the runs of a schedule may start. */
  jitterSecsMax: 86_400,

  /** The beginning and the end of an attempt's log that are kept unless a setting says otherwise. */
  logHeadBytes: 16 * 1024 * 1024,
  logTailBytes: 48 * 1024 * 1024,
  outputsPerJob: 256,
  outputKeyChars: 200,
  outputValueBytes: 64 * 1024,
  /** Keys and values of a job's outputs together. */
  outputsBytes: 1024 * 1024,
  /** Outputs of all jobs that one job needs, together, as JSON. */
  upstreamOutputsBytes: 16 * 1024 * 1024,
} as const;

export type LimitName = keyof typeof limits;

/** A limit in the documentation. */
export interface LimitRow {
  readonly what: string;
  readonly unit: 'bytes' | 'characters' | 'entries' | 'levels' | 'seconds' | 'retries' | '±';
  /** What happens to a larger value. */
  readonly beyond: Beyond;
}

/**
 * - `inputs`: 422 `invalid_inputs`; the problem names the input and the limit
 * - `invalid`: 422 `invalid_definition`; the problem names the place, the field and the limit
 * - `too_large`: 413 `too_large`; the message names the field and the limit
 * - `cut`: no refusal
 * - `fails`: the job fails, without a retry
 * - `queue_full`: 429 `group_queue_full`
 */
type Beyond = 'invalid' | 'inputs' | 'fails' | 'too_large' | 'queue_full' | 'cut';

/** What each limit bounds, in the order of the documentation's table. */
export const limitRows: Readonly<Record<LimitName, LimitRow>> = {
  definitionBytes: { what: 'A definition, YAML or JSON', unit: 'bytes', beyond: 'too_large' },
  definitionDepth: { what: 'Lists and maps inside each other', unit: 'levels', beyond: 'invalid' },
  yamlAliasedValues: {
    what: 'Values that the YAML aliases of a definition stand for',
    unit: 'entries',
    beyond: 'invalid',
  },
  problemsReported: {
    what: 'Problems reported for one definition; the rest are counted',
    unit: 'entries',
    beyond: 'cut',
  },
  jobsPerWorkflow: { what: 'Jobs of a workflow', unit: 'entries', beyond: 'invalid' },
  edgesPerWorkflow: { what: 'Needs of all jobs of a workflow', unit: 'entries', beyond: 'invalid' },
  keyChars: { what: "A job's key, a step's id", unit: 'characters', beyond: 'invalid' },
  jobsChars: {
    what: 'All jobs together, with `env` merged and aliases followed',
    unit: 'characters',
    beyond: 'invalid',
  },
  nameChars: { what: 'The name of a workflow, job or step', unit: 'characters', beyond: 'invalid' },
  triggerChars: { what: 'What `on` says, joined', unit: 'characters', beyond: 'invalid' },
  commandBytes: { what: "A job's script, with its `env` and steps compiled in", unit: 'bytes', beyond: 'invalid' },
  pathChars: { what: 'A `working-directory`', unit: 'characters', beyond: 'invalid' },
  stepsPerJob: { what: 'Steps of a job', unit: 'entries', beyond: 'invalid' },
  labelsPerJob: { what: 'Labels of a job', unit: 'entries', beyond: 'invalid' },
  labelChars: { what: 'A label', unit: 'characters', beyond: 'invalid' },
  labelSets: {
    what: 'Distinct sets of required labels on a server, as far as expressions add some',
    unit: 'entries',
    beyond: 'fails',
  },
  envEntries: { what: "Variables of a job's or step's `env`, merged", unit: 'entries', beyond: 'invalid' },
  envNameChars: { what: "A variable's name", unit: 'characters', beyond: 'invalid' },
  envBytes: { what: 'Names and values of an `env`, merged', unit: 'bytes', beyond: 'invalid' },
  metadataBytes: { what: "A job's `metadata`, as JSON", unit: 'bytes', beyond: 'invalid' },
  retriesMax: { what: 'Retries of a job', unit: 'retries', beyond: 'invalid' },
  retryRulesPerJob: { what: 'Entries of a `retry-on`', unit: 'entries', beyond: 'invalid' },
  durationSecsMax: { what: 'A timeout or a backoff (30 days)', unit: 'seconds', beyond: 'invalid' },
  priorityMax: { what: 'A priority', unit: '±', beyond: 'invalid' },
  conditionChars: { what: 'A condition, or one expression', unit: 'characters', beyond: 'invalid' },
  conditionDepth: {
    what: 'Parentheses, negations, calls and members inside each other in an expression',
    unit: 'levels',
    beyond: 'invalid',
  },
  templateBytes: { what: 'A text with expressions in it', unit: 'bytes', beyond: 'invalid' },
  expressionResultBytes: { what: 'What such a text comes to', unit: 'bytes', beyond: 'fails' },
  evaluationSteps: {
    what: 'Parts of expressions evaluated for one job, and KiB that its functions handle',
    unit: 'entries',
    beyond: 'fails',
  },
  groupChars: { what: 'The name of a concurrency group', unit: 'characters', beyond: 'invalid' },
  groupMax: { what: 'Places of a concurrency group', unit: 'entries', beyond: 'invalid' },
  groupWaitingRuns: { what: 'Runs that wait for a place in one group', unit: 'entries', beyond: 'queue_full' },
  matrixAxes: { what: 'Axes of a matrix', unit: 'entries', beyond: 'fails' },
  matrixChildren: { what: 'Children of a job with a matrix', unit: 'entries', beyond: 'fails' },
  matrixChildrenOfWorkflow: {
    what: 'Children of all jobs of a workflow; a matrix known only at run time counts 10,000',
    unit: 'entries',
    beyond: 'invalid',
  },
  matrixRules: { what: 'Entries of `include` or `exclude` beside axes', unit: 'entries', beyond: 'fails' },
  matrixBytes: { what: 'The combinations of a matrix, as JSON', unit: 'bytes', beyond: 'fails' },
  inputsPerWorkflow: { what: 'Declared inputs of a workflow', unit: 'entries', beyond: 'invalid' },
  inputNameChars: { what: 'The name of a declared input', unit: 'characters', beyond: 'invalid' },
  inputDescriptionChars: { what: 'The description of an input', unit: 'characters', beyond: 'invalid' },
  inputOptions: { what: 'Options of an input of type choice', unit: 'entries', beyond: 'invalid' },
  inputValueBytes: { what: 'The value of a declared input', unit: 'bytes', beyond: 'inputs' },
  inputsBytes: { what: "Names and values of a run's declared inputs", unit: 'bytes', beyond: 'inputs' },
  inputJsonDepth: {
    what: 'Lists and maps inside each other in an input of type json',
    unit: 'levels',
    beyond: 'inputs',
  },
  variables: { what: 'Server variables', unit: 'entries', beyond: 'too_large' },
  pauses: { what: 'Pauses of workflows, runs and labels', unit: 'entries', beyond: 'too_large' },
  variableNameChars: { what: 'The name of a server variable', unit: 'characters', beyond: 'invalid' },
  variableValueBytes: { what: 'The value of a server variable', unit: 'bytes', beyond: 'too_large' },
  variablesPerWorkflow: { what: 'Server variables that a workflow names', unit: 'entries', beyond: 'invalid' },
  variablesBytes: { what: 'Names and values of the server variables of a run', unit: 'bytes', beyond: 'inputs' },
  schedulesPerWorkflow: { what: 'Schedules of a workflow', unit: 'entries', beyond: 'invalid' },
  backfillSlots: { what: 'Times of a backfill', unit: 'entries', beyond: 'too_large' },
  cronChars: { what: 'The cron expression of a schedule', unit: 'characters', beyond: 'invalid' },
  jitterSecsMax: { what: 'The jitter of a schedule (a day)', unit: 'seconds', beyond: 'invalid' },
  logHeadBytes: { what: "The beginning of an attempt's log that is kept", unit: 'bytes', beyond: 'cut' },
  logTailBytes: { what: 'The end of it that is kept, when it is longer', unit: 'bytes', beyond: 'cut' },
  outputsPerJob: { what: 'Outputs of a job', unit: 'entries', beyond: 'too_large' },
  outputKeyChars: { what: "An output's key", unit: 'characters', beyond: 'too_large' },
  outputValueBytes: { what: "An output's value", unit: 'bytes', beyond: 'too_large' },
  outputsBytes: { what: 'Keys and values of all outputs of a job', unit: 'bytes', beyond: 'too_large' },
  upstreamOutputsBytes: { what: 'Outputs of all jobs that a job needs', unit: 'bytes', beyond: 'fails' },
};

/** Size of the text in UTF-8. A lone surrogate counts 3, as it is written as U+FFFD. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

/** Whether the text takes more than `max` bytes in UTF-8; reads the text only if its length does not decide. */
export function exceedsBytes(text: string, max: number): boolean {
  if (text.length > max) return true;
  return text.length * 3 > max && utf8Bytes(text) > max;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
