import { limits } from '../../domain/limits.js';

/** Bounds of the answer to a claim. A size is that of the JSON text in the database, about the size on the wire. */
export const claimLimits = {
  /**
   * Scripts, inputs and outputs of the jobs that one claim, or one push of a session, gets; the first job always fits.
   * gRPC clients accept 4 MiB by default.
   */
  jobsBytes: 4 * 1024 * 1024,
  /** Outputs of all needs of one job. */
  upstreamBytes: limits.upstreamOutputsBytes,
  /** Error texts of all needs of one job; each is cut on its own first. */
  needErrorsChars: 64 * 1024,
  /** Longest wait of a claim. Longer waits are cut: proxies do not keep an idle request open for ever. */
  waitMs: 60_000,
  /** Parked claims of one kind of worker that a batch serves. */
  parkedPerBatch: 512,
  /** Credits that a session can have, used and unused: more than any worker has slots. */
  sessionCredits: 10_000,
  /** Jobs of one push. */
  pushedJobs: 1_000,
} as const;
