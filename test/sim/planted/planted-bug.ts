/** A bug that is planted on purpose: one change of the compiled source, which the simulation must notice. */
export interface PlantedBug {
  readonly name: string;
  /** Below `src`, as compiled. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}
