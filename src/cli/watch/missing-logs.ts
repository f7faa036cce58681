import type { LogChunk } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { sizeText } from '../terminal/sizes.js';

/** Collects the logs that the server had to cut, and reports them at the end, where they are not overlooked. */
export class MissingLogs {
  readonly #missing = new Map<string, { readonly jobId: string; readonly attempt: number; readonly bytes: number }>();

  note({ job_id: jobId, attempt = 0, missing_bytes: bytes }: LogChunk): void {
    if (bytes != null) this.#missing.set(`${attempt}/${jobId}`, { jobId, attempt, bytes });
  }

  lines(): string[] {
    return [...this.#missing.values()].map(
      ({ jobId, attempt, bytes }) =>
        `note: ${sizeText(bytes)} are missing in the middle of the log of ${escapeLine(jobId)}, attempt ${attempt}: ` +
        'the server keeps its beginning and its end (LOG_HEAD_MIB, LOG_TAIL_MIB)',
    );
  }
}
