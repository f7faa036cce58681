import type { Env, JobDefinition } from './definition.js';
import type { Place } from './place.js';

/** A job whose needs are still names, with the places that problems of the whole graph refer to. */
export interface DraftJob extends Omit<JobDefinition, 'needs'> {
  readonly needs: readonly string[];
  /** Where the job's key stands. */
  readonly place: Place;
  /** Where its needs stand: a list of them, or one by itself. */
  readonly needsPlace: Place;
  readonly needsIsList: boolean;
}

/** A definition that was read but whose jobs are not linked yet. */
export interface DraftWorkflow {
  readonly name: string;
  readonly trigger: string;
  readonly env: Env;
  readonly jobs: readonly DraftJob[];
}
