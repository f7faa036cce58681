import { ownField } from '../json.js';
import type { Checker, Subject } from './checker.js';
import { defaultKeys } from './job-keys.js';
import { type Place, valueAt } from './place.js';
import { isTemplate } from './read-expressions.js';
import type { JobFieldNames } from './read-job.js';
import { fixedLabels } from './read-labels.js';
import { readBackoff, readRetries, readRetryOn } from './read-retry.js';
import { readShell, readWorkingDirectory } from './read-script.js';
import type { SourceObject, SourceValue } from './source.js';

/** The top-level `defaults`: keys of a job for the jobs that do not have them. */
export interface Defaults {
  readonly keys: SourceObject;
  readonly place: Place;
}

const subject: Subject = { label: '"defaults"', job: null };

/**
 * Reads the top-level `defaults`. Null when absent or invalid: mistakes are reported once and not for each job. Texts
 * with expressions are checked with each job, which knows its needs.
 */
export function readDefaults(
  checker: Checker,
  names: JobFieldNames,
  value: SourceValue | undefined,
  place: Place,
): Defaults | null {
  const keys = checker.object(subject, 'defaults', value, place);
  if (keys === null) return null;
  const before = checker.found.length + checker.uncounted;
  const field = (name: string): SourceValue | undefined => {
    const written = ownField(keys, name);
    return isTemplate(written) ? undefined : written;
  };
  const at = (name: string): Place => valueAt(place, name);
  checker.unknownKeys(subject, keys, defaultKeys, place);
  const labels = field(names.labels);
  for (const [index, label] of (Array.isArray(labels) ? labels : [labels ?? null]).entries()) {
    const labelPlace = Array.isArray(labels) ? valueAt(at(names.labels), index) : at(names.labels);
    if (!isTemplate(label)) fixedLabels(checker, names, subject, label, labelPlace);
  }
  readRetries(checker, subject, names.retries, field(names.retries), at(names.retries));
  readBackoff(checker, subject, field('backoff'), at('backoff'));
  readRetryOn(checker, subject, field('retry-on'), at('retry-on'));
  checker.seconds(subject, names.timeout, field(names.timeout), at(names.timeout), 1);
  checker.seconds(subject, names.queueTimeout, field(names.queueTimeout), at(names.queueTimeout), 1);
  readShell(checker, names, subject, field('shell'), at('shell'));
  readWorkingDirectory(checker, names, subject, keys, place);
  return checker.found.length + checker.uncounted === before ? { keys, place } : null;
}

/** A job with the defaults for its absent keys. */
export function withDefaults(job: SourceObject, defaults: Defaults | null): SourceObject {
  if (defaults === null) return job;
  const missing = Object.keys(defaults.keys).filter((key) => (ownField(job, key) ?? null) === null);
  if (missing.length === 0) return job;
  const merged: SourceObject = Object.assign(Object.create(null), job);
  for (const key of missing) merged[key] = defaults.keys[key] ?? null;
  return merged;
}
