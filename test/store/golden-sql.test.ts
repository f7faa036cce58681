import { expect } from 'vitest';
import type { DialectRecord } from '../../src/store/dialect.js';
import { postgresDialect } from '../../src/store/postgres/postgres-dialect.js';
import { sqliteDialect } from '../../src/store/sqlite/sqlite-dialect.js';
import { everyStatement } from '../support/all-statements.js';
import { onlyIn } from '../support/open-test-store.js';

/** The SQL of each statement for reviewers. `npx vitest run --project unit test/store/golden -u` rewrites it. */
async function sqlOf(dialect: DialectRecord): Promise<string> {
  const statements = await everyStatement();
  return statements.map((statement) => `-- ${statement.name}\n${readable(statement.sql(dialect))};\n`).join('\n');
}

function readable(sql: string): string {
  return sql
    .replaceAll(/\s+/g, ' ')
    .replaceAll(
      / (from|inner join|left join|where|set|group by|order by|limit|returning|on conflict|for update|values) /g,
      '\n  $1 ',
    );
}

onlyIn('sqlite')('no two statements share a name', async () => {
  const names = (await everyStatement()).map((statement) => statement.name);
  expect(names).toEqual([...new Set(names)]);
});

/** The parts of a statement where a bare parameter makes SQLite re-plan it on every run: comparisons and limits. */
function bareParameters(sql: string): string[] {
  const inConditions = [
    ...sql.matchAll(/ where (.*?)(?= (?:group by|order by|limit|returning|on conflict|where)|$)/g),
  ].flatMap(([, condition = '']) => condition.match(/\S+ (?:=|!=|<|<=|>|>=) \?(?=\s|\)|$)/g) ?? []);
  return [...inConditions, ...(sql.match(/(?:limit|offset) \?/g) ?? [])];
}

onlyIn('sqlite')('SQLite re-plans no statement on every run', async () => {
  const statements = (await everyStatement()).map(
    ({ name, sql }) => [name, bareParameters(sql(sqliteDialect))] as const,
  );
  expect(statements.filter(([, bare]) => bare.length > 0)).toEqual([]);
});

onlyIn('sqlite')('SQLite gets the SQL of golden/sqlite.sql', async () => {
  await expect(await sqlOf(sqliteDialect)).toMatchFileSnapshot('golden/sqlite.sql');
});

onlyIn('sqlite')('PostgreSQL gets the SQL of golden/postgres.sql', async () => {
  await expect(await sqlOf(postgresDialect)).toMatchFileSnapshot('golden/postgres.sql');
});
