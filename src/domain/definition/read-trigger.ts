import { limits } from '../limits.js';
import { type Checker, shortText, theWorkflow } from './checker.js';
import { keyAt, type Place, valueAt } from './place.js';
import { isSourceObject, type SourceValue } from './source.js';

/** Values of `on` without a warning: runs that a call starts, and those that the server itself starts. */
const meant: ReadonlySet<string> = new Set(['manual', 'api', 'workflow_dispatch', 'schedule']);

/**
 * Reads `on`: a text, a list, or a map, of which only the keys count. A value that starts nothing here is a warning.
 */
export function readTrigger(checker: Checker, value: SourceValue | undefined, place: Place): string {
  if (value === undefined || value === null) return '';
  const isMap = isSourceObject(value);
  if (!isMap && !Array.isArray(value) && typeof value !== 'string') {
    checker.wrongType(theWorkflow, 'on', 'a text, a list or a map', value, place);
    return '';
  }
  const written = isMap ? Object.keys(value) : value;
  const events = checker.lines(theWorkflow, 'on', written, place, limits.nameChars, limits.triggerChars);
  const trigger = events.join(', ');
  if (trigger.length > limits.triggerChars) {
    checker.say(
      theWorkflow,
      `"on" has ${trigger.length} characters; at most ${limits.triggerChars} are allowed`,
      place,
    );
  }
  for (const [index, event] of (typeof written === 'string' ? [written] : written).entries()) {
    if (typeof event !== 'string' || meant.has(event)) continue;
    const at = isMap ? keyAt(place, event) : typeof value === 'string' ? place : valueAt(place, index);
    checker.warn(theWorkflow, startsNothing(event), at);
  }
  return trigger;
}

function startsNothing(event: string): string {
  const way = 'let what should start a run call POST /api/workflows/{id}/run, and write "on: manual"';
  return `"on" says ${shortText(event)}, which starts no runs here; ${way}`;
}
