import { sql } from 'kysely';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { VariableTable } from '../tables/definitions.js';

const variableNames = rowSet({ workflow: 'integer', name: 'text' });

/** The variables with these names, of these workflows and of the server. */
export const variablesByName = statement<
  { rows: Rows<typeof variableNames> },
  { workflow: number; name: string; value: string }
>('variablesByName', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', variableNames).as('r'))
    .innerJoin('variables as x', (join) => join.onRef('x.workflow', '=', 'r.workflow').onRef('x.name', '=', 'r.name'))
    .select(['x.workflow', 'x.name', 'x.value'])
    .unionAll(
      db
        .selectFrom(rows('rows', variableNames).as('r'))
        .innerJoin('variables as x', (join) => join.on('x.workflow', '=', sql.lit(0)).onRef('x.name', '=', 'r.name'))
        .select(['x.workflow', 'x.name', 'x.value']),
    ),
);

/** The row of a workflow, even if it was removed: its variables exist until it is deleted. */
export const lockWorkflowOfVariables = statement<{ id: string }, { no: number }>(
  'lockWorkflowOfVariables',
  ({ db, dialect, text }) =>
    db.selectFrom('workflows as w').where('w.id', '=', text('id')).select('w.no').modifyEnd(dialect.lockRows('w')),
);

export const workflowOfVariables = statement<{ id: string }, { no: number }>('workflowOfVariables', ({ db, text }) =>
  db.selectFrom('workflows as w').where('w.id', '=', text('id')).select('w.no'),
);

export const countVariables = statement<Record<string, never>, { count: number }>('countVariables', ({ db }) =>
  db
    .selectFrom('variables')
    .where('workflow', '>=', sql.lit(0))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .$castTo<{ count: number }>(),
);

/** Sets a variable. Returns no row when it has that value already. */
export const putVariable = statement<VariableTable, { name: string }>('putVariable', ({ db, integer, text, value }) =>
  db
    .insertInto('variables')
    .values({
      workflow: integer('workflow'),
      name: text('name'),
      value: text('value'),
      changed_at_ms: integer('changed_at_ms'),
      changed_by: value('changed_by'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['workflow', 'name'])
        .doUpdateSet({
          value: sql`excluded.value`,
          changed_at_ms: sql`excluded.changed_at_ms`,
          changed_by: sql`excluded.changed_by`,
        })
        .where(sql<boolean>`variables.value <> excluded.value`),
    )
    .returning('name'),
);

export const deleteVariable = statement<{ workflow: number; name: string }, { name: string }>(
  'deleteVariable',
  ({ db, integer, text }) =>
    db
      .deleteFrom('variables')
      .where('workflow', '=', integer('workflow'))
      .where('name', '=', text('name'))
      .returning('name'),
);

/** For a workflow whose row is deleted. */
export const deleteVariablesOfWorkflow = statement<{ no: number }, never>(
  'deleteVariablesOfWorkflow',
  ({ db, integer }) => db.deleteFrom('variables').where('workflow', '=', integer('no')),
);

/** A variable for readers. */
export interface ListedVariable extends VariableTable {
  /** Null for a variable of the server. */
  workflow_id: string | null;
  changed_by_name: string | null;
}

const listedColumns = ['x.workflow', 'x.name', 'x.value', 'x.changed_at_ms', 'x.changed_by'] as const;
const workflowId = sql<string | null>`(select w.id from workflows as w where w.no = x.workflow)`.as('workflow_id');
const changedByName = sql<string | null>`(select t.name from tokens as t where t.id = x.changed_by)`.as(
  'changed_by_name',
);

export const variableByName = statement<{ workflow: number; name: string }, ListedVariable>(
  'variableByName',
  ({ db, integer, text }) =>
    db
      .selectFrom('variables as x')
      .where('x.workflow', '=', integer('workflow'))
      .where('x.name', '=', text('name'))
      .select([...listedColumns, workflowId, changedByName]),
);

/** A page of variables in the order of their workflows and names, after one of them. */
export const variablesAfter = statement<
  { fromWorkflow: number; toWorkflow: number; name: string; limit: number },
  ListedVariable
>('variablesAfter', ({ db, integer, text }) =>
  db
    .selectFrom('variables as x')
    .where('x.workflow', '>=', integer('fromWorkflow'))
    .where('x.workflow', '<=', integer('toWorkflow'))
    .where((eb) => eb.or([eb('x.workflow', '>', integer('fromWorkflow')), eb('x.name', '>', text('name'))]))
    .orderBy('x.workflow')
    .orderBy('x.name')
    .limit(integer('limit'))
    .select([...listedColumns, workflowId, changedByName]),
);
