/** What a job wrote into its outputs file cannot be read. */
export class OutputsFileError extends Error {
  override readonly name = 'OutputsFileError';
}

/**
 * Reads a job's outputs file: lines `key=value`, and for values of several lines
 *
 *     key<<END
 *     first line
 *     second line
 *     END
 *
 * where END is any text. Empty lines are passed over; the last value of a key counts.
 */
export function parseOutputsFile(text: string): Map<string, string> {
  const outputs = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (heredoc > 0 && (equals === -1 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, i + 1);
      if (delimiter === '') throw new OutputsFileError(`outputs file, line ${i + 1}: "<<" needs an end mark after it`);
      if (end === -1) {
        throw new OutputsFileError(`outputs file, line ${i + 1}: the end mark "${delimiter}" does not follow`);
      }
      outputs.set(line.slice(0, heredoc), lines.slice(i + 1, end).join('\n'));
      i = end;
    } else if (equals > 0) {
      outputs.set(line.slice(0, equals), line.slice(equals + 1));
    } else {
      throw new OutputsFileError(`outputs file, line ${i + 1}: expected key=value or key<<END`);
    }
  }
  return outputs;
}
