import type { RunGroupSpec } from '../gates/run-group.js';
import type { InputDeclaration } from '../inputs/declaration.js';
import type { Schedule } from '../schedule/schedule.js';
import type { Env, JobDefinition } from './definition.js';
import type { Place } from './place.js';

/** A job whose needs are still names, with the places that problems of the whole graph refer to. */
export interface DraftJob extends Omit<JobDefinition, 'needs'> {
  readonly needs: readonly string[];
  /** Place of the job's key. */
  readonly place: Place;
  /** Place of its needs: a list of them, or a single one. */
  readonly needsPlace: Place;
  readonly needsIsList: boolean;
}

/** A definition whose jobs are read but not linked yet. */
export interface DraftWorkflow {
  readonly name: string;
  readonly trigger: string;
  readonly schedules: readonly Schedule[];
  readonly inputs: readonly InputDeclaration[] | null;
  readonly concurrency: RunGroupSpec | null;
  readonly runName: string | null;
  readonly timeoutSecs: number | null;
  readonly env: Env;
  readonly jobs: readonly DraftJob[];
}
