import Anser from 'anser';
import { overwritten, withStylesOnly } from './line-index.js';

/** A piece of a line in one style. Colours are names of the theme's palette, or `r, g, b`. */
export interface Span {
  readonly text: string;
  readonly color: string | null;
  readonly background: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
}

/** Longer lines are cut for display; a copy and a download have all of it. */
export const maxShown = 10_000;

/**
 * A line as spans of text, never as HTML. Sequences that do not select a style are dropped, and a carriage return
 * overwrites.
 *
 * @param style the sequences in force at the start of the line
 */
export function ansiSpans(text: string, style = ''): Span[] {
  const cut = text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
  if (style === '' && !cut.includes('\u001b')) {
    const shown = overwritten(cut);
    return shown === '' ? [] : [{ ...plain, text: shown }];
  }
  const styled = style + withStylesOnly(cut.includes('\r') ? lastOverwrite(cut) : cut);
  return Anser.ansiToJson(styled, { use_classes: true, remove_empty: true }).map((piece) => ({
    text: piece.content,
    color: colorOf(piece.fg, piece.fg_truecolor),
    background: colorOf(piece.bg, piece.bg_truecolor),
    bold: piece.decorations.includes('bold'),
    dim: piece.decorations.includes('dim'),
    italic: piece.decorations.includes('italic'),
    underline: piece.decorations.includes('underline'),
  }));
}

const plain: Span = {
  text: '',
  color: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
};

/** With colours, an overwritten line is shown from its last start, unless that is empty. */
function lastOverwrite(text: string): string {
  const parts = text.split('\r').filter((part) => part !== '');
  return parts.at(-1) ?? '';
}

function colorOf(name: string | null, trueColor: string | null): string | null {
  if (name === null || name === undefined) return null;
  if (name === 'ansi-truecolor') return trueColor;
  return name;
}
