/** The system's words for a server's certificate that this machine does not trust, with the text that comes with each. */
const texts: ReadonlyMap<string, string> = new Map([
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "does not match certificate's altnames"],
]);

/** Whether a `ServerUnreachableError`'s code says that the server is there, and its certificate is not trusted. */
export function isUntrustedCertificate(code: string): boolean {
  return texts.has(code);
}

/** The code that a text speaks of; null when it speaks of no certificate. The gRPC library passes on the text alone. */
export function certificateCodeIn(text: string): string | null {
  for (const [code, sign] of texts) if (text.includes(sign)) return code;
  return null;
}
