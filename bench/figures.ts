export type Unit = '/s' | 'ms' | 's' | 'µs' | 'MB' | 'KB' | '×' | '';

/** The target of a figure. */
export interface Target {
  readonly at: 'least' | 'most';
  readonly value: number;
}

/** One measured number; null if it could not be measured here. */
export interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: Unit;
  readonly target: Target | null;
}

export function figure(name: string, value: number | null, unit: Unit, target: Target | null = null): Figure {
  return { name, value, unit, target };
}

export function atLeast(value: number): Target {
  return { at: 'least', value };
}

export function atMost(value: number): Target {
  return { at: 'most', value };
}

/** Null without a target or a measurement. */
export function isMet({ value, target }: Figure): boolean | null {
  if (value === null || target === null) return null;
  return target.at === 'least' ? value >= target.value : value <= target.value;
}

/** One line for people: the figure, its target, and whether it is met. */
export function lineOf(figure: Figure): string {
  const value = figure.value === null ? 'not measured here' : `${digits(figure.value)} ${figure.unit}`.trimEnd();
  const line = `  ${figure.name.padEnd(62)} ${value.padStart(12)}`;
  if (figure.target === null) return line;
  const wanted = `${figure.target.at === 'least' ? '≥' : '≤'} ${digits(figure.target.value)} ${figure.unit}`.trimEnd();
  const met = isMet(figure);
  return `${line}   ${wanted.padEnd(12)} ${met === null ? '?' : met ? 'met' : 'NOT MET'}`;
}

/** About three significant digits; integers stay integers. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return String(Number(value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)));
}
