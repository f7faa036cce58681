import { DomainError, notFound } from '../../domain/errors.js';
import { newestRunOfWorkflow, type RunRow, runById, runsByIdPrefix } from '../../store/statements/find-runs.js';
import { type CurrentVersionRow, currentVersion } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { runLimits } from './limits.js';

/** What an id means: a run, or a workflow that has not run yet. */
export type Found =
  | { readonly run: RunRow; readonly definition: null }
  | { readonly run: null; readonly definition: CurrentVersionRow };

type Reads = Pick<EngineContext, 'store'>;

/**
 * A run by its id, the newest run of the workflow with that id, or the only run whose id starts with the text. Errors:
 * `not_found`; `malformed` for a prefix of several ids.
 */
export async function findRun(context: Reads, id: string): Promise<RunRow> {
  const run =
    (await runWithId(context, id)) ?? (await newestRunOf(context, id)) ?? (await runWithIdPrefix(context, id));
  if (run !== null) return run;
  throw notFound(`run ${JSON.stringify(id)}, or a workflow of that id that has run,`);
}

/** The same, but a workflow that has not run yet is an answer too. */
export async function findRunOrDefinition(context: Reads, id: string): Promise<Found> {
  const run = (await runWithId(context, id)) ?? (await newestRunOf(context, id));
  if (run !== null) return { run, definition: null };
  const [definition] = await currentVersion.run(context.store.read, { id });
  if (definition !== undefined) return { run: null, definition };
  const begun = await runWithIdPrefix(context, id);
  if (begun === null) throw notFound(`run or workflow ${JSON.stringify(id)}`);
  return { run: begun, definition: null };
}

/** A run by its own id. */
export async function runWithId({ store }: Reads, id: string): Promise<RunRow | null> {
  const [run] = await runById.run(store.read, { id });
  return run === undefined || run.state === 'creating' ? null : run;
}

/** Null for a workflow that has not run, and for a text that is no workflow's id. */
async function newestRunOf({ store }: Reads, id: string): Promise<RunRow | null> {
  return (await newestRunOfWorkflow.run(store.read, { id }))[0] ?? null;
}

/** A prefix of an id: too long to be typed by chance, shorter than an id. */
const prefixPattern = /^[0-9a-f][0-9a-f-]{5,34}$/;

/**
 * The only run whose id starts with the text; null when there is none, or when the text is no prefix of an id. Called
 * only when no id is the whole text, so the usual call pays nothing.
 *
 * @throws DomainError `malformed` when several ids match, naming some
 */
async function runWithIdPrefix(context: Reads, text: string): Promise<RunRow | null> {
  const id = await runIdOfPrefix(context, text);
  return id === null ? null : runWithId(context, id);
}

/** The id of that run. Errors: as above. */
export async function runIdOfPrefix({ store }: Reads, text: string): Promise<string | null> {
  const prefix = text.toLowerCase();
  if (!prefixPattern.test(prefix)) return null;
  // `g` comes after every character of an id.
  const runs = await runsByIdPrefix.run(store.read, {
    from: prefix,
    to: `${prefix}g`,
    limit: runLimits.namedCandidates + 1,
  });
  const [only] = runs;
  if (only === undefined) return null;
  if (runs.length === 1) return only.id;
  const named = runs
    .slice(0, runLimits.namedCandidates)
    .map(({ id, workflow_id, state }) => `${id} (${workflow_id}, ${state})`);
  const more = runs.length > runLimits.namedCandidates ? ', and more' : '';
  throw new DomainError(
    'malformed',
    `${JSON.stringify(text)} begins the ids of several runs; give more characters: ${named.join(', ')}${more}`,
  );
}
