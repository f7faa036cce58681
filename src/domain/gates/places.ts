/** A gate that a job passes, by its number; `sinceMs`: since when the job has a place there, null while it has none. */
export interface Place {
  readonly gate: number;
  readonly max: number;
  readonly sinceMs: number | null;
}

/** The gates that a job passes, in order. The job has the places of the first ones, up to the gate that holds it. */
export type Places = readonly Place[];

type Written = readonly [gate: number, max: number, sinceMs?: number];

export function readPlaces(text: string | null): Places {
  if (text === null) return [];
  return (JSON.parse(text) as Written[]).map(([gate, max, sinceMs]) => ({ gate, max, sinceMs: sinceMs ?? null }));
}

export function writePlaces(places: Places): string {
  return JSON.stringify(
    places.map(({ gate, max, sinceMs }): Written => (sinceMs === null ? [gate, max] : [gate, max, sinceMs])),
  );
}

/** The gate that holds a job: the first at which it has no place; null when it has passed all. */
export function holdingPlace(places: Places): Place | null {
  return places.find(({ sinceMs }) => sinceMs === null) ?? null;
}

/** The places of a job that gets its place at the gate that holds it. */
export function withPlace(places: Places, gate: number, sinceMs: number): Places {
  return places.map((place) => (place.gate === gate ? { ...place, sinceMs } : place));
}
