import type { Generated } from 'kysely';

/** A definition by its id. */
export interface WorkflowTable {
  no: Generated<number>;
  id: string;
  source: 'file' | 'api';
  /** Null until the first version is complete. */
  current_version: number | null;
  newest_run: number | null;
  created_at_ms: number;
  /** When its file was deleted, or when it was removed from the list. */
  removed_at_ms: number | null;
}

/** One version of a definition. Its rows never change once `whole` is 1. */
export interface VersionTable {
  no: Generated<number>;
  workflow: number;
  number: number;
  hash: string;
  name: string;
  trigger: string;
  job_count: number;
  /** Jobs with an `if` that may run after a cancel. */
  survivor_count: number;
  /** Jobs without needs that have an `if`. */
  conditional_roots: number;
  /** The label sets of the jobs without needs, as a JSON array of their numbers. */
  root_label_sets: string;
  /** What is checked and decided at the start of a run, as the JSON of a `StartSpec`; null when nothing is. */
  start_spec: string | null;
  whole: number;
  created_at_ms: number;
}

/** The text of a version as it was loaded. */
export interface VersionTextTable {
  version: number;
  source: WorkflowTable['source'];
  /** The name of its file; null for a text that a call sent. */
  file: string | null;
  format: 'yaml' | 'json';
  /** The id of the token that sent it; null for a file, and where there are no tokens. */
  created_by: string | null;
  /** The size of the text. */
  bytes: number;
  /** The text, compressed with gzip, as base64. */
  gzip: string;
}

/** The specification of a job in a version. */
export interface VersionJobTable {
  version: number;
  ord: number;
  key: string;
  label_set: number;
  priority: number;
  needs: number;
  /** 0: the default condition; 1: an `if`; 2: an `if` that may hold after a cancel. */
  conditional: number;
  /** The rest, as JSON. */
  spec: string;
  /** Of a job with a matrix: the ordinal of its first child. */
  children_from: number | null;
}

/** A variable of the server, or of one workflow. */
export interface VariableTable {
  /** 0 for one of the server. */
  workflow: number;
  name: string;
  value: string;
  changed_at_ms: number;
  /** The id of the token that it was set with; null when there was none. */
  changed_by: string | null;
}
