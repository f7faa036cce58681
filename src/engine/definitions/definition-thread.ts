import { parentPort, workerData } from 'node:worker_threads';
import type { DefinitionFormat } from '../../domain/definition/definition.js';
import { definitionRows } from './definition-rows.js';

/** Input of the thread. */
export interface DefinitionTask {
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  readonly file: string;
  /** Whether any worker may run its jobs, whatever their required labels. */
  readonly anyWorker?: boolean;
}

const { text, format, file, anyWorker } = workerData as DefinitionTask;
parentPort?.postMessage(definitionRows(new TextDecoder().decode(text), format, file, anyWorker));
