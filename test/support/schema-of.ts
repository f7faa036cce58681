import type { Connection } from '../../src/store/connection.js';

/** The columns of each table and the indexes of a database, to compare two databases of one kind. */
export async function schemaOf(connection: Connection): Promise<unknown> {
  const texts =
    connection.dialect.name === 'postgres'
      ? [
          `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
             where table_schema = current_schema() and table_name not like 'kysely_%' order by table_name, column_name`,
          `select tablename, indexdef from pg_indexes
             where schemaname = current_schema() and tablename not like 'kysely_%' order by indexname`,
        ]
      : [
          `select t.name as "table", c.name, c.type, c."notnull", c.dflt_value, c.pk
             from sqlite_schema as t, pragma_table_info(t.name) as c
             where t.type = 'table' and t.name not like 'kysely_%' and t.name not like 'sqlite_%' order by t.name, c.name`,
          `select name, sql from sqlite_schema where type = 'index' and sql is not null order by name`,
        ];
  const [columns, indexes] = await Promise.all(texts.map((text) => connection.query(text, [])));
  // SQLite stores the text of an index statement as written; the files of earlier schemas use single spaces.
  return JSON.parse(JSON.stringify({ columns, indexes }).replaceAll(/(?:\\n|\s)+/g, ' '));
}
