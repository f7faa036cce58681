import { structuredPatch } from 'diff';

/** A line of a difference: its numbers in the two texts, null where it is missing. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

/** A run of changed lines with three unchanged ones around it. */
export interface DiffPart {
  readonly lines: readonly DiffLine[];
}

/** Texts that differ more than a reader can take in are not compared. */
const timeoutMs = 1_500;

/** The changed parts between two texts; null if the texts differ so much that the comparison takes too long. */
export function diffParts(before: string, after: string): DiffPart[] | null {
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, timeout: timeoutMs });
  if (patch === undefined) return null;
  return patch.hunks.map(({ lines, oldStart, newStart }) => {
    let old = oldStart;
    let now = newStart;
    const numbered: DiffLine[] = [];
    for (const line of lines) {
      const text = line.slice(1).replace(/\r$/, '');
      if (line.startsWith('+')) numbered.push({ kind: 'added', before: null, after: now++, text });
      else if (line.startsWith('-')) numbered.push({ kind: 'removed', before: old++, after: null, text });
      else if (line.startsWith(' ')) numbered.push({ kind: 'same', before: old++, after: now++, text });
    }
    return { lines: numbered };
  });
}
