import type { NewLogChunk } from '../../src/engine/engine.js';

/** A chunk of a job's stdout. */
export function jobLog(sequence: number, more: Partial<NewLogChunk> = {}): NewLogChunk {
  return { runId: '', jobKey: '', sequence, data: `line ${sequence}\n`, timestampMs: 1, stream: 'stdout', ...more };
}
