import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** The benchmarks to run; all if empty. */
  readonly names: readonly string[];
  /** The measured time of each load. */
  readonly seconds: number;
  /** The path for the figures as JSON; null for none. */
  readonly jsonFile: string | null;
  readonly help: boolean;
}

/** Errors: a usage message. */
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
  if (strange.length > 0) throw new Error(`unknown benchmark ${strange.join(', ')}; there are ${known.join(', ')}`);
  return { names: positionals, seconds, jsonFile: values.json ?? null, help: values.help };
}
