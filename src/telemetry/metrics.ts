import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The claimable jobs of one label set. */
export interface QueueDepth {
  readonly labels: readonly string[];
  readonly jobs: number;
  readonly oldestAgeSecs: number;
}

/** Values that are read with the metrics, because counting them all the time would cost more. */
export interface MetricsSources {
  queues(): Promise<readonly QueueDepth[]>;
  parkedClaims(): number;
  brokenFiles(): number;
  queuedChanges(): number;
}

const prefix = 'workflow_graph_';

/** From half a millisecond to a minute. */
const secondsBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const batchBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 512];

/** The server's Prometheus metrics. Names follow its conventions: a unit at the end, `_total` for counters. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #claimedJobs = this.#counter('jobs_claimed_total', 'Jobs that workers claimed.');
  readonly #emptyClaims = this.#counter('claims_empty_total', 'Claims that found no job at once.');
  readonly #attempts = this.#counter('attempts_ended_total', 'Attempts that ended, by outcome.', ['outcome']);
  readonly #runs = this.#counter('runs_ended_total', 'Runs that ended, by state.', ['state']);
  readonly #leasesExpired = this.#counter('leases_expired_total', 'Leases that were not renewed in time.');
  readonly #events = this.#counter('events_total', 'Recorded changes of state.');
  readonly #dispatch = this.#seconds('dispatch_seconds', 'Time from a job becoming claimable to its claim.');
  readonly #commit = this.#seconds('commit_seconds', 'Time of a write transaction, including its sync.');
  readonly #batch = new Histogram({
    name: `${prefix}commit_batch_size`,
    help: 'Changes in one write transaction.',
    buckets: batchBuckets,
    registers: [this.#registry],
  });
  readonly #calls = this.#seconds('rpc_seconds', 'Calls by method, protocol and code; `ok` for a success.', [
    'method',
    'protocol',
    'code',
  ]);
  readonly #streams = new Gauge({
    name: `${prefix}streams_open`,
    help: 'Open streams, by method.',
    labelNames: ['method'],
    registers: [this.#registry],
  });
  readonly #doctor = new Gauge({
    name: `${prefix}doctor_violations`,
    help: 'Integrity checks with violations in the last run; any other value than 0 is a bug or a damaged database.',
    registers: [this.#registry],
  });

  readonly #doctorLook = new Gauge({
    name: `${prefix}doctor_last_look_timestamp_seconds`,
    help: 'Time of the last integrity check, in Unix time; 0 for none.',
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Adds the values that are read with the metrics. */
  join(sources: MetricsSources): void {
    const registers = [this.#registry];
    let reading: Promise<readonly QueueDepth[]> | null = null;
    // Both gauges of the queues show the same moment, from one query.
    const queues = () => {
      reading ??= sources.queues().finally(() => {
        reading = null;
      });
      return reading;
    };
    this.#queueGauge('jobs_queued', 'Claimable jobs, by required labels.', queues, ({ jobs }) => jobs);
    this.#queueGauge(
      'jobs_queued_oldest_seconds',
      'Waiting time of the oldest claimable job, by required labels.',
      queues,
      ({ oldestAgeSecs }) => oldestAgeSecs,
    );
    new Gauge({
      name: `${prefix}claims_parked`,
      help: 'Waiting claims: long polls, and sessions with credits.',
      registers,
      collect() {
        this.set(sources.parkedClaims());
      },
    });
    new Gauge({
      name: `${prefix}broken_workflow_files`,
      help: 'Workflow files that this server could not load; their workflows keep the last good version.',
      registers,
      collect() {
        this.set(sources.brokenFiles());
      },
    });
    new Gauge({
      name: `${prefix}changes_queued`,
      help: 'Changes that wait for the next write transaction.',
      registers,
      collect() {
        this.set(sources.queuedChanges());
      },
    });
  }

  claimed(dispatchMs: readonly number[]): void {
    this.#claimedJobs.inc(dispatchMs.length);
    for (const ms of dispatchMs) this.#dispatch.observe(ms / 1000);
  }

  claimedNothing(claims: number): void {
    this.#emptyClaims.inc(claims);
  }

  attemptsEnded(outcome: string, count: number): void {
    this.#attempts.inc({ outcome }, count);
    if (outcome === 'lease_expired') this.#leasesExpired.inc(count);
  }

  runEnded(state: string): void {
    this.#runs.inc({ state });
  }

  committed(changes: number, events: number, tookMs: number): void {
    this.#batch.observe(changes);
    this.#commit.observe(tookMs / 1000);
    this.#events.inc(events);
  }

  called(method: string, protocol: string, code: string, tookMs: number): void {
    this.#calls.observe({ method, protocol, code }, tookMs / 1000);
  }

  streamOpened(method: string): () => void {
    this.#streams.inc({ method });
    let isOpen = true;
    return () => {
      if (isOpen) this.#streams.dec({ method });
      isOpen = false;
    };
  }

  /**
   * @param broken number of integrity checks with violations
   *
   * @param atMs time of the check
   */
  doctorFound(broken: number, atMs: number): void {
    this.#doctor.set(broken);
    this.#doctorLook.set(atMs / 1000);
  }

  /** The metrics in the text format of Prometheus, and its content type. */
  async read(): Promise<{ text: string; contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #queueGauge(
    name: string,
    help: string,
    queues: () => Promise<readonly QueueDepth[]>,
    shown: (queue: QueueDepth) => number,
  ): void {
    new Gauge({
      name: `${prefix}${name}`,
      help,
      labelNames: ['labels'],
      registers: [this.#registry],
      async collect() {
        const found = await queues();
        this.reset();
        for (const queue of found) this.set({ labels: queue.labels.join(',') }, shown(queue));
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name: `${prefix}${name}`, help, labelNames, registers: [this.#registry] });
  }

  #seconds<L extends string>(name: string, help: string, labelNames: L[] = []): Histogram<L> {
    return new Histogram({
      name: `${prefix}${name}`,
      help,
      labelNames,
      buckets: secondsBuckets,
      registers: [this.#registry],
    });
  }
}
