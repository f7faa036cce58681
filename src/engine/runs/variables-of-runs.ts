import { noVariables, type Variables } from '../../domain/variables.js';
import type { Connection } from '../../store/connection.js';
import { variablesByName } from '../../store/statements/variables.js';
import type { CurrentVersionRow } from '../../store/statements/workflows.js';
import { startSpecOf } from './wanted-run.js';

/** Names of server variables, and the workflow that reads them. */
interface NamedVariables {
  readonly workflow: number;
  readonly names: readonly string[];
}

/** The server variables that definitions read, for runs that start now. Reads nothing where no definition names any. */
export async function variablesOfVersions(
  connection: Connection,
  versions: readonly CurrentVersionRow[],
): Promise<(version: CurrentVersionRow) => Variables> {
  const named = versions.map((version) => ({
    workflow: version.workflow,
    names: startSpecOf(version).variables ?? [],
  }));
  const found = await loadVariables(connection, named);
  return (version) => found(version.workflow, startSpecOf(version).variables ?? []);
}

/** Reads variables by name. A variable of the workflow wins over one of the server; an unset one is left out. */
export async function loadVariables(
  connection: Connection,
  named: readonly NamedVariables[],
): Promise<(workflow: number, names: readonly string[]) => Variables> {
  const rows = named.flatMap(({ workflow, names }) => names.map((name) => ({ workflow, name })));
  if (rows.length === 0) return () => noVariables;
  const found = await variablesByName.run(connection, { rows });
  const values = new Map(found.map(({ workflow, name, value }) => [`${workflow} ${name}`, value]));
  return (workflow, names) => {
    const pairs = names.flatMap((name) => {
      const value = values.get(`${workflow} ${name}`) ?? values.get(`0 ${name}`);
      return value === undefined ? [] : [[name, value] as const];
    });
    return new Map(pairs);
  };
}
