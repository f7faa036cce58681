import type { PauseService } from '../../gen/workflowgraph/v1/pause_service_pb.js';
import { DomainError } from '../domain/errors.js';
import type { Engine, PauseSubject } from '../engine/engine.js';
import { toWirePause } from './convert/pauses.js';
import { ApiError } from './errors.js';
import type { Principal } from './principal.js';
import type { ServiceHandlers } from './procedure.js';

/** `PauseService` over the engine. */
export function pauseService(engine: Engine): ServiceHandlers<typeof PauseService> {
  return {
    pause: async ({ reason, ...named }, { caller, principal }) => {
      const subject = subjectOf(named, principal);
      const pause = toWirePause(await engine.pause({ caller, ...subject, reason }));
      return { $typeName: 'workflowgraph.v1.PauseResponse', pause };
    },
    resume: async (named, { caller, principal }) => {
      await engine.resume({ caller, ...subjectOf(named, principal) });
      return { $typeName: 'workflowgraph.v1.ResumeResponse' };
    },
    listPauses: async () => ({
      $typeName: 'workflowgraph.v1.ListPausesResponse',
      pauses: (await engine.listPauses()).map(toWirePause),
    }),
    pauseRun: async ({ id, reason }, { caller }) => {
      const pause = toWirePause(await engine.pause({ caller, kind: 'run', subject: id, reason }));
      return { $typeName: 'workflowgraph.v1.PauseRunResponse', pause };
    },
    resumeRun: async ({ id }, { caller }) => {
      await engine.resume({ caller, kind: 'run', subject: id });
      return { $typeName: 'workflowgraph.v1.ResumeRunResponse' };
    },
  };
}

/** A label concerns the workflows of everybody, so it takes the scope admin. */
function subjectOf(
  { workflow, run, label }: { readonly workflow: string; readonly run: string; readonly label: string },
  { scopes }: Principal,
): PauseSubject {
  const named: PauseSubject[] = [
    { kind: 'workflow' as const, subject: workflow },
    { kind: 'run' as const, subject: run },
    { kind: 'label' as const, subject: label },
  ].filter(({ subject }) => subject !== '');
  const [only] = named;
  if (only === undefined || named.length > 1)
    throw new DomainError('malformed', 'name exactly one of "workflow", "run" and "label"');
  if (only.kind === 'label' && !scopes.has('admin'))
    throw new ApiError('forbidden', 'Pausing and resuming a label needs a token with the scope admin.');
  return only;
}
