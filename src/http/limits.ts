/** What the port grants to whoever connects. Times are in milliseconds. */
export interface HttpLimits {
  /** Open connections, all protocols together; further ones are closed at once. */
  readonly connectionsMax: number;
  /** All headers of a request together. */
  readonly headerBytesMax: number;
  /** Requests at once on one HTTP/2 connection. */
  readonly streamsPerConnectionMax: number;
  /** From the connection to the bytes that tell its protocol, and for a TLS handshake. */
  readonly firstBytesMs: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestMs: number;
  /** How often the two above are looked at. */
  readonly checkMs: number;
  /** How long an HTTP/1.1 connection without a request stays open. More than the 60 s that load balancers are used to. */
  readonly keepAliveMs: number;
  /** Between two pings to an HTTP/2 peer. One that has not answered by the next ping is gone. */
  readonly pingMs: number;
  /** Between two comments in server-sent events, so that nobody on the way takes the connection for dead. */
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
