import { gunzipSync } from 'node:zlib';
import type { Operation } from './operations.js';

/** Splits a byte stream into gRPC messages, each with its five-byte prefix. */
export class MessageCutter {
  #rest: Buffer = Buffer.alloc(0);

  *cut(bytes: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 5) {
      const end = 5 + this.#rest.readUInt32BE(1);
      if (this.#rest.length < end) return;
      yield this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
    }
  }
}

/** The content of a stream message, by the field numbers of the proto. */
export function operationsIn(path: string, direction: 'up' | 'down', message: Buffer): readonly Operation[] {
  if (path.endsWith('/StreamLogs')) return ['logs'];
  if (path.endsWith('/StreamHeartbeats')) return ['heartbeat'];
  if (!path.endsWith('/WorkJobs')) return [];
  const fields = fieldNumbers(bodyOf(message));
  if (direction === 'up') return fields.has(4) ? ['report'] : [];
  return [...(fields.has(2) ? (['report'] as const) : []), ...(fields.has(1) ? (['claim'] as const) : [])];
}

/** The message as a later server version might send it: with unknown fields. */
export function withUnknownFields(message: Buffer): Buffer {
  // Field 1000 is a number, 1001 a string.
  const more = Buffer.from([0xc0, 0x3e, 0x2a, 0xca, 0x3e, 0x06, ...Buffer.from('future')]);
  const body = bodyOf(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + more.length, 1);
  return Buffer.concat([head, body, more]);
}

/** The message without its prefix. The first byte of the prefix is the compression flag. */
function bodyOf(message: Buffer): Buffer {
  const body = message.subarray(5);
  return message[0] === 0 ? body : gunzipSync(body);
}

function fieldNumbers(bytes: Buffer): Set<number> {
  const numbers = new Set<number>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    numbers.add(Math.floor(tag / 8));
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 2) {
      const length = varint();
      at += length;
    } else if (wireType === 5) at += 4;
    else throw new Error(`wire type ${wireType} in a message of a stream`);
  }
  return numbers;
}
