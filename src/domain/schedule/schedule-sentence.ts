import { scheduledAtText } from './schedule-inputs.js';

/** What is known about a schedule besides its times. */
export interface ScheduleFacts {
  readonly nextMs: number | null;
  readonly lastMs: number | null;
  readonly lastOutcome: 'started' | 'overlap' | 'missed' | 'paused' | 'refused' | null;
  readonly lastRun: string | null;
  readonly lastError: string | null;
  readonly paused: { readonly atMs: number; readonly by: string | null; readonly reason: string } | null;
}

/** What a schedule does next, and the result of its last time. */
export function scheduleSentence(facts: ScheduleFacts): string {
  return [nextSentence(facts), lastSentence(facts)].filter((sentence) => sentence !== '').join(' ');
}

function nextSentence({ nextMs, paused }: ScheduleFacts): string {
  if (paused !== null) {
    const by = paused.by === null ? '' : ` by ${paused.by}`;
    const reason = paused.reason === '' ? '' : `: ${paused.reason}`;
    const since = scheduledAtText(Math.floor(paused.atMs / 1_000) * 1_000);
    return `It is paused since ${since}${by}${reason}.`;
  }
  return nextMs === null ? 'It is not due again.' : `It is due next at ${scheduledAtText(nextMs)}.`;
}

function lastSentence({ lastMs, lastOutcome, lastRun, lastError }: ScheduleFacts): string {
  if (lastMs === null || lastOutcome === null) return 'It has not been due yet.';
  const at = scheduledAtText(lastMs);
  switch (lastOutcome) {
    case 'started':
      return `At ${at} it started run ${lastRun}.`;
    case 'overlap':
      return `At ${at} it started nothing, because run ${lastRun} had not ended.`;
    case 'missed':
      return `At ${at} it started nothing, because no server took the time before it was too old.`;
    case 'paused':
      return `At ${at} it started nothing, because its workflow was paused.`;
    case 'refused':
      return `At ${at} it started nothing, because the run was refused: ${lastError}`;
  }
}
