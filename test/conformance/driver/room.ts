import { cpus } from 'node:os';

/** The interval of the check for idle processors. */
const lookEveryMs = 250;

/** When the idle share of the processors falls below this, they count as busy. */
const spareShare = 0.3;

/** The maximum number of concurrent scenarios. */
export interface Limits {
  readonly least: number;
  /** This many while the processors have idle time: most scenarios spend most of their time waiting. */
  readonly most: number;
}

/** Starts scenarios one by one, as many at once as the machine has capacity for. */
export class Room {
  readonly #limits: Limits;
  #taken = 0;
  #left = Promise.withResolvers<void>();
  #before = processorTime();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Waits for a free slot and takes it. */
  async enter(): Promise<void> {
    while (!this.#hasRoom()) {
      let timer: NodeJS.Timeout | undefined;
      const look = new Promise((resolve) => {
        timer = setTimeout(resolve, lookEveryMs);
      });
      await Promise.race([look, this.#left.promise]);
      clearTimeout(timer);
    }
    this.#taken += 1;
  }

  leave(): void {
    this.#taken -= 1;
    this.#left.resolve();
    this.#left = Promise.withResolvers();
  }

  #hasRoom(): boolean {
    const { least, most } = this.#limits;
    if (this.#taken < least) return true;
    const now = processorTime();
    const total = now.total - this.#before.total;
    // A shorter sample is dominated by noise.
    if (total < lookEveryMs) return false;
    const idle = now.idle - this.#before.idle;
    this.#before = now;
    return this.#taken < most && idle / total > spareShare;
  }
}

/** Idle time of all processors since boot, in milliseconds. */
function processorTime(): { readonly idle: number; readonly total: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  return { idle, total: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
}
