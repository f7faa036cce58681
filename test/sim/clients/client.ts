import type { Random } from '../../crash/random.js';
import type { Answer, AtServer } from '../network.js';
import type { Parts } from '../parts.js';
import { Process } from '../process.js';

/** Somebody who calls the servers: a process with its own chance. */
export class Client {
  readonly name: string;
  readonly parts: Parts;
  readonly random: Random;
  readonly process: Process;

  constructor(parts: Parts, name: string) {
    this.parts = parts;
    this.name = name;
    this.random = parts.simulation.world.random.fork();
    this.process = new Process(name);
  }

  sleep(leastMs: number, mostMs = leastMs): Promise<void> {
    return this.parts.simulation.world.sleep(this.random.within(leastMs, mostMs), this.process, 'sleep');
  }

  call<T>(name: string, work: AtServer<T>, patienceMs = 10_000): Promise<Answer<T>> {
    const { simulation, network } = this.parts;
    return network.call(this.process, simulation.anyServer(), { name, patienceMs }, work);
  }

  /** Calls until there is an answer. */
  async insist<T>(name: string, work: AtServer<T>, triesMax = Number.POSITIVE_INFINITY): Promise<Answer<T>> {
    for (let tries = 1; ; tries++) {
      const answer = await this.call(name, work);
      if (answer.kind !== 'lost' || tries >= triesMax) return answer;
      await this.sleep(50, 1_000);
    }
  }
}
