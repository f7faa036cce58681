// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
const controlCharacters = /[\u0000-\u001f\u007f]+/g;

/** A text as one line of at most so many characters, without control characters. */
export function oneLine(text: string, charsMax: number): string {
  const line = text.toWellFormed().replace(controlCharacters, ' ').trim();
  return line.length > charsMax ? `${line.slice(0, charsMax - 1).toWellFormed()}…` : line;
}
