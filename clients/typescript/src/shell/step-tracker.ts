import type { ClaimedJob } from '../wire.js';

/** Follows which step of a job runs, by the lines `::step 2/3 Name` that the job's script prints before each. */
export class StepTracker {
  readonly #announcements: readonly string[];
  readonly #lengthMax: number;
  #begun = 0;
  #line = '';

  constructor({ steps }: Pick<ClaimedJob, 'steps'>) {
    this.#announcements = steps.map(({ name }, at) => `::step ${at + 1}/${steps.length} ${name}`);
    this.#lengthMax = Math.max(0, ...this.#announcements.map(({ length }) => length));
  }

  /** Takes stdout as it comes. Only the line of the next step counts, so that a step cannot announce another by chance. */
  write(text: string): void {
    const next = this.#announcements[this.#begun];
    if (next === undefined) return;
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = this.#line + text.slice(from, end);
      this.#line = '';
      if (line === this.#announcements[this.#begun]) this.#begun += 1;
      from = end + 1;
    }
    // A longer line is no announcement; one character more is enough to see that.
    this.#line = (this.#line + text.slice(from, from + this.#lengthMax + 1)).slice(0, this.#lengthMax + 1);
  }

  /** A failure with the step that it happened in: `step 2/3 "Unit tests": exit status 1`. */
  named(failure: string): string {
    const announcement = this.#announcements[this.#begun - 1];
    if (announcement === undefined) return failure;
    const [, place = '', name = ''] = /^::step (\S+) (.*)$/s.exec(announcement) ?? [];
    return `step ${place} ${JSON.stringify(name)}: ${failure}`;
  }
}
