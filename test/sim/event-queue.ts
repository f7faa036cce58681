import type { Process } from './process.js';

/** Something that will happen. */
export interface Happening {
  atMs: number;
  /** Decides among what happens at the same time; drawn from the seed. */
  tie: number;
  readonly order: number;
  /** What it is, for the trace. */
  readonly kind: string;
  /** To whom it happens; null when it is to nobody in particular. */
  readonly owner: Process | null;
  run: (() => void) | null;
}

/** A binary heap, the earliest first. */
export class EventQueue {
  readonly #heap: Happening[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(item: Happening): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Happening;
      if (!isBefore(item, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = item;
  }

  pop(): Happening | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(item: Happening): void {
    const heap = this.#heap;
    const half = heap.length >> 1;
    let at = 0;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
      const least = heap[child] as Happening;
      if (!isBefore(least, item)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = item;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
}
