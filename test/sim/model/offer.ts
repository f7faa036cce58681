/** Which jobs a worker takes. */
export interface WorkerOffer {
  readonly labels: ReadonlySet<string>;
  readonly onlyLabelled: boolean;
}

export const nothingOffered: WorkerOffer = { labels: new Set(), onlyLabelled: false };

/** Whether a worker may get a job that requires these labels. */
export function mayGet(offer: WorkerOffer, required: readonly string[]): boolean {
  // What the server requires of a worker's library is no label of the job.
  if (required.every((label) => label.startsWith('feature:')) && offer.onlyLabelled) return false;
  return required.every((label) => offer.labels.has(label));
}

export function offerOf(of: { readonly labels: readonly string[]; readonly onlyLabelled: boolean }): WorkerOffer {
  return { labels: new Set(of.labels), onlyLabelled: of.onlyLabelled };
}
