import {
  createServer as createHttp1,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import type { Log } from '../telemetry/log.js';
import { answerBadRequest, refuseExpectation } from './bad-request.js';
import { sniffProtocol } from './first-bytes.js';
import type { HttpLimits } from './limits.js';

/**
 * One port for HTTP/1.1 and HTTP/2.
 *
 * Node has no server that speaks both in clear text. So a plain TCP server accepts, the first bytes decide the
 * protocol, and the socket goes to one of two inner servers that never listen themselves. With TLS, ALPN decides
 * instead.
 */
export interface Listener {
  /** Resolves when the port is open; rejects with the system's error when it cannot be opened. */
  listen(port: number, host: string): Promise<AddressInfo>;
  /**
   * Accepts nothing more, sends GOAWAY to HTTP/2 peers, closes idle connections, waits for requests under way, and
   * destroys the rest after `timeoutMs`.
   */
  close(timeoutMs: number): Promise<void>;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TlsFiles {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export function createListener(
  handle: RequestHandler,
  { limits, tls, log }: { readonly limits: HttpLimits; readonly tls: TlsFiles | null; readonly log: Log },
): Listener {
  const h1 = http1Server(handle, limits);
  const h2 = http2Server(handle, limits);
  const sessions = new Set<ServerHttp2Session>();
  const undecided = new Set<Socket>();
  const pings = new Map<ServerHttp2Session, 'sent'>();
  let pingTimer: NodeJS.Timeout | null = null;

  h2.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => {
      sessions.delete(session);
      pings.delete(session);
    });
  });

  const hand = (protocol: 'h1' | 'h2', socket: Socket) => {
    undecided.delete(socket);
    (protocol === 'h2' ? h2 : h1).emit('connection', socket);
  };

  const outer = tls === null ? createTcp() : tlsServer(tls, limits);
  outer.maxConnections = limits.connectionsMax;
  outer.on('drop', () =>
    log.warn({ connections_max: limits.connectionsMax }, 'connection refused: too many connections'),
  );
  if (tls === null) {
    outer.on('connection', (socket: Socket) => {
      undecided.add(socket);
      socket.once('close', () => undecided.delete(socket));
      sniffProtocol(socket, limits.firstBytesMs, hand);
    });
  } else {
    outer.on('secureConnection', (socket: TLSSocket) => hand(socket.alpnProtocol === 'h2' ? 'h2' : 'h1', socket));
  }

  /** The session of a peer that vanished silently stays open for ever unless it is pinged. */
  function pingPeers(): void {
    for (const session of sessions) {
      if (session.destroyed || session.connecting) continue;
      if (pings.has(session)) {
        session.destroy();
        continue;
      }
      pings.set(session, 'sent');
      session.ping(() => pings.delete(session));
    }
  }

  async function listen(port: number, host: string): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    outer.once('error', reject);
    outer.listen({ port, host }, resolve);
    await promise;
    outer.off('error', reject);
    outer.on('error', (error) => log.error({ err: error }, 'the listening socket failed'));
    // Without this the inner server would never check for slow requests.
    h1.emit('listening');
    pingTimer = setInterval(pingPeers, limits.pingMs).unref();
    return addressOf(outer);
  }

  async function close(timeoutMs: number): Promise<void> {
    if (pingTimer !== null) clearInterval(pingTimer);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    outer.close(() => resolve());
    for (const socket of undecided) socket.destroy();
    for (const session of sessions) session.close();
    // A connection that is busy now becomes idle later, and would then hold the port for its whole keep-alive time.
    const idle = setInterval(() => h1.closeIdleConnections(), 50);
    h1.closeIdleConnections();
    const cut = setTimeout(() => {
      h1.closeAllConnections();
      for (const session of sessions) session.destroy();
    }, timeoutMs);
    await closed;
    clearInterval(idle);
    clearTimeout(cut);
    h1.close();
    h2.close();
  }

  return { listen, close };
}

function http1Server(handle: RequestHandler, limits: HttpLimits): Http1Server {
  const server = createHttp1(
    {
      maxHeaderSize: limits.headerBytesMax,
      // Node requires the timeout for headers to be within that for the whole request.
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
      // The route checks whether a host is required.
      requireHostHeader: false,
    },
    handle,
  );
  return server.on('clientError', answerBadRequest).on('checkExpectation', refuseExpectation);
}

function http2Server(handle: RequestHandler, limits: HttpLimits): Http2Server {
  const server = createHttp2({
    settings: { maxConcurrentStreams: limits.streamsPerConnectionMax, maxHeaderListSize: limits.headerBytesMax },
  });
  // Node's HTTP/2 requests and responses are compatible with those of HTTP/1.1.
  return server
    .on('request', handle as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void)
    .on('checkExpectation', refuseExpectation as never);
}

function tlsServer(files: TlsFiles, limits: HttpLimits): TcpServer {
  return createTls({
    cert: files.cert,
    key: files.key,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.firstBytesMs,
    minVersion: 'TLSv1.2',
  });
}

function addressOf(server: TcpServer): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no TCP port');
  return address;
}
