/**
 * Brings a group to the disk: one transaction, all of it or nothing.
 *
 * Below `Store.ts`. Throws what SQLite throws. What was written before is replaced, so that a group whose fate is not known
 * may be written again.
 */
import { type Sqlite, SqliteError } from "../../runtime/mod.ts"
import type { Group } from "./Changes.ts"
import { sumOfContent, sumOfMessage, sumOfThing } from "./checksums.ts"

/** How to write groups into a file. */
export const makeWriter = (sqlite: Sqlite): (group: Group) => void => {
  const keepThing = sqlite.prepare("INSERT OR REPLACE INTO things (kind, name, spec, checksum) VALUES (?, ?, ?, ?)")
  const dropThing = sqlite.prepare("DELETE FROM things WHERE kind = ? AND name = ?")
  const keepContent = sqlite.prepare(
    "INSERT OR REPLACE INTO contents (id, properties, body, checksum) VALUES (?, ?, ?, ?)",
  )
  const dropContent = sqlite.prepare("DELETE FROM contents WHERE id = ?")
  const keepMessage = sqlite.prepare(
    "INSERT OR REPLACE INTO messages (id, queue, place, content, exchange, key, carbons, expires, redelivered, returns, " +
      "checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  )
  const mark = sqlite.prepare("UPDATE messages SET redelivered = ?, returns = ? WHERE id = ?")
  const dropMessage = sqlite.prepare("DELETE FROM messages WHERE id = ?")
  const write = (group: Group): void =>
    sqlite.transaction(() => {
      // first what makes room
      for (const id of group.goneMessages) dropMessage.run(id)
      for (const id of group.goneContents) dropContent.run(id)
      for (const { kind, name, spec } of group.things) {
        if (spec === undefined) dropThing.run(kind, name)
        else keepThing.run(kind, name, spec, sumOfThing(kind, name, spec))
      }
      for (const row of group.contents) keepContent.run(row.id, row.properties, row.body, sumOfContent(row))
      for (const row of group.messages) {
        const { id, queue, place, content, exchange, key, carbons, expires, redelivered, returns } = row
        const sum = sumOfMessage(row)
        keepMessage.run(id, queue, place, content, exchange, key, carbons, expires, redelivered ? 1 : 0, returns, sum)
      }
      for (const { id, redelivered, returns } of group.marks) mark.run(redelivered ? 1 : 0, returns, id)
    })
  return (group) => {
    try {
      write(group)
    } catch (error) {
      // which statement it was is of no interest
      if (!(error instanceof SqliteError)) throw error
      const { path, reason, detail } = error
      throw new SqliteError({ path, reason, detail, operation: "write to" })
    }
  }
}
