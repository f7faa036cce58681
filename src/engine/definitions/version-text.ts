import { promisify } from 'node:util';
import { gunzip, gzip, gzipSync } from 'node:zlib';
import { limits } from '../../domain/limits.js';

/** Compressed within a few milliseconds. */
const packedAtOnceBytes = 512 * 1024;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/**
 * A definition's text as it is stored. A large one is compressed in a thread of the process. The others need none, so
 * that nothing else happens before the text is ready: a simulated world is the same each time.
 */
export async function packText(text: Uint8Array): Promise<string> {
  const packed = text.byteLength <= packedAtOnceBytes ? gzipSync(text) : await compress(text);
  return packed.toString('base64');
}

/** The text that `packText` stored. Invalid UTF-8 is replaced, as the check of the definition did. */
export async function unpackText(packed: string): Promise<string> {
  const bytes = await decompress(Buffer.from(packed, 'base64'), { maxOutputLength: limits.definitionBytes });
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
