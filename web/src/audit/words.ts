import type { AuditEvent } from '../../gen/workflowgraph/v1/audit_service_pb.js';

const words: Readonly<Record<string, string>> = {
  'token.created': 'Token created',
  'token.revoked': 'Token revoked',
  'session.started': 'Signed in',
  'session.ended': 'Signed out',
  'workflow.created': 'Workflow created',
  'workflow.changed': 'Workflow changed',
  'workflow.removed': 'Workflow removed',
  'run.started': 'Run started',
  'run.rerun': 'Run re-run',
  'run.cancel_requested': 'Run cancelled',
  'schedule.skipped': 'Scheduled time skipped',
  'schedule.paused': 'Schedule paused',
  'workflow.paused': 'Workflow paused',
  'workflow.resumed': 'Workflow resumed',
  'run.paused': 'Run paused',
  'run.resumed': 'Run resumed',
  'worker.drained': 'Worker drained',
  'worker.undrained': 'Drain of a worker undone',
  'label.paused': 'Label paused',
  'label.resumed': 'Label resumed',
  'schedule.resumed': 'Schedule resumed',
};

export const auditActions = Object.keys(words);

/** An unknown action, from a server newer than the page, is shown unchanged. */
export function wordsOf(action: string): string {
  return words[action] ?? action;
}

/** The page of an entry's subject; null without one. */
export function placeOfSubject(action: string, subject: string) {
  if (action.startsWith('run.')) return { to: '/runs/$run', params: { run: subject }, search: {} } as const;
  if (action.startsWith('workflow.') || action.startsWith('schedule.')) {
    return { to: '/workflows/$id', params: { id: subject } } as const;
  }
  return null;
}

/** `workflow ci · version 3`: the other fields of the entry. */
export function detailsOf({ dataJson }: Pick<AuditEvent, 'dataJson'>): string {
  if (dataJson === '') return '';
  try {
    const data: unknown = JSON.parse(dataJson);
    if (typeof data !== 'object' || data === null) return dataJson;
    return Object.entries(data)
      .map(
        ([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      .join(' · ');
  } catch {
    return dataJson;
  }
}
