/**
 * Escapes text of a job, a definition, a worker or a caller for a terminal. Control sequences can move the cursor over
 * earlier lines, set the window's title or the clipboard, or make the terminal type into the shell. Whole sequences are
 * removed; single control characters are shown instead of executed.
 */

/** C0 and C1 forms of: a control sequence; a string with its terminator (title, clipboard, device control); a short escape. */
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-OQ-WYZ\\`-~]/g;

/** Controls except tab and line feed; line separators; marks that reorder text so that it reads differently. */
const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text of any number of lines: tabs and line feeds stay. */
export function escapeControls(text: string): string {
  return text.replace(sequences, '').replace(controls, visible);
}

/** Text that must stay on one line, such as a name: tabs and line feeds are shown too. */
export function escapeLine(text: string): string {
  return escapeControls(text).replace(/[\t\n]/g, visible);
}

/** JSON on one line, with control characters escaped; it parses to the same value. */
export function escapeJson(value: unknown, indent = 0): string {
  return escapeJsonText(JSON.stringify(value, null, indent));
}

/** JSON text, with control characters escaped. */
export function escapeJsonText(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The control pictures of Unicode for C0 and DEL (`␛`), the code for others (`<U+009B>`). */
function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
