import { type Definition, drawDefinition } from '../model/definitions.js';
import { drawLargeDefinition } from '../model/large-definition.js';
import { Client } from './client.js';

/** Defines workflows, anew now and then, and starts runs of them. */
export class Submitter extends Client {
  readonly #started: string[] = [];
  readonly #workflows: string[] = [];

  /** The runs whose start was acknowledged. */
  get started(): readonly string[] {
    return this.#started;
  }

  get workflows(): readonly string[] {
    return this.#workflows;
  }

  /** @param runs how many runs it starts before it is done */
  async run(runs: number, isLarge: boolean): Promise<void> {
    for (let at = 0; at < runs; at++) {
      if (this.#workflows.length === 0 || this.random.chance(0.35)) await this.#define(isLarge && at === 0);
      const id = this.#workflows.at(-1);
      if (id !== undefined) await this.#start(id);
      await this.sleep(0, 8_000);
    }
  }

  async #define(isLarge: boolean): Promise<void> {
    const { simulation } = this.parts;
    const name = `d${simulation.unique()}`;
    const definition = isLarge ? drawLargeDefinition(this.random, name) : drawDefinition(this.random, name);
    simulation.definitions.set(name, definition);
    if (isLarge) simulation.world.count('large definition');
    const again = this.#workflows.length > 0 && this.random.chance(0.5) ? this.random.pick(this.#workflows) : null;
    const id = again ?? `${this.name}-${name}`;
    const isByApi = again === null && this.random.chance(0.3);
    const answer = isByApi ? await this.#create(definition) : await this.#putFile(id, definition);
    if (answer === null) return;
    if (again !== null) simulation.world.count('workflow defined again');
    this.#workflows.push(answer);
  }

  async #create({ text, format }: Definition): Promise<string | null> {
    const { simulation } = this.parts;
    const answer = await this.insist('create workflow', async (live) => {
      try {
        const caller = { credential: this.#credential };
        return await live.engine.createWorkflow({ caller, text: Buffer.from(text), format });
      } catch (error) {
        simulation.expectInjected('a workflow is created', error);
        throw error;
      }
    });
    return answer.kind === 'ok' ? answer.value.workflowId : null;
  }

  async #putFile(id: string, { text, format }: Definition): Promise<string | null> {
    const { simulation } = this.parts;
    const answer = await this.insist('define', async (live) => {
      try {
        await live.engine.define({ id, source: 'file', text: Buffer.from(text), format, file: `${id}.${format}` });
        return id;
      } catch (error) {
        simulation.expectInjected('a workflow is defined', error);
        throw error;
      }
    });
    return answer.kind === 'ok' ? answer.value : null;
  }

  /** Starts a run; one whose answer was lost is asked for again under the same request id. */
  async #start(id: string): Promise<void> {
    const { simulation } = this.parts;
    const requestId = this.random.chance(0.8) ? `${this.name}/${simulation.unique()}` : null;
    const inputs = new Map(this.random.chance(0.5) ? [['mode', this.random.pick(['fast', 'slow'])]] : []);
    const caller = { credential: this.#credential };
    const answer = await this.insist(
      'start',
      async (live) => {
        try {
          const { runId } = await live.engine.startRun({ caller, id, inputs, requestId });
          this.#checkStarted(runId, requestId, inputs);
          return runId;
        } catch (error) {
          simulation.expectInjected('a run starts', error);
          throw error;
        }
      },
      requestId === null ? 1 : 20,
    );
    if (answer.kind === 'ok') this.#started.push(answer.value);
  }

  #checkStarted(runId: string, requestId: string | null, inputs: ReadonlyMap<string, string>): void {
    const { world, model, startedRuns } = this.parts.simulation;
    const run = model.runs.get(runId);
    const isAsAsked = run !== undefined && JSON.stringify([...run.inputs]) === JSON.stringify([...inputs]);
    if (!isAsAsked) world.violated('a run is acknowledged after it is stored', runId);
    if (requestId === null) return;
    const first = startedRuns.get(requestId);
    if (first === undefined) startedRuns.set(requestId, runId);
    else if (first === runId) world.count('start repeated');
    else world.violated('a repeated start gets the first answer', `${requestId}: ${first}, then ${runId}`);
  }

  get #credential(): string | null {
    return this.parts.simulation.hasCredentials ? this.name : null;
  }
}
