import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { limits } from '../../domain/limits.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A definition's text as it is stored. Compressed in a thread of the process, since it can take megabytes. */
export async function packText(text: Uint8Array): Promise<string> {
  return (await compress(text)).toString('base64');
}

/** The text that `packText` stored. Invalid UTF-8 is replaced, as the check of the definition did. */
export async function unpackText(packed: string): Promise<string> {
  const bytes = await decompress(Buffer.from(packed, 'base64'), { maxOutputLength: limits.definitionBytes });
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
