import type { Workflow } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { ago } from './terminal/times.js';

/** Problems of a file that are shown; `validate` shows all. */
const problemsShown = 3;

/** The lines below a table of workflows about files that the server could not load; empty when there are none. */
export function brokenLines(workflows: readonly Workflow[], nowMs: number): string[] {
  return workflows.flatMap(({ broken, version }) => {
    if (broken === undefined || broken === null) return [];
    const { file, since_ms, problems } = broken;
    const instead = version === 0 ? 'no version of it was ever loaded' : `version ${version} stays in use`;
    const shown = problems.slice(0, problemsShown).map(({ message, line, column }) => {
      const place = line === 0 ? file : `${file}:${line}:${column}`;
      return `  ${escapeLine(`${place}: ${message}`)}`;
    });
    const more = problems.length - shown.length;
    return [
      `${escapeLine(file)} is broken (found ${ago(since_ms, nowMs)}): ${instead}`,
      ...shown,
      ...(more > 0 ? [`  and ${more} more; workflow-graph validate shows all`] : []),
    ];
  });
}
