import { Help } from 'commander';
import { widthOf } from './text-width.js';

const wrapper = Object.assign(new Help(), { minWidthToWrap: 1, displayWidth: widthOf });

/** Wraps text between words; a word that is wider than a line stays whole. */
export function wrapWords(text: string, columns: number): string {
  return wrapper.boxWrap(text, Math.max(1, columns));
}
