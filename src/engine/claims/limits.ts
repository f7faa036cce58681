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
} as const;
