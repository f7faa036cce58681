import * as http from 'node:http';
import { isClaimOfMany, operationAt } from './operations.js';
import type { Traffic } from './traffic.js';

/** Forwards HTTP/1.1 calls one by one and injects their faults. */
export function http1Proxy(traffic: Traffic): http.Server {
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const operation = operationAt(request.url ?? '', request.method);
    const isOfMany = isClaimOfMany(request.url ?? '');
    traffic.saw(operation);
    if (isOfMany) traffic.saw('claim-many');
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const fault = traffic.faults.take(operation, 'request', 'unavailable', 'not_found');
      if (fault?.at === 'request') request.socket.destroy();
      else if (fault?.at === 'unavailable') answer(response, 503, '{"code":"unavailable","message":"try later"}');
      else if (fault?.at === 'not_found' || (isOfMany && traffic.withoutClaimMany)) answer(response, 404, '');
      else passOn(Buffer.concat(pieces));
    });

    function passOn(body: Buffer): void {
      const outgoing = http.request({
        agent,
        host: '127.0.0.1',
        port: traffic.serverPort(),
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers: request.headers,
      });
      outgoing.on('error', () => request.socket.destroy());
      // When a client disconnects, its waiting call is aborted.
      response.on('close', () => {
        if (!response.writableEnded) outgoing.destroy();
      });
      outgoing.on('response', (incoming) => {
        const answered: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => answered.push(piece));
        incoming.on('error', () => request.socket.destroy());
        incoming.on('end', () => finish(incoming, Buffer.concat(answered)));
      });
      outgoing.end(body);
    }

    function finish(incoming: http.IncomingMessage, body: Buffer): void {
      // Waiting claims that end without a job are not worth a fault.
      const isEmptyClaim = operation === 'claim' && ['null', '{"claims":[]}'].includes(body.toString().trim());
      const fault = isEmptyClaim ? null : traffic.faults.take(operation, 'answer');
      const grown = traffic.unknownFields ? withUnknownFields(body) : body;
      // A chunked response is forwarded as a whole.
      const { 'transfer-encoding': _, ...received } = incoming.headers;
      const headers = { ...received, 'content-length': String(grown.length) };
      response.writeHead(incoming.statusCode ?? 500, headers);
      if (fault === null) {
        response.end(grown);
      } else if (fault.after_bytes === undefined) {
        request.socket.destroy();
      } else {
        response.write(grown.subarray(0, fault.after_bytes), () => request.socket.destroy());
      }
    }
  });
  server.keepAliveTimeout = 60_000;
  server.on('close', () => agent.destroy());
  return server;
}

function answer(response: http.ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

/** Adds a field to a JSON object and to all objects within it. */
function withUnknownFields(body: Buffer): Buffer {
  try {
    return Buffer.from(JSON.stringify(grow(JSON.parse(body.toString()), '')));
  } catch {
    return body;
  }
}

/** Maps with user-defined keys are left unchanged. */
const ownKeys = new Set(['upstream_outputs', 'inputs', 'env', 'outputs', 'metadata', 'backoff']);

/** Maps with user-defined keys whose values are API objects; those get extra fields. */
const ownKeysOfObjects = new Set(['needs']);

function grow(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((each) => grow(each, key));
  if (typeof value !== 'object' || value === null || ownKeys.has(key)) return value;
  const grown = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, grow(each, name)]));
  return ownKeysOfObjects.has(key) ? grown : { ...grown, from_the_future: { answer: 42 }, later: null };
}
