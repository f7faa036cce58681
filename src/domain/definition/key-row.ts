import type { JsonObject } from '../json.js';

/** One key of a workflow file: what it means, and the JSON Schema of its value. */
export interface KeyRow {
  readonly meaning: string;
  readonly schema: JsonObject;
  /** Where the API's form takes other values. */
  readonly apiSchema?: JsonObject;
  /** Whether the key may not stand there without a value, which otherwise counts as its absence. */
  readonly needsValue?: boolean;
}
