/**
 * What an engine has reported and the disk does not know yet, and what the disk does know of each message.
 *
 * Between `Store.ts`, which is the engine's journal, and `write.ts`, which brings a group to the disk. What entered and left
 * in between is never written. A content that enters several queues at once has one row, which goes with the last of them. Does no
 * I/O: it gives a group, and is told when that is written; a group that could not be is part of the next.
 */
import type { Entry } from "../../../src/broker/mod.ts"
import { toText } from "./text.ts"

/** What the store has to know of what is published. */
export interface Form<P> {
  /** Whether it is to be kept in a queue that does not keep everything. */
  readonly isPersistent: (packet: P) => boolean
  /** Everything it is, in two pieces. */
  readonly write: (packet: P) => Written
  /** The reverse; throws where the pieces are not what was written. */
  readonly read: (written: Written) => P
}

/** What was published, for the disk. */
export interface Written {
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

/** A row of contents. */
export interface ContentRow extends Written {
  readonly id: number
}

/** A row of messages. */
export interface MessageRow {
  readonly id: number
  readonly queue: string
  readonly place: number
  readonly content: number
  readonly exchange: string
  readonly key: string
  readonly carbons: string | null
  readonly expires: number | null
  readonly redelivered: boolean
  readonly returns: number
}

/** How messages that are written have changed. */
export type Mark = Pick<MessageRow, "id" | "redelivered" | "returns">

/** Exchanges, queues and bindings. */
export type Kind = "exchange" | "queue" | "binding"

/** Something with a name; without a `spec`: it is gone. */
export interface Thing {
  readonly kind: Kind
  readonly name: string
  readonly spec: string | undefined
}

/** What goes to the disk together. */
export interface Group {
  readonly things: ReadonlyArray<Thing>
  readonly contents: ReadonlyArray<ContentRow>
  readonly messages: ReadonlyArray<MessageRow>
  readonly marks: ReadonlyArray<Mark>
  /** Ids of messages and contents that are gone. */
  readonly goneMessages: ReadonlyArray<number>
  readonly goneContents: ReadonlyArray<number>
}

/** A content in memory; what it is only until it is written. */
interface Content<P> {
  readonly id: number
  packet: P | undefined
  copies: number
  isWritten: boolean
}

/** A message in memory; what it is only until it is written. */
interface Row<P> {
  readonly id: number
  readonly content: Content<P>
  entry: Entry<P> | undefined
  redelivered: boolean
  returns: number
}

/** See the top of the file. */
export class Changes<P> {
  readonly #form: Form<P>
  /** Every message that is kept, by queue and id. */
  readonly #rows = new Map<string, Map<number, Row<P>>>()
  /** Contents that may enter one more queue in the same moment. */
  readonly #contents = new Map<P, Content<P>>()
  readonly #things = new Map<string, Thing>()
  readonly #new = new Set<Row<P>>()
  readonly #marked = new Set<Row<P>>()
  #goneMessages: Array<number> = []
  #goneContents: Array<number> = []

  constructor(form: Form<P>) {
    this.#form = form
  }

  /** Whether a group would have nothing in it. */
  get isEmpty(): boolean {
    return this.#things.size + this.#new.size + this.#marked.size + this.#goneMessages.length === 0
  }

