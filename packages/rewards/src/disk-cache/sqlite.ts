import { createRequire } from 'node:module';

type Sqlite = Pick<typeof import('@photostructure/sqlite'), 'DatabaseSync'>;

/** A connection to a database; Node's own and the package's have the same methods. */
export type Database = InstanceType<Sqlite['DatabaseSync']>;

/** Node's own SQLite, which came with Node 22.13; before that, the package that brings the same to older ones. */
export function loadSqlite(): Sqlite {
  const own = process.getBuiltinModule('node:sqlite') as Sqlite | undefined;
  if (own !== undefined) return own;
  try {
    return createRequire(import.meta.url)('@photostructure/sqlite') as Sqlite;
  } catch (cause) {
    const message = `diskCache: Node ${process.versions.node} has no SQLite: npm install @photostructure/sqlite@1, or use Node 22.13 or newer`;
    throw new Error(message, { cause });
  }
}
