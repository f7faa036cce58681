import { ConditionError } from '../condition/expression.js';
import { sites } from '../condition/site.js';
import { hasExpression, parseTemplate, templateReferences, unescapeText } from '../condition/template.js';
import { canonicalInput } from '../inputs/canonical-input.js';
import { type InputDeclaration, needsValue } from '../inputs/declaration.js';
import { bareObject, ownField } from '../json.js';
import { limits } from '../limits.js';
import { cronFault } from '../schedule/cron.js';
import { catchUps, overlaps, type Schedule, scheduleDefaults } from '../schedule/schedule.js';
import { isZone, zoneNames } from '../schedule/zone.js';
import { nearest } from '../suggest.js';
import { type Checker, describe, type Subject, shortText, textFault, theWorkflow } from './checker.js';
import { keyAt, type Place, textOffset, valueAt } from './place.js';
import { inputText } from './read-inputs.js';
import { scheduleKeys } from './schedule-keys.js';
import { isSourceObject, type SourceObject, type SourceValue } from './source.js';
import { jobKeyPattern } from './value-schemas.js';

/** Longest name of a time zone, in characters. */
const zoneCharsMax = 100;

/**
 * Reads `on.schedule` of a file: a list of maps. Its inputs are checked against the declared ones, as far as that is
 * possible without evaluating expressions.
 *
 * @param on the value of `on`
 *
 * @param declared null when the workflow declares no inputs and accepts any
 *
 * @param inGroup whether the file puts its runs into a group
 */
export function readSchedules(
  checker: Checker,
  on: SourceValue | undefined,
  place: Place,
  declared: readonly InputDeclaration[] | null,
  inGroup: boolean,
): Schedule[] {
  if (on === undefined || on === null) return [];
  const value = isSourceObject(on) ? ownField(on, 'schedule') : undefined;
  const isNamed = on === 'schedule' || (Array.isArray(on) && on.includes('schedule'));
  if (isNamed || value === null) {
    const said =
      '"on" says "schedule" without a time, which starts nothing; write on: {schedule: [{cron: "30 2 * * *"}]}';
    checker.warn(theWorkflow, said, isNamed ? place : keyAt(place, 'schedule'));
  }
  if (value === undefined || value === null) return [];
  const at = valueAt(place, 'schedule');
  if (!Array.isArray(value) || value.length === 0) {
    checker.wrongType(
      theWorkflow,
      'on.schedule',
      'a list of maps such as {cron: "30 2 * * *", timezone: Europe/Berlin}',
      value,
      at,
    );
    return [];
  }
  if (value.length > limits.schedulesPerWorkflow) {
    const said = `"on.schedule" has ${value.length} entries; at most ${limits.schedulesPerWorkflow} are allowed`;
    checker.say(theWorkflow, said, at);
    return [];
  }
  const schedules: Schedule[] = [];
  for (const [index, item] of value.entries()) {
    const schedule = readSchedule(checker, item, valueAt(at, index), index, declared, inGroup);
    if (schedule === null) continue;
    if (schedules.some(({ id }) => id === schedule.id)) {
      const where =
        isSourceObject(item) && ownField(item, 'id') !== undefined
          ? valueAt(valueAt(at, index), 'id')
          : valueAt(at, index);
      checker.say(theWorkflow, `schedule ${shortText(schedule.id)} appears twice`, where);
    }
    schedules.push(schedule);
  }
  return schedules;
}

function readSchedule(
  checker: Checker,
  item: SourceValue,
  place: Place,
  index: number,
  declared: readonly InputDeclaration[] | null,
  inGroup: boolean,
): Schedule | null {
  const entry: Subject = { label: `schedule ${index + 1}`, job: null };
  if (!isSourceObject(item)) {
    checker.say(entry, `it must be a map such as {cron: "30 2 * * *"}, not ${describe(item)}`, place);
    return null;
  }
  const at = (key: string): Place => valueAt(place, key);
  const id = readId(checker, entry, ownField(item, 'id'), at('id')) ?? `cron-${index + 1}`;
  const subject: Subject = { label: `schedule ${shortText(id)}`, job: null };
  checker.unknownKeys(subject, item, scheduleKeys, place);
  const secs = (key: string, min: number, max: number) => {
    const found = checker.seconds(subject, key, ownField(item, key), at(key), min);
    if (found === null || found <= max) return found;
    checker.say(subject, `"${key}" must be at most ${max} seconds, not ${found}`, at(key));
    return null;
  };
  const jitterSecs = secs('jitter', 0, limits.jitterSecsMax);
  const withinSecs = secs('within', 1, limits.durationSecsMax);
  return {
    id,
    cron: readCron(checker, subject, item, place),
    timezone: readZone(checker, subject, ownField(item, 'timezone'), at('timezone')),
    inputs: readScheduleInputs(checker, subject, item, place, declared),
    jitterMs: jitterSecs === null ? scheduleDefaults.jitterMs : jitterSecs * 1_000,
    withinMs: withinSecs === null ? scheduleDefaults.withinMs : withinSecs * 1_000,
    catchUp: oneOf(checker, subject, 'catch-up', item, place, catchUps) ?? scheduleDefaults.catchUp,
    overlap: readOverlap(checker, subject, item, place, inGroup),
  };
}

