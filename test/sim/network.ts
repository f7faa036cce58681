import { DomainError } from '../../src/domain/errors.js';
import type { Process } from './process.js';
import type { LiveServer, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** What became of a call, as its caller knows it. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  /** The server understood and said no. */
  | { readonly kind: 'refused'; readonly error: DomainError }
  /** Nobody knows whether it was done: no answer came, or the server failed. */
  | { readonly kind: 'lost' };

export interface CallOptions {
  readonly name: string;
  /** How long the caller waits for an answer, in milliseconds. */
  readonly patienceMs: number;
}

/** What is done at the server. The signal aborts when the server learns that the caller has disconnected. */
export type AtServer<T> = (live: LiveServer, signal: AbortSignal, server: SimServer) => Promise<T>;

/** Messages between clients and servers: late, lost, doubled, and answered to nobody. */
export class Network {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** How long a message is on its way. */
  delayMs(): number {
    const { world, weather } = this.#simulation;
    return world.random.within(0, weather.delayMsMax);
  }

  call<T>(caller: Process, server: SimServer, options: CallOptions, work: AtServer<T>): Promise<Answer<T>> {
    const { world, weather } = this.#simulation;
    const { random } = world;
    return new Promise((resolve) => {
      let isOver = false;
      const controllers: AbortController[] = [];
      const end = (answer: Answer<T>) => {
        if (isOver) return;
        isOver = true;
        cancelPatience();
        resolve(answer);
      };
      const cancelPatience = world.after(options.patienceMs, caller, `${options.name}: no answer`, () => {
        world.count('call without an answer');
        end({ kind: 'lost' });
        this.#tellGone(controllers);
      });
      caller.onDeath(() => this.#tellGone(controllers));
      if (random.chance(weather.requestLost)) {
        world.count('request lost');
        return;
      }
      const deliver = (delayMs: number) => {
        world.after(delayMs, null, `${options.name} to ${server.index}`, () =>
          this.#arrive(caller, server, options, work, controllers, end),
        );
      };
      if (random.chance(weather.requestLate)) {
        world.count('request late');
        deliver(random.within(5_000, 60_000));
      } else {
        deliver(this.delayMs());
      }
      if (random.chance(weather.requestDoubled)) {
        world.count('request doubled');
        deliver(this.delayMs() + random.within(0, 3_000));
      }
    });
  }

  #arrive<T>(
    caller: Process,
    server: SimServer,
    options: CallOptions,
    work: AtServer<T>,
    controllers: AbortController[],
    end: (answer: Answer<T>) => void,
  ): void {
    const { world, weather } = this.#simulation;
    const { live } = server;
    if (live === null || live.isStopping) {
      world.after(this.delayMs(), caller, `${options.name}: refused by ${server.index}`, () => end({ kind: 'lost' }));
      return;
    }
    // A frozen server takes it in when it goes on.
    world.after(0, live.process, options.name, () => {
      const controller = new AbortController();
      controllers.push(controller);
      const answer = (what: Answer<T>) => {
        if (!live.process.isAlive) return;
        if (world.random.chance(weather.answerLost)) {
          world.count('answer lost after execution');
          return;
        }
        world.after(this.delayMs(), caller, `${options.name}: ${what.kind}`, () => end(what));
      };
      work(live, controller.signal, server).then(
        (value) => answer({ kind: 'ok', value }),
        (error: unknown) => answer(error instanceof DomainError ? refusalOf(error) : { kind: 'lost' }),
      );
      live.process.onDeath(() =>
        world.after(this.delayMs(), caller, `${options.name}: connection lost`, () => end({ kind: 'lost' })),
      );
    });
  }

  /** The server hears that its caller has gone a while later; sometimes never. */
  #tellGone(controllers: readonly AbortController[]): void {
    const { world } = this.#simulation;
    if (controllers.length === 0) return;
    if (world.random.chance(0.15)) {
      world.count('caller gone without a word');
      return;
    }
    world.after(this.delayMs(), null, 'caller gone', () => {
      for (const controller of controllers) controller.abort();
    });
  }
}

function refusalOf(error: DomainError): Answer<never> {
  return error.code === 'unavailable' ? { kind: 'lost' } : { kind: 'refused', error };
}
