import {
  type Attributes,
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../log.js';
import { LoggingExporter } from './logging-exporter.js';
import { spanIdOf, spanIdOfAttempt, traceIdOf, traceparentOf } from './span-ids.js';
import type { SamplerSettings, TraceSettings } from './trace-settings.js';
import type { EndOfSpan, RunOfSpan, Tracing } from './tracing.js';

/** How long sending the last spans may delay a stop, in milliseconds. */
const closeMsMax = 3_000;

interface Span extends EndOfSpan {
  readonly name: string;
  readonly runId: string;
  readonly traceparent: string | null;
  readonly spanId: string;
  /** Null for a run's span, whose parent is the span of the start request, if any. */
  readonly parentId: string | null;
  readonly attributes: Attributes;
}

/** Sends traces to a collector over OTLP. */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer;
  readonly #sampler: Sampler;
  /** The ids of the span in creation. */
  readonly #ids = { traceId: '', spanId: '' };

  constructor(settings: TraceSettings, log: Log, version: string) {
    this.#sampler = samplerOf(settings.sampler);
    this.#provider = new TracerProvider({
      sampler: this.#sampler,
      // The environment's attributes of the service win.
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': 'workflow-graph', 'service.version': version }))
        .merge(detectResources({ detectors: [envDetector] })),
      idGenerator: { generateTraceId: () => this.#ids.traceId, generateSpanId: () => this.#ids.spanId },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new LoggingExporter(new OTLPTraceExporter(), log),
          maxQueueSize: settings.queuedSpansMax,
          maxExportBatchSize: Math.min(settings.spansPerRequestMax, settings.queuedSpansMax),
          scheduledDelayMillis: settings.gatherMs,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('workflow-graph', version);
  }

  traceparent(run: { id: string; traceparent: string | null }, jobKey: string, attempt: number): string {
    const { traceId, isSampled } = this.#traceOf(run.id, run.traceparent);
    return traceparentOf(traceId, spanIdOfAttempt(run.id, jobKey, attempt), isSampled);
  }

  runEnded(run: RunOfSpan & EndOfSpan): void {
    this.#record({
      ...run,
      name: `run ${run.workflow}`,
      spanId: spanIdOf(run.runId, run.generation),
      parentId: null,
      attributes: attributesOf(run),
    });
  }

  jobEnded(job: RunOfSpan & EndOfSpan & { key: string; attempts: number }): void {
    this.#record({
      ...job,
      name: `job ${job.key}`,
      spanId: spanIdOf(job.runId, job.generation, job.key),
      parentId: spanIdOf(job.runId, job.generation),
      attributes: {
        ...attributesOf(job),
        'workflow_graph.job': job.key,
        'workflow_graph.attempts': job.attempts,
      },
    });
  }

  attemptEnded(attempt: RunOfSpan & EndOfSpan & { key: string; attempt: number; worker: string }): void {
    this.#record({
      ...attempt,
      name: `attempt ${attempt.key}`,
      spanId: spanIdOfAttempt(attempt.runId, attempt.key, attempt.attempt),
      parentId: spanIdOf(attempt.runId, attempt.generation, attempt.key),
      attributes: {
        ...attributesOf(attempt),
        'workflow_graph.job': attempt.key,
        'workflow_graph.attempt': attempt.attempt,
        'workflow_graph.worker': attempt.worker,
      },
    });
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMsMax);
    });
    await Promise.race([this.#provider.shutdown().catch(() => {}), late]);
    clearTimeout(timer);
  }

  #record({ name, runId, traceparent, spanId, parentId, attributes, startMs, endMs, error }: Span): void {
    const { traceId, isSampled, around } = this.#traceOf(runId, traceparent);
    const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const context =
      parentId === null ? around : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags });
    this.#ids.traceId = traceId;
    this.#ids.spanId = spanId;
    const options = { attributes, startTime: hrTime(startMs), kind: SpanKind.INTERNAL };
    const span = this.#tracer.startSpan(name, options, context);
    if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end(hrTime(Math.max(startMs, endMs)));
  }

  /** The trace of a run: that of its start, or one of its own; and whether it is sampled. */
  #traceOf(runId: string, traceparent: string | null): { traceId: string; isSampled: boolean; around: Context } {
    const [, traceId = traceIdOf(runId), spanId, flags] = traceparent?.split('-') ?? [];
    const around =
      spanId === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number(flags), isRemote: true });
    const { decision } = this.#sampler.shouldSample(around, traceId, '', SpanKind.INTERNAL, {}, []);
    return { traceId, isSampled: decision === SamplingDecision.RECORD_AND_SAMPLED, around };
  }
}

function attributesOf({ runId, workflow, outcome }: RunOfSpan & EndOfSpan): Attributes {
  return { 'workflow_graph.workflow': workflow, 'workflow_graph.run': runId, 'workflow_graph.outcome': outcome };
}

function samplerOf({ kind, ratio, followsParent }: SamplerSettings): Sampler {
  const root =
    kind === 'traceidratio'
      ? new TraceIdRatioBasedSampler(ratio)
      : kind === 'always_on'
        ? new AlwaysOnSampler()
        : new AlwaysOffSampler();
  return followsParent ? new ParentBasedSampler({ root }) : root;
}

/** The library would take a number before the start of this process for one of `performance.now()`. */
function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
}
