/** A version of a definition without its text. */
export interface DefinitionVersion {
  /** The workflow's id. */
  readonly workflow: string;
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly jobs: number;
  readonly source: 'file' | 'api';
  /** The file's name in the workflows directory; null for a version that was sent to the API, and if it is unknown. */
  readonly file: string | null;
  /** Null if the text was not stored, as by servers of earlier versions. */
  readonly format: 'yaml' | 'json' | null;
  readonly bytes: number | null;
  /** Unix milliseconds. */
  readonly created_at_ms: number;
  /** The name of the token that sent it; null for a file, and without tokens. */
  readonly created_by: string | null;
}

export interface Definition {
  readonly version: DefinitionVersion;
  /** As it was loaded; null if it was not stored. */
  readonly text: string | null;
  readonly current_version: number;
}

export interface VersionPage {
  readonly versions: readonly DefinitionVersion[];
  readonly current_version: number;
  /** Empty on the last page. */
  readonly next_page_token: string;
}
