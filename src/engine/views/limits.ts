const mib = 1024 * 1024;

/**
 * Bounds of the answers to readers. A size in bytes is that of the JSON text in the database, about the size on the
 * wire.
 */
export const viewLimits = {
  /** Error texts and outputs in the view of one workflow; a job beyond them is shown truncated. */
  resultBytes: 16 * mib,
  /** The error text of a truncated job. */
  truncatedErrorChars: 200,
  /** A page of workflows: definitions, inputs, error texts and outputs. A page has at least one workflow. */
  workflowPageBytes: 16 * mib,
  /** One message of the snapshot of every run; it has at least one run. */
  snapshotPartBytes: mib,
  /** A page of workers; it has at least one. */
  workerPageBytes: 4 * mib,
  /** A page of audit entries; it has at least one. */
  auditPageBytes: 4 * mib,
  /** An attempt's error text in a list of attempts, and a value of a condition in `why`. */
  quotedChars: 1_000,
  /** Jobs ahead that are counted. */
  jobsAhead: 1_000,
  /** Newest attempts that are shown. */
  attempts: 100,
  /** Steps up the graph that the search for the origin of skipped jobs takes. */
  originSteps: 200,
  /** Jobs at each of these steps. */
  originJobs: 1_000,
  /** Failed jobs that `why` of a run reads. */
  failedJobs: 20_000,
  /** Jobs that hold up others and are named. */
  holders: 10,
  /** A page has at most so many jobs of runs, and at least one run. */
  historyCells: 60_000,
  /** The newest runs that statistics count. */
  countedRuns: 10_000,
  /** The newest runs whose jobs statistics count. */
  runsOfJobs: 100,
  /** Buckets of statistics. */
  periods: 400,
  /** Bytes of an error text or output that one read returns. */
  resultChunkBytes: 1024 * 1024,
  /** Audit entries that one query reads. */
  auditEntriesPerQuery: 100,
  /** Waiting jobs of a group that are counted. */
  waitingJobs: 10_000,
  /** Runs that one query reads. */
  runsPerQuery: 32,
  /** Characters of inputs that fill a page of runs. */
  runPageInputChars: 4 * 1024 * 1024,
  /** Runs that a page scans where no index finds the matching ones alone. */
  runsPerScan: 200_000,
  /** Workflows whose ids may start with the query. */
  workflowsOfQuery: 20,
  /** Live attempts that the list of workers reads. */
  liveAttempts: 100_000,
  /** Chunks that one query reads for the index of a log. */
  indexedChunksPerPage: 2_048,
  /** Indexes of logs that are kept in memory. */
  logIndexes: 64,
  /** An answer with lines of a log is cut after the line with which it has so many characters. */
  logLinesChars: 1024 * 1024,
  /** Of a longer line only the beginning is shown. */
  logLineChars: 100_000,
  /** Size of a page of a log: a reader costs a few times this much memory. A larger chunk is a page by itself. */
  logPageChunks: 500,
  logPageBytes: 512 * 1024,
  /** Part of a log that is searched for its last lines; of a longer line only the end is shown. */
  logTailBytes: 16 * 1024 * 1024,
  /** Label sets that the view of the queue shows. */
  queuedLabelSets: 1_000,
  /** A line that is open makes those after it wait, up to so many of them. */
  waitingLines: 10_000,
  /** Characters of an error line in a list. */
  errorLineChars: 500,
  /** Workers that are read to match label sets. */
  workersRead: 10_000,
  /** Workers that one query reads. */
  workersPerQuery: 1_000,
  /** One call searches the lines until it has seen so many characters. */
  searchedChars: 16 * 1024 * 1024,
  /** The same for a regular expression, which takes ten times as long. */
  charsSearchedByRegex: 1024 * 1024,
  /** Pieces of a log that may have the line of a step and are read at once. */
  stepChunksPerQuery: 100,
  /** How often they are read. */
  stepQueries: 20,
  /** Events that one query reads. */
  eventsPerQuery: 500,
  /** Workflows that the snapshot of every run shows. */
  snapshotWorkflows: 1_000,
  /** Workflows of one part of it. */
  snapshotPartWorkflows: 500,
  /** Jobs of one part, about 1 MiB. */
  snapshotPartJobs: 2_000,
  /** Runs of one batch of a stream about several runs. */
  watchedRunsPerBatch: 100,
  /** Running jobs of a worker that are listed. */
  runningJobs: 1_000,
  /** Runs that are shown of a workflow. */
  runsShown: 20,
  /** Runs from which its usual duration is taken. */
  runsCounted: 100,
  /** Listed files that never loaded. */
  neverLoadedFiles: 100,
} as const;
