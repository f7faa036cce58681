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
   * Everything that the jobs hold, after the top-level `env` was merged into each; also what YAML's aliases stand for: so
   * that a small text cannot become a huge workflow.
   */
  jobsChars: 64 * 1024 * 1024,
  /** A workflow's, job's or step's display name. */
  nameChars: 200,
  /** The trigger text that `on` becomes. */
  triggerChars: 1_000,
  /** The script a worker gets, after `env` and `steps` are compiled into it. */
  commandBytes: 256 * 1024,
  stepsPerJob: 1_000,
  labelsPerJob: 64,
  labelChars: 100,
  /** Variables in one `env`, after merging. */
  envEntries: 256,
  envNameChars: 200,
  /** Names and values of one `env` together, after merging. */
  envBytes: 64 * 1024,
  /** A job's `metadata`, written as JSON. */
  metadataBytes: 64 * 1024,
  retriesMax: 1_000,
  /** The longest `timeout` and the longest backoff: 30 days. */
  durationSecsMax: 30 * 24 * 60 * 60,
  /** Priorities go from minus this to plus this. */
  priorityMax: 1_000,

  conditionChars: 4_096,
  /** Parentheses and negations inside each other in a condition. */
  conditionDepth: 64,

  /** Of the log of one attempt; what is beyond it is thrown away, and the log says so at its end. */
  logBytesPerAttempt: 64 * 1024 * 1024,
  outputsPerJob: 256,
  outputKeyChars: 200,
  outputValueBytes: 64 * 1024,
  /** Keys and values of a job's outputs together. */
  outputsBytes: 1024 * 1024,
} as const;

export type LimitName = keyof typeof limits;

/** A limit for readers of the documentation. */
export interface LimitRow {
  readonly what: string;
  readonly unit: 'bytes' | 'characters' | 'entries' | 'levels' | 'seconds' | 'retries' | '±';
  /** What becomes of a value beyond it. */
  readonly beyond: Beyond;
}

/**
 * - `invalid`: 422 `invalid_definition`; the problem names the place, the field and the limit
 * - `too_large`: 413 `too_large`; the message names the field and the limit
 * - `cut`: no refusal
 */
export type Beyond = 'invalid' | 'too_large' | 'cut';

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
  stepsPerJob: { what: 'Steps of a job', unit: 'entries', beyond: 'invalid' },
  labelsPerJob: { what: 'Labels of a job', unit: 'entries', beyond: 'invalid' },
  labelChars: { what: 'A label', unit: 'characters', beyond: 'invalid' },
  envEntries: { what: "Variables of a job's or step's `env`, merged", unit: 'entries', beyond: 'invalid' },
  envNameChars: { what: "A variable's name", unit: 'characters', beyond: 'invalid' },
  envBytes: { what: 'Names and values of an `env`, merged', unit: 'bytes', beyond: 'invalid' },
  metadataBytes: { what: "A job's `metadata`, as JSON", unit: 'bytes', beyond: 'invalid' },
  retriesMax: { what: 'Retries of a job', unit: 'retries', beyond: 'invalid' },
  durationSecsMax: { what: 'A timeout or a backoff (30 days)', unit: 'seconds', beyond: 'invalid' },
  priorityMax: { what: 'A priority', unit: '±', beyond: 'invalid' },
  conditionChars: { what: 'A condition', unit: 'characters', beyond: 'invalid' },
  conditionDepth: {
    what: 'Parentheses and negations inside each other in a condition',
    unit: 'levels',
    beyond: 'invalid',
  },
  logBytesPerAttempt: { what: 'The log of an attempt; the rest is cut, with a mark', unit: 'bytes', beyond: 'cut' },
  outputsPerJob: { what: 'Outputs of a job', unit: 'entries', beyond: 'too_large' },
  outputKeyChars: { what: "An output's key", unit: 'characters', beyond: 'too_large' },
  outputValueBytes: { what: "An output's value", unit: 'bytes', beyond: 'too_large' },
  outputsBytes: { what: 'Keys and values of all outputs of a job', unit: 'bytes', beyond: 'too_large' },
};

/** How many bytes the text takes in UTF-8. A lone surrogate counts 3, as it is written as U+FFFD. */
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

/** Whether the text takes more than `max` bytes in UTF-8; reads the text only when its length leaves a doubt. */
export function exceedsBytes(text: string, max: number): boolean {
  if (text.length > max) return true;
  return text.length * 3 > max && utf8Bytes(text) > max;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
