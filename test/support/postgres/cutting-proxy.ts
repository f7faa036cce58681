import { connect, createServer, type Server, type Socket } from 'node:net';

/** When the proxy cuts the connection that sends the next COMMIT. */
export type Cut = 'before the commit arrives' | 'after the commit, before its answer';

const commit = Buffer.concat([Buffer.from('Q'), Buffer.from([0, 0, 0, 11]), Buffer.from('commit\0')]);

/** During the statement with which a new session asks for the outcome of a commit. */
const question = Buffer.from('on conflict');

/** A proxy between a server and PostgreSQL that cuts a connection at a commit on request. */
export class CuttingProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut: Cut | null = null;
  #swallowsAnswer = false;
  /** The number of connections it has cut. */
  cuts = 0;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(databaseUrl: string): Promise<CuttingProxy> {
    const url = new URL(databaseUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const own = new URL(databaseUrl);
    own.hostname = '127.0.0.1';
    own.port = String(port);
    const proxy = new CuttingProxy(server, own.href);
    server.on('connection', (client) => proxy.#join(client, connect(Number(url.port || 5432), url.hostname)));
    return proxy;
  }

  /** Cuts the connection that sends the next commit. */
  cutNextCommit(cut: Cut): void {
    this.#cut = cut;
  }

  /**
   * Also cuts the connection on which the server then asks for the outcome of that commit, before the answer arrives.
   */
  cutNextQuestion(): void {
    this.#swallowsAnswer = true;
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, database: Socket): void {
    const end = () => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      this.#sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    let isDeaf = false;
    client.on('data', (bytes) => {
      if (this.#swallowsAnswer && bytes.includes(question)) {
        this.#swallowsAnswer = false;
        this.cuts += 1;
        isDeaf = true;
      }
      if (this.#cut === null || !bytes.includes(commit)) {
        database.write(bytes);
        return;
      }
      const cut = this.#cut;
      this.#cut = null;
      this.cuts += 1;
      if (cut === 'before the commit arrives') {
        end();
        return;
      }
      isDeaf = true;
      database.write(bytes);
    });
    database.on('data', (bytes) => {
      if (isDeaf) end();
      else client.write(bytes);
    });
  }
}
