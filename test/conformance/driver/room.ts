import { cpus } from 'node:os';

/** How often it looks whether the processors have time. */
const lookEveryMs = 250;

/** Less than this share of the processors' time is left over by those who run. */
const spareShare = 0.3;

/** How many may be at work at once. */
export interface Limits {
  readonly least: number;
  /** So many while the processors have time to spare: most scenarios wait for most of their time. */
  readonly most: number;
}

/** Lets scenarios begin one by one, as many at once as the machine has room for. */
export class Room {
  readonly #limits: Limits;
  #taken = 0;
  #left = Promise.withResolvers<void>();
  #before = processorTime();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Waits for room, and takes it. */
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
    // A shorter look sees nothing but chance.
    if (total < lookEveryMs) return false;
    const idle = now.idle - this.#before.idle;
    this.#before = now;
    return this.#taken < most && idle / total > spareShare;
  }
}

/** Of all processors together, since the machine started, in milliseconds. */
function processorTime(): { readonly idle: number; readonly total: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  return { idle, total: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
}
