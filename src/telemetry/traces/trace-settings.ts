/**
 * The trace settings of the standard variables; the exporter reads the rest of them (endpoint, headers, …) by itself.
 */
export interface TraceSettings {
  readonly sampler: SamplerSettings;
  /** Spans that may wait to be sent; further ones are dropped. */
  readonly queuedSpansMax: number;
  readonly spansPerRequestMax: number;
  /** How long spans are batched before they are sent, in milliseconds. */
  readonly gatherMs: number;
}

export interface SamplerSettings {
  readonly kind: 'always_on' | 'always_off' | 'traceidratio';
  /** Whether a run that was started within a trace follows that trace's sampling decision. */
  readonly followsParent: boolean;
  /** The share of traces that are sampled, 0 to 1. */
  readonly ratio: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the OTEL_ variables. Null when traces are off, which is the case until an exporter or an endpoint is named.
 *
 * @throws Error with a sentence for the operator
 */
export function readTraceSettings(env: Environment): TraceSettings | null {
  const text = (name: string) => env[name]?.trim() ?? '';
  if (/^true$/i.test(text('OTEL_SDK_DISABLED'))) return null;
  const endpoint = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const exporter = text('OTEL_TRACES_EXPORTER') || (endpoint === '' ? 'none' : 'otlp');
  if (exporter === 'none') return null;
  if (exporter !== 'otlp') throw wrong('OTEL_TRACES_EXPORTER', exporter, 'otlp or none');
  if (endpoint !== '' && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw wrong('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint, 'a URL that starts with http:// or https://');
  }
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    if (!['', 'http/protobuf'].includes(text(name))) throw wrong(name, text(name), 'http/protobuf');
  }
  return {
    sampler: readSampler(text('OTEL_TRACES_SAMPLER'), text('OTEL_TRACES_SAMPLER_ARG')),
    queuedSpansMax: readCount('OTEL_BSP_MAX_QUEUE_SIZE', text('OTEL_BSP_MAX_QUEUE_SIZE'), 2_048),
    spansPerRequestMax: readCount('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', text('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'), 512),
    gatherMs: readCount('OTEL_BSP_SCHEDULE_DELAY', text('OTEL_BSP_SCHEDULE_DELAY'), 5_000),
  };
}

function readSampler(name: string, argument: string): SamplerSettings {
  const [, parent, kind] =
    /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name || 'parentbased_always_on') ?? [];
  if (kind !== 'always_on' && kind !== 'always_off' && kind !== 'traceidratio') {
    const accepted = 'always_on, always_off or traceidratio, each also with parentbased_ before it';
    throw wrong('OTEL_TRACES_SAMPLER', name, accepted);
  }
  const ratio = argument === '' ? 1 : Number(argument);
  if (kind === 'traceidratio' && !(ratio >= 0 && ratio <= 1)) {
    throw wrong('OTEL_TRACES_SAMPLER_ARG', argument, 'a number from 0 to 1');
  }
  return { kind, followsParent: parent !== undefined, ratio };
}

function readCount(name: string, text: string, fallback: number): number {
  const value = text === '' ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1) throw wrong(name, text, 'a whole number from 1 on');
  return value;
}

function wrong(name: string, text: string, accepts: string): Error {
  return new Error(`${name} is ${JSON.stringify(text)}; it must be ${accepts}`);
}
