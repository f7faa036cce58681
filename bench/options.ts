import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** The benchmarks to run; all when empty. */
  readonly names: readonly string[];
  /** How long each load is measured. */
  readonly seconds: number;
  /** Where the figures go as JSON; null for nowhere. */
  readonly jsonFile: string | null;
  readonly help: boolean;
}

/** Errors: a message for the person who typed it. */
export function readOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '4' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 0.5 && seconds <= 600)) {
    throw new Error(`--seconds is ${JSON.stringify(values.seconds)}; it must be a number from 0.5 to 600`);
  }
  const strange = positionals.filter((name) => !known.includes(name));
  if (strange.length > 0) throw new Error(`there is no benchmark ${strange.join(', ')}; there are ${known.join(', ')}`);
  return { names: positionals, seconds, jsonFile: values.json ?? null, help: values.help };
}
