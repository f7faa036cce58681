import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Width of a line of escaped text, in columns. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The line cut to a width, with an ellipsis where text is missing. */
export function cutTo(text: string, width: number): string {
  if (width <= 0) return '';
  // No more characters than this can be needed, however narrow they are.
  const looked = text.length > width * 16 ? text.slice(0, width * 16) : text;
  if (looked === text && widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(looked)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The line padded with blanks to a width. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
