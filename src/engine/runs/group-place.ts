import type { DomainError } from '../../domain/errors.js';
import type { GateAnswer } from '../../domain/gates/decide-gate.js';
import type { RunGroup } from '../../domain/gates/run-group.js';
import { refusalOfGroup } from '../gates/refusal-of-group.js';

/** The result of a run's request for a place in its group, known at the end of the batch. */
export interface Asked {
  refusal: DomainError | null;
  isHeld: boolean;
}

export function noteAnswer(asked: Asked, group: RunGroup, answer: GateAnswer, holder: string | null): void {
  asked.isHeld = answer === 'held';
  if (answer === 'group_full' || answer === 'group_queue_full') asked.refusal = refusalOfGroup(group, answer, holder);
}
