import { checkHealth } from './checks/doctor.js';
import { checkLogs } from './checks/logs.js';
import { checkNodesEnd } from './checks/nodes.js';
import { checkOverdue } from './checks/overdue.js';
import { checkOverdueWaits } from './checks/overdue-waits.js';
import type { Counters } from './counters.js';
import { Scenario } from './scenario.js';
import { Simulation } from './simulation.js';

export interface SeedOptions {
  readonly seed: number;
  /** 1 for at most a minute of faults. */
  readonly length: number;
  /** Takes each line of the history; null: only its hash is kept. */
  readonly tell: ((line: string) => void) | null;
}

/** What became of one world. */
export interface SeedResult {
  readonly seed: number;
  /** The first broken promises, none when all held. */
  readonly violations: readonly string[];
  readonly events: number;
  /** The same for the same seed. */
  readonly hash: string;
  readonly counters: Counters;
}

/** How long a world may take, after its faults have ended, until everything in it has ended: in its own time. */
const healingMsMax = 15 * 60_000;

const eventsMax = 400_000;
const doctorEvery = 1_000;
const waitingEvery = 25;
const overdueEvery = 50;

/** Runs one world from its beginning to the end of everything in it, or to the first broken promise. */
export async function runSeed({ seed, length, tell }: SeedOptions): Promise<SeedResult> {
  const simulation = await Simulation.make(seed, tell);
  const { world } = simulation;
  const stray = (error: unknown) => simulation.expectInjected('nothing is left unhandled', error);
  process.on('unhandledRejection', stray);
  try {
    const scenario = new Scenario(simulation, length);
    scenario.begin();
    await happen(simulation, () => world.elapsedMs >= scenario.faultsMs);
    scenario.heal();
    const healedAtMs = world.elapsedMs;
    const isOver = () => scenario.isOver || world.elapsedMs - healedAtMs > healingMsMax;
    await happen(simulation, isOver);
    if (world.violations.length === 0) {
      if (!scenario.isOver) world.violated('everything ends when the faults do', scenario.left());
      await checkHealth(simulation);
      simulation.compareAll();
      checkLogs(simulation);
    }
  } catch (error) {
    world.violated(
      'the simulation itself goes on',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  } finally {
    process.off('unhandledRejection', stray);
    simulation.database.close();
  }
  world.count('worlds');
  world.count('events', world.events);
  return { seed, violations: world.violations, events: world.events, hash: world.trace.hash, counters: world.counters };
}

/** Lets things happen until it is enough, or a promise is broken. */
async function happen(simulation: Simulation, isEnough: () => boolean): Promise<void> {
  const { world } = simulation;
  while (world.violations.length === 0 && !isEnough()) {
    if (!(await world.step())) {
      world.violated('the world goes on', 'nothing is left to happen');
      return;
    }
    if (world.events > eventsMax) {
      world.violated('a world ends', `${world.events} events happened`);
      return;
    }
    if (world.events % waitingEvery === 0) simulation.waiting.check();
    if (world.events % overdueEvery === 0) {
      checkOverdue(simulation);
      checkOverdueWaits(simulation);
      checkNodesEnd(simulation);
    }
    if (world.events % doctorEvery === 0) await checkHealth(simulation);
  }
}
