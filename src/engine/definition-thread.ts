import { parentPort, workerData } from 'node:worker_threads';
import type { DefinitionFormat } from '../domain/definition/definition.js';
import { definitionRows } from './definition-rows.js';

/** What this thread is started with. */
export interface DefinitionTask {
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  readonly file: string;
}

const { text, format, file } = workerData as DefinitionTask;
parentPort?.postMessage(definitionRows(new TextDecoder().decode(text), format, file));
