import { Code } from '@connectrpc/connect';
import {
  createAsyncIterable,
  readAllBytes,
  type UniversalHandler,
  type UniversalServerResponse,
} from '@connectrpc/connect/protocol';

/**
 * Corrects two kinds of errors of the Connect library on their way to the wire:
 *
 * - A request that is not valid protobuf is the caller's mistake: `invalid_argument`, as malformed JSON is. The
 *   library reports `internal`, so operators would look for a bug.
 * - A gRPC message is percent-encoded only where it must be. The library also encodes `:` and `[`, which grpc-js does
 *   not decode, so its users would read `labels%5B1%5D%3A …`.
 */
export function fixConnectErrors(handler: UniversalHandler): UniversalHandler {
  return Object.assign(async (request: Parameters<UniversalHandler>[0]) => amend(await handler(request)), handler);
}

/** How the library begins the message of a request that it could not decode. */
const undecodable = 'parse binary: ';

async function amend(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const { body, trailer, header, status } = response;
  if (body === undefined) return response;
  if (header?.get('content-type')?.startsWith('application/grpc-web'))
    return { ...response, body: amendWebTrailer(body) };
  if (trailer !== undefined) return { ...response, body: thenAmendTrailer(body, trailer) };
  return status === 500 ? amendConnectError(response, body) : response;
}

async function amendConnectError(
  response: UniversalServerResponse,
  body: AsyncIterable<Uint8Array>,
): Promise<UniversalServerResponse> {
  const bytes = await readAllBytes(body, Number.MAX_SAFE_INTEGER);
  const error: { code?: string; message?: string } = JSON.parse(new TextDecoder().decode(bytes));
  if (error.message?.startsWith(undecodable) !== true) return { ...response, body: createAsyncIterable([bytes]) };
  const amended = new TextEncoder().encode(JSON.stringify({ ...error, code: 'invalid_argument' }));
  response.header?.set('content-length', String(amended.byteLength));
  return { ...response, status: 400, body: createAsyncIterable([amended]) };
}

async function* thenAmendTrailer(body: AsyncIterable<Uint8Array>, trailer: Headers): AsyncIterable<Uint8Array> {
  // The trailer is complete only when the body has ended.
  yield* body;
  const encoded = trailer.get('grpc-message');
  if (encoded === null) return;
  const message = decodeURIComponent(encoded);
  trailer.set('grpc-message', message.replace(/[^\x20-\x7e]+|%/gu, encodeURIComponent));
  if (message.startsWith(undecodable)) trailer.set('grpc-status', String(Code.InvalidArgument));
}

/** The flag of the last frame of a gRPC-Web body, which holds gRPC's trailers. */
const trailerFlag = 0x80;
const frameHeadBytes = 5;

async function* amendWebTrailer(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const frame of body) {
    yield (frame[0] ?? 0) & trailerFlag ? amendedFrame(frame) : frame;
  }
}

function amendedFrame(frame: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(frame.subarray(frameHeadBytes));
  if (!text.includes(`grpc-message: ${encodeURIComponent(undecodable)}`)) return frame;
  const amended = Buffer.from(text.replace(/^grpc-status: \d+/m, `grpc-status: ${Code.InvalidArgument}`));
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt8(trailerFlag, 0);
  head.writeUInt32BE(amended.byteLength, 1);
  return Buffer.concat([head, amended]);
}
