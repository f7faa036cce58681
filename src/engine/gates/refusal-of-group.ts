import { DomainError } from '../../domain/errors.js';
import { waitingMax } from '../../domain/gates/decide-gate.js';
import { workflowPausePrefix } from '../../domain/gates/pause.js';
import { nameOfRunGroup, type RunGroup } from '../../domain/gates/run-group.js';

/** The refusal of a run whose group has no place for it. */
export function refusalOfGroup(
  { key, queue }: RunGroup,
  code: 'group_full' | 'group_queue_full',
  holder: string | null,
): DomainError {
  const group = `group ${JSON.stringify(nameOfRunGroup(key))}`;
  if (code === 'group_full') {
    const by = holder === null ? 'other runs wait for its places' : `run ${holder} has a place in it`;
    return new DomainError(
      code,
      `The run cannot start: ${group} is full, and its queue is "none" (${by}). Start it again when that has ended.`,
    );
  }
  const most = waitingMax(queue);
  if (key.startsWith(workflowPausePrefix)) {
    const said = `The run cannot start: its workflow is paused, and ${most} runs wait for the end of the pause already.`;
    return new DomainError(code, said);
  }
  return new DomainError(
    code,
    `The run cannot start: ${most} ${most === 1 ? 'run waits' : 'runs wait'} in ${group} already, as many as its queue takes. Try again later.`,
  );
}
