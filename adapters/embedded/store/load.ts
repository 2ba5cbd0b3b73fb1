/**
 * Reads everything back: all of it, or an error that says what is wrong.
 *
 * Below `Store.ts`. Every row must be as it was written, every message must have its content and its queue, and every content
 * a message, or the file was changed by something else and nothing of it is believed. Messages in several queues share one packet again.
 */
import type { Binding, Entry, ExchangeBinding, ExchangeSpec, Loaded, QueueSpec } from "../../../src/broker/mod.ts"
import type { Sqlite, SqliteRow } from "../../runtime/mod.ts"
import type { Form, MessageRow } from "./Changes.ts"
import { sumOfContent, sumOfMessage, sumOfThing } from "./checksums.ts"
import { StoreError } from "./StoreError.ts"
import { fromText } from "./text.ts"

/** A message, and the id of its content. */
export interface LoadedEntry<P> extends Entry<P> {
  readonly content: number
}

/** Reads a file; throws a `SqliteError` or a {@link StoreError}. */
export const load = <P>(
  sqlite: Sqlite,
  form: Form<P>,
): Loaded<P> & { readonly messages: ReadonlyArray<LoadedEntry<P>> } =>
  sqlite.transaction(() => {
    const damaged = (detail: string) => new StoreError({ path: sqlite.path, reason: "damaged", detail })
    const things = (kind: string): ReadonlyArray<unknown> =>
      sqlite.prepare("SELECT * FROM things WHERE kind = ? ORDER BY name").all(kind).map((row) => {
        try {
          const { name, spec, checksum } = row
          if (checksum !== sumOfThing(kind, name as string, spec as string)) throw changed
          return fromText(spec as string)
        } catch {
          throw damaged(`what it says of the ${kind} "${row["name"]}" cannot be read`)
        }
      })
    if (sqlite.prepare("SELECT 1 FROM things WHERE kind NOT IN ('exchange', 'queue', 'binding')").get() !== undefined) {
      throw damaged("it has something of no known kind")
    }
    const queues = things("queue") as ReadonlyArray<QueueSpec>
    const names = new Set(queues.map(({ name }) => name))
    const packets = new Map<unknown, P>()
    for (const row of sqlite.prepare("SELECT * FROM contents").all()) {
      try {
        const written = { properties: bytes(row["properties"]), body: bytes(row["body"]) }
        if (row["checksum"] !== sumOfContent({ id: row["id"] as number, ...written })) throw changed
        packets.set(row["id"], form.read(written))
      } catch {
        throw damaged(`its content ${row["id"]} cannot be read`)
      }
    }
    const used = new Set<unknown>()
    const messages = sqlite.prepare("SELECT * FROM messages ORDER BY id").all().map((row) => {
      const packet = packets.get(row["content"])
      if (packet === undefined) throw damaged(`the content of its message ${row["id"]} is missing`)
      if (!names.has(row["queue"] as string)) throw damaged(`the queue of its message ${row["id"]} is missing`)
      used.add(row["content"])
      try {
        if (row["checksum"] !== sumOfMessage(row as unknown as MessageRow)) throw changed
        return entryOf(row, packet)
      } catch {
        throw damaged(`its message ${row["id"]} cannot be read`)
      }
    })
    if (used.size < packets.size) throw damaged(`it has ${packets.size - used.size} contents without a message`)
    return {
      exchanges: things("exchange") as ReadonlyArray<ExchangeSpec>,
      queues,
      bindings: things("binding") as ReadonlyArray<Binding | ExchangeBinding>,
      messages,
    }
  })

const changed = new Error("it is not what was written")

/** Some runtimes give `null` for no bytes. */
const bytes = (value: unknown): Uint8Array => {
  if (value === null) return new Uint8Array(0)
  if (!(value instanceof Uint8Array)) throw new TypeError("these are no bytes")
  return value
}

const entryOf = <P>(row: SqliteRow, packet: P): LoadedEntry<P> => ({
  queue: row["queue"] as string,
  id: row["id"] as number,
  place: row["place"] as number,
  exchange: row["exchange"] as string,
  key: row["key"] as string,
  ...(row["carbons"] !== null && { carbons: JSON.parse(row["carbons"] as string) as ReadonlyArray<string> }),
  expiresAt: row["expires"] === null ? undefined : row["expires"] as number,
  packet,
  redelivered: row["redelivered"] === 1,
  returns: row["returns"] as number,
  content: row["content"] as number,
})
