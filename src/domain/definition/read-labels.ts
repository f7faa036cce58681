import { unescapeText } from '../condition/template.js';
import { featurePrefix, isFeature, type LabelSet, normaliseLabels } from '../labels.js';
import { limits } from '../limits.js';
import { type Checker, type Subject, shortText } from './checker.js';
import type { JobExpressions } from './job-expressions.js';
import { type Place, valueAt } from './place.js';
import { type ExpressionReader, isTemplate } from './read-expressions.js';
import type { JobFieldNames } from './read-job.js';
import type { SourceValue } from './source.js';

/** Separates labels with expressions from fixed ones. */
export function readLabels(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
  expressions: ExpressionReader,
): { fixed: LabelSet; templates: JobExpressions['labels'] } {
  const read = (item: string, at: Place) => expressions.read(`"${names.labels}"`, item, at);
  if (!names.lenient && isTemplate(value)) return { fixed: [], templates: read(value, place) };
  const items = names.lenient || !Array.isArray(value) ? [] : value;
  const templates = items.flatMap((item, at) =>
    isTemplate(item) ? [[at, read(item, valueAt(place, at))] as const] : [],
  );
  if (templates.length === 0) return { fixed: fixedLabels(checker, names, subject, value, place), templates: null };
  const fixed = items.flatMap((item, at) =>
    isTemplate(item) ? [] : fixedLabels(checker, names, subject, item, valueAt(place, at)),
  );
  return { fixed: normaliseLabels(fixed), templates };
}

export function fixedLabels(
  checker: Checker,
  names: JobFieldNames,
  subject: Subject,
  value: SourceValue | undefined,
  place: Place,
): LabelSet {
  const written = checker.lines(subject, names.labels, value, place, limits.labelChars, limits.labelsPerJob);
  const labels = names.lenient ? written : written.map(unescapeText);
  for (const label of labels) {
    if (!names.lenient && isFeature(label)) {
      checker.say(
        subject,
        `${shortText(label)} begins with "${featurePrefix}", which is reserved: the server adds such labels to jobs with ` +
          '"workspace: fresh" or with exit codes in "retry-on"',
        Array.isArray(value) ? valueAt(place, value.indexOf(label)) : place,
      );
    }
    if (!label.includes(',')) continue;
    const several = label.split(',').map((part) => part.trim());
    checker.warn(
      subject,
      `${shortText(label)} is one label with a comma in it, which WORKER_LABELS and --labels cannot give to a worker. ` +
        `For several labels write a list: [${several.filter((part) => part !== '').join(', ')}]`,
      place,
    );
  }
  return normaliseLabels(labels);
}