function readId(checker: Checker, subject: Subject, value: SourceValue | undefined, place: Place): string | null {
  const id = checker.line(subject, 'id', value, place, limits.keyChars);
  if (id === null || jobKeyPattern.test(id)) return id;
  checker.say(subject, `"id" must begin with a letter or "_", then letters, digits, "_", "-" and "."`, place);
  return null;
}

function readCron(checker: Checker, subject: Subject, item: SourceObject, place: Place): string {
  const at = valueAt(place, 'cron');
  const value = ownField(item, 'cron');
  if (value === undefined || value === null) {
    checker.say(subject, 'it has no "cron"', value === null ? keyAt(place, 'cron') : place);
    return '';
  }
  const cron = checker.line(subject, 'cron', value, at, limits.cronChars);
  if (cron === null) return '';
  const fault = cronFault(cron);
  if (fault !== null) checker.say(subject, `"cron" ${fault.fault}`, textOffset(at, fault.offset));
  return cron;
}

function readZone(checker: Checker, subject: Subject, value: SourceValue | undefined, place: Place): string {
  const zone = checker.line(subject, 'timezone', value, place, zoneCharsMax);
  if (zone === null || isZone(zone)) return zone ?? scheduleDefaults.timezone;
  const near = nearest(zone, zoneNames(), checker.hints);
  const hint = near === null ? '; it must be a name such as "Europe/Berlin"' : `, did you mean "${near}"?`;
  checker.say(subject, `"timezone": there is no time zone ${shortText(zone)}${hint}`, place);
  return zone;
}

function readOverlap(
  checker: Checker,
  subject: Subject,
  item: SourceObject,
  place: Place,
  inGroup: boolean,
): Schedule['overlap'] {
  const value = ownField(item, 'overlap');
  if (inGroup && (value === 'queue' || value === 'cancel')) {
    const said = `"overlap: ${value}" cannot stand beside "concurrency" at the top level, whose group the runs are in; write "queue" or "cancel-in-progress" there`;
    checker.say(subject, said, valueAt(place, 'overlap'));
    return 'allow';
  }
  return oneOf(checker, subject, 'overlap', item, place, overlaps) ?? scheduleDefaults.overlap;
}

function oneOf<T extends string>(
  checker: Checker,
  subject: Subject,
  key: string,
  item: SourceObject,
  place: Place,
  known: readonly T[],
): T | null {
  const value = ownField(item, key);
  if (value === undefined || value === null) return null;
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  const listed = known.map((one) => `"${one}"`).join(', ');
  return checker.wrongType(subject, key, `one of ${listed}`, value, valueAt(place, key));
}

function readScheduleInputs(
  checker: Checker,
  subject: Subject,
  item: SourceObject,
  place: Place,
  declared: readonly InputDeclaration[] | null,
): Record<string, string> {
  const at = valueAt(place, 'inputs');
  const object = checker.object(subject, 'inputs', ownField(item, 'inputs'), at, 'a map of names to values') ?? {};
  const texts = bareObject<string>();
  for (const name of Object.keys(object)) {
    const declaration = declared?.find((one) => one.name === name) ?? null;
    if (declared !== null && declaration === null) {
      const near = nearest(
        name,
        declared.map((one) => one.name),
        checker.hints,
      );
      const hint = near === null ? '' : `, did you mean ${shortText(near)}?`;
      checker.say(subject, `the workflow declares no input ${shortText(name)}${hint}`, keyAt(at, name));
      continue;
    }
    const text = readInput(checker, subject, name, object[name] ?? null, valueAt(at, name), declaration);
    if (text !== null) texts[name] = text;
  }
  for (const declaration of declared ?? []) {
    const { name } = declaration;
    if (!needsValue(declaration) || ownField(object, name) !== undefined) continue;
    checker.say(subject, `the workflow requires the input ${shortText(name)}; give it under "inputs"`, place);
  }
  return texts;
}

/** An input as written if it has an expression, else the text of its value. */
function readInput(
  checker: Checker,
  subject: Subject,
  name: string,
  value: SourceValue,
  place: Place,
  declaration: InputDeclaration | null,
): string | null {
  const label = `input ${shortText(name)}`;
  const say = (said: string, where = place) => {
    checker.say(subject, `${label} ${said}`, where);
    return null;
  };
  const text = typeof value === 'string' && hasExpression(value) ? value : inputText(declaration, value);
  if (text === null) return say(`must be a text, a number or a boolean, not ${describe(value)}`);
  const fault = textFault(text);
  if (fault !== null) return say(fault);
  if (hasExpression(text)) {
    try {
      checker.noteVariables(templateReferences(parseTemplate(text, { site: sites.schedule, inputs: null })));
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      say(`at character ${error.column}: ${error.message}`, textOffset(place, error.offset));
    }
    return text;
  }
  if (declaration !== null) {
    const canonical = canonicalInput(declaration, unescapeText(text));
    if (!canonical.ok) return say(canonical.fault);
  }
  return text;
}
