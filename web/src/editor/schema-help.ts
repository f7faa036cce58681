import { autocompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import type { Extension, Text } from '@codemirror/state';
import { hoverTooltip } from '@codemirror/view';
import { basePath } from '../api/transport.js';
import { descriptionAt, keysAt, placeOf, type Schema, valuesAt } from './schema-paths.js';

let loading: Promise<Schema | null> | null = null;

/** The schema of workflow files; null when the server does not answer. */
function schema(): Promise<Schema | null> {
  loading ??= fetch(`${basePath}schema/workflow.json`).then(
    (answer) => (answer.ok ? answer.json() : null),
    () => null,
  );
  return loading;
}

/** Completion of keys and values, and what a key means below the pointer, from the schema of workflow files. */
export function schemaHelp(): Extension {
  return [autocompletion({ override: [complete], icons: false }), hoverTooltip(explain)];
}

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const root = await schema();
  if (root === null) return null;
  const line = context.state.doc.lineAt(context.pos);
  const place = placeOf(linesTo(context.state.doc, line.number), line.number - 1);
  const typed = context.matchBefore(/[\w$-]*/);
  const from = typed?.from ?? context.pos;
  if (!context.explicit && from === context.pos) return null;
  if (place.key !== null && context.pos >= line.from + place.valueFrom) {
    const values = valuesAt(root, [...place.parent, place.key]);
    return { from, options: values.map((label) => ({ label })), validFor: /^[\w-]*$/ };
  }
  const options = [...keysAt(root, place.parent)].map(([label, info]) => ({
    label,
    ...(place.key === null ? { apply: `${label}: ` } : {}),
    ...(info === '' ? {} : { info }),
  }));
  return { from, options, validFor: /^[\w$-]*$/ };
}

async function explain(view: Parameters<Parameters<typeof hoverTooltip>[0]>[0], pos: number) {
  const root = await schema();
  const line = view.state.doc.lineAt(pos);
  const place = placeOf(linesTo(view.state.doc, line.number), line.number - 1);
  if (root === null || place.key === null) return null;
  const from = line.from + place.keyFrom;
  const end = from + place.key.length;
  const text = descriptionAt(root, place.parent, place.key);
  if (text === '' || pos < from || pos > end) return null;
  return {
    pos: from,
    end,
    create() {
      const dom = document.createElement('div');
      dom.className = 'cm-explained';
      dom.textContent = text;
      return { dom };
    },
  };
}

function linesTo(doc: Text, number: number): string[] {
  return doc.sliceString(0, doc.line(number).to).split('\n');
}
