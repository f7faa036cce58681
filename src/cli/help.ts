import type { Command } from 'commander';
import { wrapWords } from './terminal/wrap-words.js';

/** The text of a command's help after its options. */
export interface HelpTexts {
  /** Paragraphs, wrapped to the terminal. */
  readonly about?: readonly string[];
  /** Command lines, printed unchanged. */
  readonly examples: readonly string[];
  readonly exitCodes?: readonly (readonly [code: number, meaning: string])[];
}

/** The width of help without a terminal. */
const defaultColumns = 80;
/** Prose in longer lines is hard to read. */
const proseColumnsMax = 100;
/** An error may quote an argument or an answer of any length. */
const errorCharsMax = 4_000;

/** Adds texts below the options of a command's help, wrapped to the width of the terminal. */
export function addHelp(command: Command, texts: HelpTexts): Command {
  return command.addHelpText('after', () => {
    const columns = process.stdout.isTTY ? process.stdout.columns || defaultColumns : defaultColumns;
    return helpText(texts, Math.min(columns, proseColumnsMax));
  });
}

function helpText({ about = [], examples, exitCodes = [] }: HelpTexts, columns: number): string {
  const blocks = about.map((paragraph) => wrapWords(paragraph, columns));
  blocks.push(['Examples:', ...examples.map((line) => `  $ ${line}`)].join('\n'));
  if (exitCodes.length > 0) {
    const lines = exitCodes.map(([code, meaning]) => hanging(`  ${String(code).padEnd(5)}`, meaning, columns));
    blocks.push(['Exit codes:', ...lines].join('\n'));
  }
  return `\n${blocks.join('\n\n')}`;
}

function hanging(head: string, text: string, columns: number): string {
  return head + wrapWords(text, columns - head.length).replaceAll('\n', `\n${' '.repeat(head.length)}`);
}

/** The printed form of an error: cut, so that a message that quotes a megabyte does not fill the terminal. */
export function errorText(text: string): string {
  if (text.length <= errorCharsMax) return text;
  const cut = text.slice(0, errorCharsMax);
  return `${cut}… (${text.length - errorCharsMax} more characters)\n`;
}
