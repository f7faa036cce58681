export interface TimeFactor {
  readonly factor: number;
  readonly isMeasured: boolean;
}
export function timeFactor(beside?: number): TimeFactor;
export function describeFactor(factor: TimeFactor): string;
