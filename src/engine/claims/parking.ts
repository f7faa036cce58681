import type { Offer } from '../../domain/labels.js';

/** A claim that waits for a job. */
export interface ParkedClaim {
  readonly offer: Offer;
}

interface Place<C> {
  readonly offer: Offer;
  readonly waiting: Set<C>;
}

/**
 * Claims that found no job and wait, by what their workers offer and in the order of arrival. The transaction that
 * makes a job claimable serves them.
 */
export class Parking<C extends ParkedClaim> {
  readonly #places = new Map<string, Place<C>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  park(claim: C): void {
    let place = this.#places.get(claim.offer.key);
    if (place === undefined) {
      place = { offer: claim.offer, waiting: new Set() };
      this.#places.set(claim.offer.key, place);
    }
    place.waiting.add(claim);
    this.#size += 1;
  }

  /** Whether it was still parked. */
  leave(claim: C): boolean {
    const place = this.#places.get(claim.offer.key);
    if (place === undefined || !place.waiting.delete(claim)) return false;
    if (place.waiting.size === 0) this.#places.delete(claim.offer.key);
    this.#size -= 1;
    return true;
  }

  /** The longest-waiting claims that may be served, at most `max` of each kind of worker that `wanted` accepts. */
  oldest(wanted: (offer: Offer) => boolean, mayBeServed: (claim: C) => boolean, max: number): C[] {
    const taken: C[] = [];
    for (const { offer, waiting } of this.#places.values()) {
      if (!wanted(offer)) continue;
      let left = max;
      for (const claim of waiting) {
        if (!mayBeServed(claim)) continue;
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
