/** The id of a request that may be repeated: 128 random bits. `crypto.randomUUID` is missing without TLS. */
export function newRequestId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
