/**
 * The properties of a message: the payload of a header frame behind its fixed part.
 *
 * Above primitives and tables. Each property has one bit among the flags, in the order of this list, and bytes only when its
 * bit is set; the bit behind the last one counts for nothing, as with RabbitMQ, and a second word of flags is refused.
 */
import type { Cursor } from "./Cursor.ts"
import { type Table, table } from "./fields.ts"
import type { Pen } from "./Pen.ts"
import { type Long, octet, type Primitive, short, shortstr, timestamp } from "./primitives.ts"

/** What they are; what is not there was not sent. */
export interface Properties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly headers?: Table | undefined
  /** 2: it is to survive the broker. */
  readonly deliveryMode?: number | undefined
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** Milliseconds, as text. */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  /** Seconds since the epoch. */
  readonly timestamp?: Long | undefined
  readonly type?: string | undefined
  readonly userId?: string | undefined
  readonly appId?: string | undefined
  readonly clusterId?: string | undefined
}

/** Each with its form, from the highest bit down. */
const forms: { readonly [K in keyof Properties]-?: Primitive<NonNullable<Properties[K]>> } = {
  contentType: shortstr,
  contentEncoding: shortstr,
  headers: table,
  deliveryMode: octet,
  priority: octet,
  correlationId: shortstr,
  replyTo: shortstr,
  expiration: shortstr,
  messageId: shortstr,
  timestamp,
  type: shortstr,
  userId: shortstr,
  appId: shortstr,
  clusterId: shortstr,
}

type Key = keyof Properties
type Value = NonNullable<Properties[Key]>

const highest = 0x8000

const list = (Object.entries(forms) as ReadonlyArray<[Key, Primitive<Value>]>)
  .map(([key, form], i) => ({ key, form, flag: highest >> i }))

/** Another word of flags follows. */
const more = 1

/** Bytes of flags and properties; throws a `RangeError` for a value that has no form. */
export const propertiesSize = (properties: Properties): number => {
  let size = 2
  for (const { key, form } of list) {
    const value = properties[key]
    if (value !== undefined) size += form.size(value)
  }
  return size
}

/** Writes flags and properties. */
export const putProperties = (pen: Pen, properties: Properties): void => {
  const at = pen.skip(2)
  let flags = 0
  for (const { key, form, flag } of list) {
    const value = properties[key]
    if (value === undefined) continue
    flags |= flag
    form.write(pen, value)
  }
  const end = pen.at
  pen.at = at
  short.write(pen, flags)
  pen.at = end
}

/** Reads flags and properties up to the end of the cursor; throws a `WireError`. */
export const getProperties = (cursor: Cursor): Properties => {
  const from = cursor.at
  const flags = short.read(cursor)
  cursor.tag = "SyntaxError"
  if ((flags & more) !== 0) throw cursor.wrong("SyntaxError", "one word of flags", "a second one", from)
  const properties: Partial<Record<Key, Value>> = {}
  // most messages have few
  for (let i = 0, rest = flags & ~0x3; rest !== 0; i++, rest = (rest << 1) & 0xffff) {
    if ((rest & highest) === 0) continue
    const { key, form } = list[i]!
    properties[key] = form.read(cursor)
  }
  if (cursor.at < cursor.end) {
    throw cursor.wrong("SyntaxError", "the end of the properties", `${cursor.end - cursor.at} bytes more`)
  }
  return properties as Properties
}
