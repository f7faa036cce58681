import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A minimal load balancer: each new connection goes to the next server, or to the one after it if that is unreachable.
 * It does not inspect the bytes.
 */
export class RoundRobinProxy {
  readonly #ports: () => readonly number[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn = 0;

  private constructor(ports: () => readonly number[]) {
    this.#ports = ports;
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client));
  }

  /** @param ports the ports where the servers currently listen */
  static async start(ports: () => readonly number[]): Promise<RoundRobinProxy> {
    const proxy = new RoundRobinProxy(ports);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    this.#keep(client);
    client.pause();
    const ports = this.#ports();
    const first = this.#turn++;
    const tryNext = (tried: number): void => {
      const port = ports[(first + tried) % Math.max(ports.length, 1)];
      if (port === undefined || tried === ports.length || client.destroyed) {
        client.destroy();
        return;
      }
      const server = connect({ port, host: '127.0.0.1', noDelay: true });
      const next = () => tryNext(tried + 1);
      server.once('error', next);
      server.once('connect', () => {
        server.off('error', next);
        this.#keep(server);
        client.pipe(server).pipe(client);
        server.once('close', () => client.destroy());
        client.once('close', () => server.destroy());
      });
    };
    tryNext(0);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
