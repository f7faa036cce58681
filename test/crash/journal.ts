/** The end of an attempt as reported by a worker. */
export type End =
  | { readonly kind: 'success'; readonly outputs: Readonly<Record<string, string>> }
  | { readonly kind: 'failure'; readonly error: string; readonly retryable: boolean };

/** The attempt: `<run>/<job>/<attempt>`. */
export type AttemptName = string;

/** The name of an attempt in a journal. */
export function attemptName(run: string, job: string, attempt: number): AttemptName {
  return `${run}/${job}/${attempt}`;
}

/** A job assigned to a worker. */
export interface Grant {
  readonly attempt: AttemptName;
  readonly worker: string;
  /** The lease; a worker process that does not print its leases has one for each attempt. */
  readonly lease: string;
  /** Outputs of the needed jobs that came with it; null if the worker does not print them. */
  readonly upstream: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
}

/** The server's response to an end report: accepted, or refused with a reason. */
export interface Report {
  readonly attempt: AttemptName;
  readonly worker: string;
  readonly lease: string;
  readonly end: End;
  readonly refused: string | null;
}

/** A log chunk, as acknowledged to a worker or shown to a reader. */
export interface Chunk {
  readonly attempt: AttemptName;
  readonly sequence: number;
  readonly stream: string;
  readonly data: string;
  /** When it was first sent, in Unix milliseconds of this machine; null if read. */
  readonly sentAtMs: number | null;
}

/** The events of a job's log that a follower received, across broken connections and restarts. */
export interface Followed {
  /** `<run>/<job>`. */
  readonly job: string;
  readonly chunks: readonly Chunk[];
  /** Whether the server ended the log. */
  readonly toTheEnd: boolean;
}

/** A 409 response to a call other than an end report. */
export interface Refusal {
  readonly attempt: AttemptName;
  readonly lease: string;
  readonly what: 'log' | 'heartbeat';
  readonly reason: string;
}

/** Facts that clients know for certain, because the server has acknowledged them. */
export class Journal {
  /** Runs whose start was acknowledged, by the request that started them. */
  readonly runs = new Map<string, string>();
  readonly grants: Grant[] = [];
  readonly reports: Report[] = [];
  readonly chunks: Chunk[] = [];
  /** The complete stdout of attempts for which all of it was acknowledged. */
  readonly texts = new Map<AttemptName, string>();
  readonly refusals: Refusal[] = [];
  /** Runs whose cancel was acknowledged, with the time, in Unix milliseconds of this machine. */
  readonly cancelled = new Map<string, number>();
  /** Log chunks shown to readers. */
  readonly shownChunks: Chunk[] = [];
  readonly followed: Followed[] = [];
  /** Ends of jobs shown to readers, by `<run>/<job>`. */
  readonly shownEnds = new Map<string, string>();
  /** Responses that contradict another response; each is a failure of the test. */
  readonly contradictions: string[] = [];

  started(request: string, run: string): void {
    const before = this.runs.get(request);
    if (before !== undefined && before !== run) {
      this.contradictions.push(`request ${request} started run ${before} and run ${run}`);
    }
    this.runs.set(request, run);
  }

  showedEnd(job: string, state: string): void {
    const before = this.shownEnds.get(job);
    if (before !== undefined && before !== state) {
      this.contradictions.push(`job ${job} was shown as ${before}, and later as ${state}`);
    }
    this.shownEnds.set(job, state);
  }

  /** The approximate number of responses that clients have received. */
  get answers(): number {
    const { runs, grants, reports, refusals, chunks } = this;
    return runs.size + grants.length + reports.length + refusals.length + chunks.length;
  }

  counts(): string {
    const refused = this.reports.filter((report) => report.refused !== null).length;
    return (
      `${this.runs.size} runs, ${this.grants.length} claims, ${this.reports.length - refused} ends taken, ` +
      `${refused} refused, ${this.refusals.length} other refusals, ${this.chunks.length} log chunks, ` +
      `${this.texts.size} whole logs, ${this.cancelled.size} cancels, ${this.shownChunks.length} chunks read, ` +
      `${this.shownEnds.size} ends read, ${this.followed.length} logs followed`
    );
  }
}
