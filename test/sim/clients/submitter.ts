import { DomainError } from '../../../src/domain/errors.js';
import { type Definition, drawDefinition } from '../model/definitions.js';
import { drawGroup, inGroup } from '../model/groups.js';
import { withJobGroups } from '../model/job-groups.js';
import { withKeys } from '../model/keys.js';
import { drawLargeDefinition } from '../model/large-definition.js';
import { withMatrices } from '../model/with-matrices.js';
import { Client } from './client.js';

interface Started {
  readonly runId: string;
  /** The workflow that was asked for. */
  readonly id: string;
  readonly requestId: string | null;
  readonly inputs: ReadonlyMap<string, string>;
  /** Whether no other start has had the request's id. */
  readonly isFresh: boolean;
}

/** Defines workflows, anew now and then, and starts runs of them. */
export class Submitter extends Client {
  readonly #started: string[] = [];
  readonly #workflows: string[] = [];
  #lastRequest: string | null = null;

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
    const drawn = isLarge ? drawLargeDefinition(this.random, name) : drawDefinition(this.random, name);
    const grouped = simulation.hasJobGroups ? withJobGroups(drawn, this.#seedOf(name)) : drawn;
    const expanded = simulation.hasMatrices ? withMatrices(grouped, this.#seedOf(name) ^ 0x5bd1e995) : grouped;
    const keyed = simulation.hasKeys ? withKeys(expanded, this.#seedOf(name) ^ 0x27d4eb2f) : expanded;
    const definition = simulation.hasGroups ? inGroup(keyed, drawGroup(this.random)) : keyed;
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

  /** A seed for what is drawn beside the client's own chances. */
  #seedOf(name: string): number {
    return Math.imul(this.parts.simulation.world.seed + 17, Number(name.slice(1)) + 0x9e3779b1);
  }

  async #create({ text, format }: Definition): Promise<string | null> {
    const { simulation } = this.parts;
    const requestId = this.random.chance(0.8) ? `${this.name}/${simulation.unique()}` : null;
    const answer = await this.insist('create workflow', async (live) => {
      try {
        const caller = { credential: this.#credential };
        return await live.engine.createWorkflow({ caller, text: Buffer.from(text), format, requestId });
      } catch (error) {
        // A request that is delivered twice may come once more when its workflow has been defined anew.
        const isLate =
          error instanceof DomainError &&
          error.code === 'conflict' &&
          this.#workflows.some((id) => error.message.includes(id));
        if (!isLate) simulation.expectInjected('a workflow is created', error);
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
    const fresh = `${this.name}/${simulation.unique()}`;
    const requestId = this.random.chance(0.1) ? this.#lastRequest : this.random.chance(0.8) ? fresh : null;
    this.#lastRequest = requestId ?? this.#lastRequest;
    const inputs = new Map(this.random.chance(0.5) ? [['mode', this.random.pick(['fast', 'slow'])]] : []);
    const caller = { credential: this.#credential };
    const answer = await this.insist(
      'start',
      async (live) => {
        try {
          const { runId } = await live.engine.startRun({ caller, id, inputs, requestId });
          this.#checkStarted({ runId, id, requestId, inputs, isFresh: requestId === null || requestId === fresh });
          return runId;
        } catch (error) {
          if (isRefusedByGroup(error)) simulation.world.count('start refused by its group');
          else simulation.expectInjected('a run starts', error);
          throw error;
        }
      },
      requestId === null ? 1 : 20,
    );
    if (answer.kind === 'ok') this.#started.push(answer.value);
  }

  #checkStarted({ runId, id, requestId, inputs, isFresh }: Started): void {
    const { world, model, startedRuns } = this.parts.simulation;
    const run = model.runs.get(runId);
    if (run === undefined) {
      world.violated('a run is acknowledged after it is stored', runId);
      return;
    }
    if (run.workflowId !== id) world.violated('a run is of the workflow that was asked', runId);
    // The same id for another workflow is another request.
    const request = `${run.workflowId} ${requestId}`;
    const first = requestId === null ? undefined : startedRuns.get(request);
    if (first === runId) {
      world.count('start repeated');
      return;
    }
    if (first !== undefined) {
      world.violated('a repeated start gets the first answer', `${request}: ${first}, then ${runId}`);
    }
    if (requestId !== null) startedRuns.set(request, runId);
    // An id that is used again may be that of a start whose answer never came.
    const isAsAsked = !isFresh || JSON.stringify([...run.inputs]) === JSON.stringify([...inputs]);
    if (!isAsAsked) world.violated('a run is acknowledged after it is stored', runId);
  }

  get #credential(): string | null {
    return this.parts.simulation.hasCredentials ? this.name : null;
  }
}

function isRefusedByGroup(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'group_full' || error.code === 'group_queue_full');
}