  /** Messages that are kept. */
  get size(): number {
    let size = 0
    for (const rows of this.#rows.values()) size += rows.size
    return size
  }

  /** Something is there, or is as it was not before. */
  declared(kind: Kind, name: string, spec: unknown): void {
    this.#things.set(`${kind} ${name}`, { kind, name, spec: toText(spec) })
  }

  /** Something is gone. */
  gone(kind: Kind, name: string): void {
    this.#things.set(`${kind} ${name}`, { kind, name, spec: undefined })
  }

  /** A message is in a queue. */
  entered(entry: Entry<P>): void {
    this.#new.add(this.#keep(entry, false))
  }

  /** A message was read from the disk; after the last of them comes `loadedAll`. */
  loaded(entry: Entry<P>, content: number): void {
    const row = this.#keep(entry, true, content)
    row.entry = row.content.packet = undefined
  }

  /** See `loaded`. */
  loadedAll(): void {
    this.#contents.clear()
  }

  /** How a message would come back now. */
  mark(queue: string, id: number, redelivered: boolean, returns: number): void {
    const row = this.#rows.get(queue)?.get(id)
    if (row === undefined || (row.redelivered === redelivered && row.returns === returns)) return
    row.redelivered = redelivered
    row.returns = returns
    if (row.entry === undefined) this.#marked.add(row)
  }

  /** How often a message would have come back, if it came back now; `undefined`: it is not kept. */
  returnsOf(queue: string, id: number): number | undefined {
    return this.#rows.get(queue)?.get(id)?.returns
  }

  /** A message is no longer in its queue. */
  left(queue: string, id: number): void {
    const rows = this.#rows.get(queue)
    const row = rows?.get(id)
    if (rows === undefined || row === undefined) return
    rows.delete(id)
    this.#forget(row)
  }

  /** All messages of a queue are gone. */
  emptied(queue: string): void {
    for (const row of this.#rows.get(queue)?.values() ?? []) this.#forget(row)
    this.#rows.delete(queue)
  }

  /** What is to be written now; changes nothing. */
  next(): Group {
    const contents = new Map<Content<P>, ContentRow>()
    for (const { content } of this.#new) {
      if (content.isWritten || contents.has(content)) continue
      contents.set(content, { id: content.id, ...this.#form.write(content.packet as P) })
    }
    return {
      things: [...this.#things.values()],
      contents: [...contents.values()],
      messages: Array.from(this.#new, rowOf),
      marks: Array.from(this.#marked, ({ id, redelivered, returns }) => ({ id, redelivered, returns })),
      goneMessages: this.#goneMessages,
      goneContents: this.#goneContents,
    }
  }

  /** What `next` gave is written; nothing was told in between. */
  written(): void {
    for (const row of this.#new) {
      row.content.isWritten = true
      row.entry = row.content.packet = undefined
    }
    this.#contents.clear()
    this.#things.clear()
    this.#new.clear()
    this.#marked.clear()
    this.#goneMessages = []
    this.#goneContents = []
  }

  #keep(entry: Entry<P>, isWritten: boolean, id: number = entry.id): Row<P> {
    const { packet, queue, redelivered, returns } = entry
    const content: Content<P> = this.#contents.get(packet) ?? { id, packet, copies: 0, isWritten }
    if (content.copies++ === 0) this.#contents.set(packet, content)
    const row: Row<P> = { id: entry.id, content, entry, redelivered, returns }
    const rows = this.#rows.get(queue)
    if (rows === undefined) this.#rows.set(queue, new Map([[entry.id, row]]))
    else rows.set(entry.id, row)
    return row
  }

  #forget(row: Row<P>): void {
    const { content } = row
    if (row.entry === undefined) {
      this.#marked.delete(row)
      this.#goneMessages.push(row.id)
    } else {
      this.#new.delete(row)
    }
    if (--content.copies > 0) return
    if (content.isWritten) this.#goneContents.push(content.id)
    else if (content.packet !== undefined) this.#contents.delete(content.packet)
  }
}

/** Of a message that is not written yet. */
const rowOf = <P>(row: Row<P>): MessageRow => {
  const { id, content, redelivered, returns } = row
  const entry = row.entry!
  return {
    id,
    queue: entry.queue,
    place: entry.place,
    content: content.id,
    exchange: entry.exchange,
    key: entry.key,
    carbons: entry.carbons === undefined || entry.carbons.length === 0 ? null : JSON.stringify(entry.carbons),
    expires: entry.expiresAt ?? null,
    redelivered,
    returns,
  }
}
