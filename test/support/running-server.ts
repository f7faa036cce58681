import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { loadConfig } from '../../src/config.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';
import { fastFolder } from './fast-folder.js';

/** A whole server in this process, on any port and in its own folder. */
export class ServerHere {
  readonly folder = fastFolder();
  #server: RunningServer | null = null;

  async start(port = '0'): Promise<this> {
    const config = loadConfig(
      {},
      { port, dataDir: join(this.folder, 'data'), workflowsDir: join(this.folder, 'workflows') },
    );
    this.#server = await startServer(config, createLog({ level: 'silent', format: 'json' }));
    return this;
  }

  get server(): RunningServer {
    if (this.#server === null) throw new Error('the server is not started');
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  /** The address for gRPC clients of other libraries. */
  get grpc(): { address: string; credentials: ChannelCredentials } {
    return { address: new URL(this.url).host, credentials: credentials.createInsecure() };
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Defines a workflow from YAML and returns its id. */
  async define(yaml: string, id = 'wf'): Promise<string> {
    await this.server.engine.define({ id, source: 'api', text: Buffer.from(yaml), format: 'yaml', file: `${id}.yml` });
    return id;
  }

  async run(id: string): Promise<string> {
    const started = await this.server.engine.startRun({
      caller: { credential: null },
      id,
      inputs: new Map(),
      requestId: null,
    });
    return started.runId;
  }
}
