/** The server, or a proxy in front of it, does not support the stream. */
export class StreamUnavailableError extends Error {
  override readonly name = 'StreamUnavailableError';
}
