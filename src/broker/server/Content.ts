/**
 * What the server's queues carry: a message exactly as it was published, properties and body, and how the engine reads it.
 *
 * Between the codec and the engine. Whoever gets a message gets byte for byte what was sent; only a death adds to its headers,
 * in RabbitMQ's form (`x-death` and `x-first-death-*`), and takes its own time to live away.
 */
import { Cursor } from "../amqp/Cursor.ts"
import type { Field, Properties, Table } from "../amqp/mod.ts"
import { Pen } from "../amqp/Pen.ts"
import { getProperties, propertiesSize, putProperties } from "../amqp/properties.ts"
import type { Carbons, DeathFact, Payload } from "../Payload.ts"

/** A message as it was published; its properties stay bytes, which take a tenth of the memory and are ready to be sent. */
export class Content {
  /** The properties as they travel. */
  readonly head: Uint8Array
  readonly body: Uint8Array

  constructor(head: Uint8Array, body: Uint8Array) {
    this.head = head
    this.body = body
  }

  /** The properties, read. */
  get properties(): Properties {
    return latest.content === this ? latest.properties : remember(this, getProperties(new Cursor(this.head)))
  }
}

/** The one whose properties were read last: several ask for those of a message that is being published. */
const latest: { content: Content | undefined; properties: Properties } = { content: undefined, properties: {} }

const remember = (content: Content, properties: Properties): Properties => {
  latest.content = content
  latest.properties = properties
  return properties
}

/** A message that came in; its head is the bytes of its properties. */
export const received = (properties: Properties, head: Uint8Array, body: Uint8Array): Content => {
  const content = new Content(head, body)
  remember(content, properties)
  return content
}

/** A message with these properties. */
export const makeContent = (properties: Properties, body: Uint8Array): Content => {
  const pen = new Pen(propertiesSize(properties))
  putProperties(pen, properties)
  return received(properties, pen.done(), body)
}

/** Reads `expiration`; `undefined`: there is none, or it is no whole number of ms. */
export const expirationOf = ({ expiration }: Properties): number | undefined =>
  expiration !== undefined && /^\+?\d+$/.test(expiration) ? Number(expiration) : undefined

/** The headers that name further addressees. */
export const carbonCopies = ["CC", "BCC"] as const

/** The texts of a list of addressees; what is no text is passed over. */
export const textsOf = (field: Field | undefined): ReadonlyArray<string> =>
  field?.type === "array"
    ? field.value.flatMap(({ type, value }) => type === "longstr" && typeof value === "string" ? [value] : [])
    : []

const carbons = (content: Content): Carbons<Content> | undefined => {
  const { headers } = content.properties
  if (headers === undefined || !carbonCopies.some((name) => headers.has(name))) return undefined
  const keys = carbonCopies.flatMap((name) => textsOf(headers.get(name)))
  return { keys, packet: withoutBlind(content) }
}

/** As others see it: blind copies are nobody's business. */
export const withoutBlind = (content: Content): Content => {
  const { headers } = content.properties
  return headers?.has("BCC") === true ? withHeaders(content, without(headers, "BCC")) : content
}

const without = (headers: Table, name: string): Table => {
  const rest = new Map(headers)
  rest.delete(name)
  return rest
}

const withHeaders = ({ properties, body }: Content, headers: Table): Content =>
  makeContent({ ...properties, headers }, body)

const text = (value: string): Field => ({ type: "longstr", value })

/** The entries of `x-death` that can be read. */
const entriesOf = (headers: Table | undefined): ReadonlyArray<Table> => {
  const field = headers?.get("x-death")
  return field?.type === "array" ? field.value.flatMap(({ type, value }) => type === "table" ? [value] : []) : []
}

const textIn = (entry: Table, name: string): string => {
  const value = entry.get(name)?.value
  return typeof value === "string" ? value : ""
}

const deaths = ({ properties }: Content): ReadonlyArray<{ readonly queue: string; readonly reason: string }> =>
  entriesOf(properties.headers).map((entry) => ({ queue: textIn(entry, "queue"), reason: textIn(entry, "reason") }))

const withDeath = ({ properties, body }: Content, fact: DeathFact): Content => {
  const { expiration, headers: before = new Map<string, Field>(), ...rest } = properties
  const earlier = entriesOf(before)
  const isSame = (entry: Table) => textIn(entry, "queue") === fact.queue && textIn(entry, "reason") === fact.reason
  const same = earlier.find(isSame)
  const fresh = newDeath(before, fact, expiration)
  // RabbitMQ sorts a record that it changes, and leaves the first one as it made it
  const latest = same !== undefined ? onceMore(same) : earlier.length > 0 ? sorted(fresh) : fresh
  const headers = new Map<string, Field>(before)
  if (fact.isRerouted) headers.delete("CC")
  // the latest comes first; the order of the others RabbitMQ turns round each time
  const others = earlier.filter((entry) => entry !== same).reverse()
  headers.set("x-death", {
    type: "array",
    value: [latest, ...others].map((value) => ({ type: "table", value })),
  })
  if (!before.has("x-first-death-queue")) {
    headers.set("x-first-death-exchange", text(fact.exchange))
    headers.set("x-first-death-queue", text(fact.queue))
    headers.set("x-first-death-reason", text(fact.reason))
  }
  return makeContent({ ...rest, headers: sorted(headers) }, body)
}

/** By name, as RabbitMQ leaves a table that it has changed. */
const sorted = (table: Table): Table => new Map([...table].sort(([a], [b]) => a < b ? -1 : 1))

/** A message with how often it came back, as a quorum queue delivers it. */
export const withDeliveryCount = (content: Content, count: number): Content =>
  withHeaders(
    content,
    sorted(new Map(content.properties.headers).set("x-delivery-count", { type: "long", value: count })),
  )

const newDeath = (headers: Table, fact: DeathFact, expiration: string | undefined): Table => {
  const keys = [fact.key, ...textsOf(headers.get("CC"))]
  return new Map<string, Field>([
    ["count", { type: "long", value: 1 }],
    ["reason", text(fact.reason)],
    ["queue", text(fact.queue)],
    ["time", { type: "timestamp", value: Math.floor(fact.time / 1000) }],
    ["exchange", text(fact.exchange)],
    ["routing-keys", { type: "array", value: keys.map(text) }],
    ...(expiration === undefined ? [] : [["original-expiration", text(expiration)] as const]),
  ])
}

const onceMore = (entry: Table): Table => {
  const count = entry.get("count")
  const before = count?.type === "long" ? Number(count.value) : 0
  return sorted(new Map(entry).set("count", { type: "long", value: before + 1 }))
}

/** Properties of this length are part of what any message is taken to need. */
const usual = 512

const weight = ({ head, body }: Content): number => head.length <= usual ? body.length : body.length + head.length

/** How the engine reads a `Content`. */
export const payload: Payload<Content> = {
  expiration: ({ properties }) => expirationOf(properties),
  size: ({ body }) => body.length,
  weight,
  priority: ({ properties }) => properties.priority ?? 0,
  headers: ({ properties }) => properties.headers,
  carbons,
  deaths,
  withDeath,
}
