import { styleText } from 'node:util';

type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'gray' | 'bold' | 'dim';

/** Colours text, or returns it unchanged. */
export type Paint = (colour: Colour, text: string) => string;

/** The output of the program: whether it is a terminal, and its size. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether to colour. `FORCE_COLOR` decides when it is set (`0` and `false` mean no); `NO_COLOR` turns colours off; else
 * a terminal gets them, unless it calls itself `dumb`.
 */
export function isColourful(output: Output, env: Env): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced.toLowerCase() !== 'false';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return output.isTTY === true && env.TERM !== 'dumb';
}

/** Whether lines can be redrawn: on a terminal that supports it. */
export function isLive(output: Output, env: Env): boolean {
  return output.isTTY === true && env.TERM !== 'dumb';
}

export function paintFor(output: Output, env: Env): Paint {
  if (!isColourful(output, env)) return (_colour, text) => text;
  return (colour, text) => styleText(colour, text, { validateStream: false });
}
