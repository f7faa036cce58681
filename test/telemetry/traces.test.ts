import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spanIdOf, spanIdOfAttempt, traceIdOf, traceparentOf } from '../../src/telemetry/traces/span-ids.js';
import { readTraceSettings } from '../../src/telemetry/traces/trace-settings.js';

const run = '01a2004b-6fc8-7585-ab5c-4300b49da3ce';
const source = join(import.meta.dirname, '../../src');

describe('the settings of traces', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

  it.each([
    [{}, false],
    [{ OTEL_SERVICE_NAME: 'x' }, false],
    [endpoint, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' }, true],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'true' }, false],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, true],
  ])('%j: traces %s', (env, wanted) => {
    expect(readTraceSettings(env) !== null).toBe(wanted);
  });

  it.each([
    ['', { kind: 'always_on', followsParent: true }],
    ['always_off', { kind: 'always_off', followsParent: false }],
    ['traceidratio', { kind: 'traceidratio', followsParent: false, ratio: 0.25 }],
    ['parentbased_traceidratio', { kind: 'traceidratio', followsParent: true, ratio: 0.25 }],
  ])('the sampler %j', (name, sampler) => {
    const env = { ...endpoint, OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(readTraceSettings(env)?.sampler).toMatchObject(sampler);
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG is "2"'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; it must be http/protobuf'],
    [{ OTEL_BSP_SCHEDULE_DELAY: 'soon' }, 'OTEL_BSP_SCHEDULE_DELAY is "soon"; it must be a whole number from 1 on'],
  ])('%j is refused', (env, message) => {
    expect(() => readTraceSettings({ ...endpoint, ...env })).toThrow(message);
  });
});

describe('ids of spans', () => {
  it('follow from the run, the job and the attempt, and differ', () => {
    expect(traceIdOf(run)).toBe('01a2004b6fc87585ab5c4300b49da3ce');
    const ids = [
      spanIdOf(run, 1),
      spanIdOf(run, 1, 'a'),
      spanIdOfAttempt(run, 'a', 0),
      spanIdOfAttempt(run, 'a', 1),
      spanIdOfAttempt(run, 'b', 0),
      spanIdOf(run, 2),
      spanIdOf(run, 2, 'a'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(spanIdOfAttempt(run, 'a', 1)).toBe(ids[3]);
    expect(traceparentOf(traceIdOf(run), 'b7ad6b7169203331', true)).toBe(
      '00-01a2004b6fc87585ab5c4300b49da3ce-b7ad6b7169203331-01',
    );
  });
});

describe('the packages of OpenTelemetry', () => {
  it('are reached through one file, which only a server with traces loads', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const loading = (pattern: RegExp) => files.filter((file) => pattern.test(readFileSync(join(source, file), 'utf8')));
    expect(loading(/^import (?!type )[^;]*'@opentelemetry\//m)).toEqual(['telemetry/traces/otlp-tracing.ts']);
    expect(loading(/^import [^;]*otlp-tracing\.js/m)).toEqual([]);
  });
});
