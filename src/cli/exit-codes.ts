/** The program's exit codes. A test compares the table of docs/cli.md with this one. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  serverAway: 3,
  refused: 4,
  notFound: 5,
  notAccepted: 6,
  diskFailed: 70,
  interrupted: 130,
  brokenPipe: 141,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The meaning of each code for a script. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'done; after watching a run: it succeeded',
  failed: 'failed; after watching a run: it failed or was cancelled',
  usage: 'wrong usage or a wrong setting',
  serverAway: 'no server answers at the address',
  refused: 'the server needs a token, or the token does not allow this',
  notFound: 'no such workflow, run or job',
  notAccepted: 'the server rejected the definition or the request, or could not handle it',
  diskFailed: "the server's disk failed",
  interrupted: 'stopped by Ctrl-C or a signal',
  brokenPipe: 'the reader of the output closed the pipe',
};
