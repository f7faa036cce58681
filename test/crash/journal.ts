import type { Claim } from '@workflow-graph/client';

/** How a worker said that an attempt ended. */
export type End =
  | { readonly kind: 'success'; readonly outputs: Readonly<Record<string, string>> }
  | { readonly kind: 'failure'; readonly error: string; readonly retryable: boolean };

/** What the server answered to a report: taken, or refused and why. */
export interface Reported {
  readonly claim: Claim;
  readonly end: End;
  readonly refused: string | null;
}

/** What clients know for certain, since the server has answered. */
export class Journal {
  /** Runs whose start was acknowledged, by the request that started them. */
  readonly runs = new Map<string, string>();
  readonly claims: Claim[] = [];
  readonly reports: Reported[] = [];
  readonly chunks: { readonly claim: Claim; readonly sequence: number; readonly data: string }[] = [];
  readonly cancelled = new Set<string>();
  /** Answers that contradict another answer; each is a failure of the test. */
  readonly contradictions: string[] = [];

  started(request: string, run: string): void {
    const before = this.runs.get(request);
    if (before !== undefined && before !== run) {
      this.contradictions.push(`request ${request} started run ${before} and run ${run}`);
    }
    this.runs.set(request, run);
  }

  counts(): string {
    const refused = this.reports.filter((report) => report.refused !== null).length;
    return (
      `${this.runs.size} runs, ${this.claims.length} claims, ${this.reports.length - refused} ends taken, ` +
      `${refused} refused, ${this.chunks.length} log chunks, ${this.cancelled.size} cancels`
    );
  }
}
