import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Adapter } from './adapter.js';
import { definitionOf, type Play } from './definition.js';
import { FaultProxy } from './proxy/fault-proxy.js';
import type { Scenario, TransportName } from './scenario.js';
import type { Server } from './server.js';
import { ServerApi } from './server-api.js';
import type { ServerShelf } from './server-shelf.js';

export interface StageSettings {
  readonly servers: ServerShelf;
  /** A shell command that becomes the adapter. */
  readonly command: string;
  readonly cwd: string;
  readonly transport: TransportName;
  /** Seeds everything random in the scenarios. */
  readonly seed: number;
}

/**
 * The resources of one scenario while it is played: a server, its proxy, the client's adapter, and what was started.
 */
export class Stage {
  readonly scenario: Scenario;
  readonly settings: StageSettings;
  readonly server: Server;
  readonly proxy: FaultProxy;
  readonly api: ServerApi;
  readonly tokens = new Map<string, string>();
  readonly marks = new Map<string, number>();
  readonly runs = new Map<string, string>();
  workflow = '';
  /** The ids of the workflows that the adapter's client created, and their common name. */
  readonly created: string[] = [];
  readonly createdName = `created ${randomUUID()}`;
  /** Files in it release held jobs; its existence shows that the scenario is still being played. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'conformance-scenario-'));
  #adapter: Adapter | null = null;

  constructor(scenario: Scenario, settings: StageSettings) {
    this.scenario = scenario;
    this.settings = settings;
    this.server = scenario.tls === true ? settings.servers.takeTls() : settings.servers.take();
    this.proxy = new FaultProxy(() => this.server.port, scenario.tls === true);
    this.api = new ServerApi(
      () => this.server.url,
      () => this.tokens.get('driver') ?? null,
    );
  }

  get adapter(): Adapter {
    if (this.#adapter === null) throw new Error('the adapter was not started');
    return this.#adapter;
  }

  async set(): Promise<void> {
    await this.proxy.start();
    // Both take a moment to start, so they start concurrently.
    this.#adapter = new Adapter(this.settings.command, this.settings.cwd, this.proxy.url);
    const hello = this.#adapter.hello();
    hello.catch(() => {});
    if (!this.server.isRunning) await this.server.start();
    await this.#makeTokens();
    this.workflow = await this.api.define(definitionOf(this.scenario, this.play));
    await hello;
  }

  get play(): Play {
    return { seed: this.settings.seed, folder: this.#folder };
  }

  /** Releases all jobs that hold under this name, now and later. */
  release(name: string): void {
    writeFileSync(join(this.#folder, name), '');
  }

  async clear(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    await this.#adapter?.kill();
    await this.proxy.stop();
    await this.settings.servers.takeBack(this.server, [...this.runs.values()]);
  }

  run(name = 'run'): string {
    const run = this.runs.get(name);
    if (run === undefined) throw new Error(`run ${name} was not started`);
    return run;
  }

  async #makeTokens(): Promise<void> {
    const plans = Object.entries(this.scenario.tokens ?? {});
    for (const [name, plan] of plans) this.tokens.set(name, await this.server.makeToken(name, plan));
    if (plans.length > 0) this.tokens.set('driver', await this.server.makeToken('driver', { scope: 'admin' }));
  }
}
