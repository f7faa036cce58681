/** A claim that waits for a job. */
export interface ParkedClaim {
  /** The worker's labels, and the key that is the same for every worker with these labels. */
  readonly labels: readonly string[];
  readonly labelsKey: string;
}

interface Place<C> {
  readonly labels: readonly string[];
  readonly waiting: Set<C>;
}

/**
 * Claims that found nothing and wait, by the labels of their workers and in the order of arrival. They are served in the
 * very transaction that makes a job claimable.
 */
export class Parking<C extends ParkedClaim> {
  readonly #places = new Map<string, Place<C>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  park(claim: C): void {
    let place = this.#places.get(claim.labelsKey);
    if (place === undefined) {
      place = { labels: claim.labels, waiting: new Set() };
      this.#places.set(claim.labelsKey, place);
    }
    place.waiting.add(claim);
    this.#size += 1;
  }

  /** Whether it was still parked. */
  leave(claim: C): boolean {
    const place = this.#places.get(claim.labelsKey);
    if (place === undefined || !place.waiting.delete(claim)) return false;
    if (place.waiting.size === 0) this.#places.delete(claim.labelsKey);
    this.#size -= 1;
    return true;
  }

  /** The longest-waiting claims, at most `max` of each kind of worker that `wanted` lets through. */
  oldest(wanted: (labels: readonly string[]) => boolean, max: number): C[] {
    const taken: C[] = [];
    for (const { labels, waiting } of this.#places.values()) {
      if (!wanted(labels)) continue;
      let left = max;
      for (const claim of waiting) {
        if (left-- === 0) break;
        taken.push(claim);
      }
    }
    return taken;
  }

  all(): C[] {
    return [...this.#places.values()].flatMap(({ waiting }) => [...waiting]);
  }
}
