const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The trace context of a `traceparent` header, in the form of version 00; null for an absent or invalid one, which a
 * receiver ignores (W3C Trace Context, section 3.2).
 */
export function readTraceparent(header: string | null): string | null {
  const [, version, trace = '', span = '', flags = '0', more] = form.exec(header ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return null;
  // Version 00 defines only the lowest flag: whether the trace is sampled.
  return `00-${trace}-${span}-0${Number.parseInt(flags, 16) & 1}`;
}
