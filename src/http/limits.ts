/** Limits of the port. Times are in milliseconds. */
export interface HttpLimits {
  /** Open connections of all protocols; further ones are closed at once. */
  readonly connectionsMax: number;
  /** Size of all headers of a request. */
  readonly headerBytesMax: number;
  /** Concurrent requests on one HTTP/2 connection. */
  readonly streamsPerConnectionMax: number;
  /** From the connection to the bytes that decide its protocol, and for a TLS handshake. */
  readonly firstBytesMs: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestMs: number;
  /** Interval of the check of the two above. */
  readonly checkMs: number;
  /** How long an idle HTTP/1.1 connection stays open. Longer than the usual 60 s of load balancers. */
  readonly keepAliveMs: number;
  /** Interval of pings to an HTTP/2 peer. A peer that has not answered by the next ping is disconnected. */
  readonly pingMs: number;
  /** Interval of comments in server-sent events, so that no proxy treats the connection as dead. */
  readonly eventCommentMs: number;
}

export const httpLimits: HttpLimits = {
  connectionsMax: 10_000,
  headerBytesMax: 16 * 1024,
  streamsPerConnectionMax: 1_000,
  firstBytesMs: 10_000,
  headersMs: 20_000,
  requestMs: 60_000,
  checkMs: 2_000,
  keepAliveMs: 72_000,
  pingMs: 20_000,
  eventCommentMs: 15_000,
};
