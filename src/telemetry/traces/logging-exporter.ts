import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from '../log.js';

/** The codes of an export's result, by OpenTelemetry's own numbers. */
const success = 0;

type OnResult = Parameters<SpanExporter['export']>[1];

/** Says once that spans cannot be sent, and once that they go out again, instead of each time. */
export class LoggingExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #log: Log;
  #lost = 0;

  constructor(inner: SpanExporter, log: Log) {
    this.#inner = inner;
    this.#log = log;
  }

  export(spans: ReadableSpan[], onResult: OnResult): void {
    this.#inner.export(spans, (result) => {
      this.#note(spans.length, result.code === success ? null : result.error);
      // The processor would report a failure again, in words of its own.
      onResult({ code: success });
    });
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  #note(spans: number, error: Error | undefined | null): void {
    if (error !== null) {
      if (this.#lost === 0) {
        this.#log.warn(
          { err: error },
          'traces cannot be exported: spans are dropped until the collector accepts them again',
        );
      }
      this.#lost += spans;
    } else if (this.#lost > 0) {
      this.#log.info({ lost_spans: this.#lost }, 'traces are exported again');
      this.#lost = 0;
    }
  }
}
