/** Node's error codes of a write to a closed connection or stream. */
const codes: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
  'ERR_HTTP2_INVALID_STREAM',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_GOAWAY_SESSION',
]);

/**
 * Whether an error of writing an answer, or of reading a request, only means that the caller has disconnected. Valid
 * only where nothing but the caller's connection can have failed: a lost database connection has some of the same
 * codes.
 */
export function isHangUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && codes.has(error.code);
}
