import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JobService } from '../../gen/workflowgraph/v1/job_service_pb.js';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { WorkerService } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkflowService } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { requestBytesMax } from '../../src/api/message-limits.js';
import { outboxBytesMax } from '../../src/api/outbox.js';
import { type LimitName, type LimitRow, limitRows, limits } from '../../src/domain/limits.js';
import { gapMark } from '../../src/domain/log-cap.js';
import { claimLimits } from '../../src/engine/claims/limits.js';
import { viewLimits } from '../../src/engine/views/limits.js';
import { httpLimits } from '../../src/http/limits.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');

/** The rows of a section's table, without its header. */
function rows(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1);
}

function amount(value: number, unit: LimitRow['unit']): string {
  if (unit === 'bytes') return bytes(value);
  if (unit === '±') return `±${value.toLocaleString('en')}`;
  return unit === 'entries' ? value.toLocaleString('en') : `${value.toLocaleString('en')} ${unit}`;
}

const bytes = (value: number) => (value >= 2 ** 20 ? `${value / 2 ** 20} MiB` : `${value / 2 ** 10} KiB`);
const beyond = {
  invalid: '422 `invalid_definition`',
  inputs: '422 `invalid_inputs`',
  fails: 'the job fails',
  too_large: '413 `too_large`',
  queue_full: '429 `group_queue_full`',
  cut: 'cut',
} as const;

test('the page has a row for each limit of definitions, logs and outputs, with its value and the effect of exceeding it', () => {
  expect(rows('Definitions, logs and outputs')).toEqual(
    (Object.keys(limits) as LimitName[]).map((name) => {
      const row = limitRows[name];
      return `| ${row.what} | ${amount(limits[name], row.unit)} | ${beyond[row.beyond]} |`;
    }),
  );
  const end = { sequence: 0, stream: 1 };
  const gap = { from: end, to: end, chunks: 320, bytes: 20_971_520, outputsTooLarge: false };
  expect(page).toContain(gapMark(gap).trim());
});

test('and one for each maximum request size of a method', () => {
  const sizes = new Map<number, string[]>();
  for (const service of [JobService, LogService, WorkerService, WorkflowService]) {
    for (const method of service.methods) {
      const size = requestBytesMax(method);
      sizes.set(size, [...(sizes.get(size) ?? []), `\`${method.name}\``]);
    }
  }
  const [largest, ...smaller] = [...sizes].sort(([a], [b]) => b - a);
  const common = smaller.pop();
  const named = [largest, ...smaller].flatMap((entry) => (entry === undefined ? [] : [entry]));
  expect(rows('Requests').slice(0, named.length + 1)).toEqual([
    ...named.map(([size, methods]) => `| ${methods.sort().join(', ')} | ${bytes(size)} | 413 \`too_large\` |`),
    `| every other method | ${bytes(common?.[0] ?? 0)} | 413 \`too_large\` |`,
  ]);
});

test('and those of the port', () => {
  const seconds = (ms: number) => `${ms / 1000} s`;
  expect(rows('Connections').map((row) => row.split(' | ')[1])).toEqual([
    httpLimits.connectionsMax.toLocaleString('en'),
    bytes(httpLimits.headerBytesMax),
    httpLimits.streamsPerConnectionMax.toLocaleString('en'),
    seconds(httpLimits.firstBytesMs),
    seconds(httpLimits.headersMs),
    seconds(httpLimits.requestMs),
    seconds(httpLimits.keepAliveMs),
  ]);
});

test('and those of responses', () => {
  expect(rows('Answers').map((row) => row.split(' | ')[1])).toEqual([
    bytes(claimLimits.jobsBytes),
    bytes(outboxBytesMax),
    bytes(viewLimits.resultBytes),
    bytes(viewLimits.workflowPageBytes),
    bytes(viewLimits.snapshotPartBytes),
    bytes(viewLimits.workerPageBytes),
    `${viewLimits.quotedChars.toLocaleString('en')} characters`,
  ]);
  expect(viewLimits.auditPageBytes).toBe(viewLimits.workerPageBytes);
});
