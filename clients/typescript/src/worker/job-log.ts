import { isTemporary, isUnauthorised, WorkflowGraphError } from '../errors.js';
import type { LogWriter } from '../executor.js';
import { sleep } from '../sleep.js';
import type { LogChunk, LogStreamName } from '../wire.js';
import { Backoff } from './backoff.js';

/** Chunks per call; the server accepts 1000. */
const BATCH_CHUNKS_MAX = 500;

export interface JobLogSettings {
  readonly runId: string;
  readonly jobId: string;
  /** Output is batched for this long before it is sent. */
  readonly batchMs: number;
  /** Output of this size is sent at once. */
  readonly batchBytes: number;
  /** With more than this unsent, writers wait. */
  readonly unsentBytesMax: number;
  /** How long the log is kept while the server refuses the worker, for example because of a revoked token. */
  readonly refusedMsMax: number;
  /** Stores chunks; throws what a Transport throws. */
  push(chunks: readonly LogChunk[]): Promise<void>;
  /** Sending failed and will be retried. */
  onTrouble(error: unknown): void;
  onSent(): void;
  /** The server refused output permanently. */
  onDropped(bytes: number, message: string): void;
}

interface Piece {
  readonly stream: LogStreamName;
  readonly timestampMs: number;
  data: string;
  bytes: number;
}

/**
 * Sends the log of one attempt to the server: pieces of both streams in order of arrival, in one sequence, batched by
 * time and size, one call at a time. Unsent output is kept and retried until the lease is gone.
 */
export class JobLog implements LogWriter {
  readonly #settings: JobLogSettings;
  readonly #waiting: (() => void)[] = [];
  readonly #closed = new AbortController();
  #pieces: Piece[] = [];
  #unsentBytes = 0;
  #sequence = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;

  constructor(settings: JobLogSettings) {
    this.#settings = settings;
  }

  stdout(text: string): Promise<void> {
    return this.#write('stdout', text);
  }

  stderr(text: string): Promise<void> {
    return this.#write('stderr', text);
  }

  /** Whether writers should wait. */
  get isFull(): boolean {
    return this.#unsentBytes > this.#settings.unsentBytesMax && !this.#closed.signal.aborted;
  }

  /** Resolves when the server has all output, or the log is closed. */
  async flush(): Promise<void> {
    while (this.#pieces.length > 0 || this.#sending !== null) {
      this.#sendNow();
      await this.#sending;
    }
  }

  /** The lease is gone: drops unsent output and accepts no more. */
  close(): void {
    this.#closed.abort();
    this.#pieces = [];
    this.#unsentBytes = 0;
    this.#letWritersGo();
  }

  #write(stream: LogStreamName, text: string): Promise<void> {
    if (text === '' || this.#closed.signal.aborted) return Promise.resolve();
    for (const data of cutText(text, this.#settings.batchBytes / 4)) this.#append(stream, data);
    if (this.#pieces.length >= BATCH_CHUNKS_MAX || this.#pendingBytes() >= this.#settings.batchBytes) this.#sendNow();
    else this.#timer ??= setTimeout(() => this.#sendNow(), this.#settings.batchMs);
    return this.isFull ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  #append(stream: LogStreamName, data: string): void {
    const bytes = Buffer.byteLength(data);
    const last = this.#pieces.at(-1);
    if (last?.stream === stream && last.bytes + bytes <= this.#settings.batchBytes) {
      last.data += data;
      last.bytes += bytes;
    } else {
      this.#pieces.push({ stream, timestampMs: Date.now(), data, bytes });
    }
    this.#unsentBytes += bytes;
  }

  /**
   * A lower bound of the pending size that is sufficient to know whether a batch is full: all but the last pieces were
   * full when they were closed.
   */
  #pendingBytes(): number {
    let bytes = 0;
    for (let i = this.#pieces.length - 1; i >= 0 && bytes < this.#settings.batchBytes; i--) {
      bytes += this.#pieces[i]?.bytes ?? 0;
    }
    return bytes;
  }

  #sendNow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#sending !== null || this.#pieces.length === 0) return;
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = null;
      if (this.#pieces.length > 0) this.#timer ??= setTimeout(() => this.#sendNow(), this.#pauseMs());
    });
  }

  #pauseMs(): number {
    return this.#pendingBytes() >= this.#settings.batchBytes ? 0 : this.#settings.batchMs;
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#takeBatch();
    const chunks = batch.map((piece) => this.#asChunk(piece));
    await this.#push(chunks);
    if (this.#closed.signal.aborted) return;
    this.#unsentBytes -= batch.reduce((sum, piece) => sum + piece.bytes, 0);
    if (this.#unsentBytes <= this.#settings.unsentBytesMax / 2) this.#letWritersGo();
  }

  #takeBatch(): Piece[] {
    let bytes = 0;
    let count = 0;
    for (const piece of this.#pieces) {
      if (count > 0 && (count === BATCH_CHUNKS_MAX || bytes + piece.bytes > this.#settings.batchBytes)) break;
      bytes += piece.bytes;
      count += 1;
    }
    return this.#pieces.splice(0, count);
  }

  #asChunk(piece: Piece): LogChunk {
    return {
      workflow_id: this.#settings.runId,
      job_id: this.#settings.jobId,
      sequence: this.#sequence++,
      data: piece.data,
      timestamp_ms: piece.timestampMs,
      stream: piece.stream,
    };
  }

  async #push(chunks: readonly LogChunk[]): Promise<void> {
    const backoff = new Backoff();
    const startedAt = performance.now();
    while (!this.#closed.signal.aborted) {
      try {
        await this.#settings.push(chunks);
        this.#settings.onSent();
        return;
      } catch (error) {
        if (error instanceof WorkflowGraphError && error.status === 409) return this.close();
        if (!isTemporary(error) && !isUnauthorised(error)) return await this.#pushInHalves(chunks, error);
        if (isUnauthorised(error) && performance.now() - startedAt >= this.#settings.refusedMsMax)
          return this.#giveUp(error);
        this.#settings.onTrouble(error);
        await sleep(backoff.nextMs(), this.#closed.signal);
      }
    }
  }

  /** A refused batch can be too large, or contain one invalid chunk: the others are still sent. */
  async #pushInHalves(chunks: readonly LogChunk[], error: unknown): Promise<void> {
    if (chunks.length > 1) {
      const half = Math.ceil(chunks.length / 2);
      await this.#push(chunks.slice(0, half));
      return await this.#push(chunks.slice(half));
    }
    const bytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk.data), 0);
    this.#settings.onDropped(bytes, error instanceof Error ? error.message : String(error));
  }

  #giveUp(error: unknown): void {
    this.#settings.onDropped(this.#unsentBytes, error instanceof Error ? error.message : String(error));
    this.close();
  }

  #letWritersGo(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Cuts a text into parts of at most so many UTF-16 units, never inside a character. */
function* cutText(text: string, unitsMax: number): Generator<string> {
  const step = Math.max(2, Math.floor(unitsMax));
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + step);
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
    yield text.slice(from, to);
    from = to;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
