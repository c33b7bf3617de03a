import { loadSqlite, type Database } from './sqlite.js';

/** Marks the file as ours: "QIrc" as a number. */
const APPLICATION = 0x51_49_72_63;

/** Raised when the table changes. */
const LAYOUT = 1;

/** How long to wait for another process that writes, in milliseconds. */
const PATIENCE = 10_000;

const TABLE = `CREATE TABLE rewards (
  id INTEGER PRIMARY KEY,   -- rises with time
  key BLOB NOT NULL UNIQUE, -- SHA-256 of the key's text
  value BLOB NOT NULL,      -- a float64, low byte first; empty for null
  seal BLOB NOT NULL        -- guards key and value
) STRICT`;

/**
 * Opens the file, which is made when it is not there. Any number of processes may have it open. Throws when it is damaged or
 * not ours, and leaves it alone then.
 */
export function openDatabase(file: string): Database {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
    claim(database);
    beginLog(database);
    const [verdict] = rowsOf(database, 'PRAGMA quick_check(1)');
    if (verdict?.['quick_check'] !== 'ok') throw new Error(`the file is damaged: ${String(verdict?.['quick_check'])}`);
    // With a write-ahead log this survives the end of the process; what a power failure loses is only reckoned again.
    database.exec('PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes a new file ours, and checks that any other is. One process at a time. */
function claim(database: Database): void {
  database.exec('BEGIN IMMEDIATE');
  const application = pragma(database, 'application_id');
  const isNew = application === 0 && rowsOf(database, 'SELECT name FROM sqlite_schema LIMIT 1').length === 0;
  if (isNew) database.exec(`${TABLE}; PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${LAYOUT}`);
  else if (application !== APPLICATION) throw new Error('the file is a database of another program');
  const layout = pragma(database, 'user_version');
  if (layout !== LAYOUT) throw new Error(`the file has layout ${layout}, this version reads layout ${LAYOUT}`);
  database.exec('COMMIT');
}

/** Lets one process write while others read. SQLite does not wait by itself when two processes ask for this at once. */
function beginLog(database: Database): void {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (Date.now() > end || !String(error).includes('locked')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); // sleeps
    }
  }
}

function pragma(database: Database, name: string): number {
  return Number(rowsOf(database, `PRAGMA ${name}`)[0]?.[name]);
}

function rowsOf(database: Database, query: string): Record<string, unknown>[] {
  return database.prepare(query).all() as Record<string, unknown>[];
}
