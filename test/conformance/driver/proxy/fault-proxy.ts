import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Fault } from './faults.js';
import { http1Proxy } from './http1.js';
import { http2Proxy } from './http2.js';
import { Link, type LinkSettings } from './link.js';
import type { Operation } from './operations.js';
import { Traffic } from './traffic.js';

/** The state of the network between the workers and the server. */
export interface Network {
  /** `refused`: connections are refused, open ones are cut. `dead`: connections stay open, and nothing passes. */
  readonly mode?: 'open' | 'refused' | 'dead';
  readonly delay_ms?: number;
  /** Only HTTP/1.1 passes, as through many proxies. */
  readonly http1_only?: boolean;
  readonly without_streams?: boolean;
  readonly without_claim_many?: boolean;
  readonly unknown_fields?: boolean;
}

/** A proxy between workers and a server that injects network faults at the moments named by a scenario. */
export class FaultProxy {
  readonly #traffic: Traffic;
  readonly #http1;
  readonly #http2;
  readonly #links = new Set<Link>();
  readonly #link: LinkSettings = { delayMs: 0, isDead: false };
  #outer: Server | null = null;
  #port = 0;
  #http1Only = false;

  readonly #serverPort: () => number;
  readonly #isTls: boolean;
  #connections = 0;

  /** With TLS it sees only connections, and passes their bytes unchanged. */
  constructor(serverPort: () => number, isTls = false) {
    this.#serverPort = serverPort;
    this.#isTls = isTls;
    this.#traffic = new Traffic(serverPort);
    this.#http1 = http1Proxy(this.#traffic);
    this.#http2 = http2Proxy(this.#traffic);
  }

  get url(): string {
    return `${this.#isTls ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    await listen(this.#http1, 0);
    await listen(this.#http2, 0);
    await this.#accept();
  }

  async stop(): Promise<void> {
    this.cutAll();
    this.#outer?.close();
    this.#http1.close();
    this.#http1.closeAllConnections();
    this.#http2.close();
  }

  add(fault: Fault): void {
    this.#traffic.faults.add(fault);
  }

  /** The number of injected faults. */
  get struck(): number {
    return this.#traffic.faults.struck;
  }

  seen(operation: Operation): number {
    return this.#traffic.seen(operation);
  }

  async change(network: Network): Promise<void> {
    const { mode, delay_ms, http1_only, without_streams, without_claim_many, unknown_fields } = network;
    if (delay_ms !== undefined) this.#link.delayMs = delay_ms;
    if (http1_only !== undefined) this.#http1Only = http1_only;
    if (without_streams !== undefined) this.#traffic.withoutStreams = without_streams;
    if (without_claim_many !== undefined) this.#traffic.withoutClaimMany = without_claim_many;
    if (unknown_fields !== undefined) this.#traffic.unknownFields = unknown_fields;
    if (mode !== undefined) {
      this.#link.isDead = mode === 'dead';
      if (mode === 'refused') {
        this.#outer?.close();
        this.#outer = null;
        this.cutAll();
      } else if (this.#outer === null) {
        await this.#accept();
      }
    }
    for (const link of this.#links) link.wake();
  }

  /** Cuts all connections; new ones are accepted immediately. */
  cutAll(): void {
    for (const link of this.#links) link.cut();
    this.#links.clear();
  }

  /** All current connections go silent for good; new ones are accepted immediately. */
  loseAll(): void {
    for (const link of this.#links) link.lose();
  }

  async #accept(): Promise<void> {
    this.#outer = createServer({ allowHalfOpen: false }, (socket) => this.#take(socket));
    this.#port = await listen(this.#outer, this.#port);
  }

  /** The number of connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** The first bytes identify the protocol; clear text has no other sign. */
  #take(socket: Socket): void {
    socket.on('error', () => {});
    this.#connections += 1;
    if (this.#isTls) {
      this.#lead(socket, this.#serverPort());
      return;
    }
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      socket.unshift(first);
      const isHttp2 = first.subarray(0, 3).toString() === 'PRI';
      if (isHttp2 && this.#http1Only) {
        socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      const inner = (isHttp2 ? this.#http2 : this.#http1).address() as AddressInfo | null;
      // Null if the scenario has just ended.
      if (inner === null) socket.destroy();
      else this.#lead(socket, inner.port);
    });
  }

  #lead(socket: Socket, port: number): void {
    const link = new Link(socket, port, this.#link);
    this.#links.add(link);
    // Silenced connections still have to be cut at the end.
    socket.on('close', () => {
      if (!link.isLost) this.#links.delete(link);
    });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
