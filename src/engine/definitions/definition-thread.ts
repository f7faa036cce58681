import { parentPort, workerData } from 'node:worker_threads';
import type { DefinitionFormat } from '../../domain/definition/definition.js';
import { definitionGraph } from './definition-graph.js';
import { definitionRows } from './definition-rows.js';

/** Input of the thread. */
export interface DefinitionTask {
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
  readonly file: string;
  /** Whether any worker may run its jobs, whatever their required labels. */
  readonly anyWorker?: boolean;
}

/** A task with what is made of a valid definition. */
export interface ThreadTask extends DefinitionTask {
  readonly make: 'rows' | 'graph';
}

const { text, format, file, anyWorker, make } = workerData as ThreadTask;
const decoded = new TextDecoder().decode(text);
parentPort?.postMessage(
  make === 'graph' ? definitionGraph(decoded, format, file) : definitionRows(decoded, format, file, anyWorker),
);
