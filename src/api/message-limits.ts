import type { DescMethod } from '@bufbuild/protobuf';

const kib = 1024;
const mib = 1024 * kib;

/** Largest request message of a method in bytes, on every protocol, after decompression. */
export function requestBytesMax(method: DescMethod): number {
  return larger.get(method.name) ?? mib;
}

const larger: ReadonlyMap<string, number> = new Map([
  // A definition of 100,000 jobs.
  ['CreateWorkflow', 16 * mib],
  ['UpdateWorkflow', 16 * mib],
  ['ValidateDefinition', 16 * mib],
  // Up to a thousand chunks or reports.
  ['PushLogs', 4 * mib],
  ['StreamLogs', 4 * mib],
  ['CompleteJobs', 4 * mib],
  ['WorkJobs', 4 * mib],
]);
