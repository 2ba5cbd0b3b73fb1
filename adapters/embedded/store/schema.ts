/**
 * The tables of the file with the broker's queues, and how it says whose it is and in which form.
 *
 * Below everything in this folder. A content that lies in several queues is there once; its id is that of the first message
 * that had it. Ids grow, so that new rows go to the end of their table. Nothing is indexed but by its key: what has to be
 * found is known in memory. `checksum`: see `checksums.ts`.
 */

/** "Wrrn", in SQLite's header. */
export const applicationId = 0x5772726e

/** The form of the tables; a change that earlier versions cannot read makes it one more. */
export const version = 1

/** Makes the tables in an empty file. */
export const tables = `
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${version};
CREATE TABLE things (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE contents (
  id INTEGER PRIMARY KEY,
  properties BLOB NOT NULL,
  body BLOB NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  place INTEGER NOT NULL,
  content INTEGER NOT NULL,
  exchange TEXT NOT NULL,
  key TEXT NOT NULL,
  carbons TEXT,
  expires REAL,
  redelivered INTEGER NOT NULL,
  returns INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);
`
