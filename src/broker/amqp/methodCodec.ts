/**
 * Methods as bytes: the payload of a method frame.
 *
 * Above `methods.ts`, whose list it follows: nothing here knows a method by name. Arguments that are too short or too long
 * are refused as RabbitMQ does (501), a method that is not on the list by 503. Bits that stand side by side share bytes.
 */
import { Cursor } from "./Cursor.ts"
import { table } from "./fields.ts"
import {
  type ArgumentType,
  type ArgumentTypes,
  type Method,
  type MethodName,
  methods,
  type MethodSpec,
} from "./methods.ts"
import type { Pen } from "./Pen.ts"
import { long, longlong, longstr, octet, type Primitive, short, shortstr } from "./primitives.ts"
import { isWireError, type WireError, wireError } from "./WireError.ts"

/** An argument by its type; the list and the types of values belong to each other by construction. */
type Value = ArgumentTypes[ArgumentType]

/** The values of a method by name. */
type Values = Record<string, Value>

/** Reads or writes one argument, or the bits that share a byte. */
interface Step {
  readonly size: (values: Values) => number
  readonly write: (pen: Pen, values: Values) => void
  readonly read: (cursor: Cursor, values: Values) => void
}

const forms: { readonly [T in Exclude<ArgumentType, "bit">]: Primitive<ArgumentTypes[T]> } = {
  octet,
  short,
  long,
  longlong,
  shortstr,
  longstr,
  table,
}

/** What stands in the place of a reserved argument. */
const blanks: { readonly [T in Exclude<ArgumentType, "bit">]: ArgumentTypes[T] } = {
  octet: 0,
  short: 0,
  long: 0,
  longlong: 0,
  shortstr: "",
  longstr: new Uint8Array(0),
  table: new Map(),
}

const isReserved = (name: string): boolean => name.startsWith("reserved")

const argument = (name: string, type: Exclude<ArgumentType, "bit">): Step => {
  const form = forms[type] as Primitive<Value>
  if (isReserved(name)) {
    const blank = blanks[type]
    return {
      size: () => form.size(blank),
      write: (pen) => form.write(pen, blank),
      read: (cursor) => void form.read(cursor),
    }
  }
  return {
    size: (values) => form.size(values[name]!),
    write: (pen, values) => form.write(pen, values[name]!),
    read: (cursor, values) => {
      values[name] = form.read(cursor)
    },
  }
}

/** Up to eight bits, the first one lowest. */
const bits = (names: ReadonlyArray<string>): Step => ({
  size: () => 1,
  write: (pen, values) => {
    let byte = 0
    for (let i = 0; i < names.length; i++) if (values[names[i]!] === true) byte |= 1 << i
    octet.write(pen, byte)
  },
  read: (cursor, values) => {
    const byte = octet.read(cursor)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      if (!isReserved(name)) values[name] = (byte & (1 << i)) !== 0
    }
  },
})

const stepsOf = (args: MethodSpec["arguments"]): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  let group: Array<string> = []
  const endGroup = () => {
    if (group.length > 0) steps.push(bits(group))
    group = []
  }
  for (const [name, type] of Object.entries(args)) {
    if (type === "bit") {
      if (group.length === 8) endGroup()
      group.push(name)
      continue
    }
    endGroup()
    steps.push(argument(name, type))
  }
  endGroup()
  return steps
}

/** What is known of a method. */
interface Known {
  readonly name: MethodName
  readonly classId: number
  readonly methodId: number
  readonly steps: ReadonlyArray<Step>
}

const byName = new Map<MethodName, Known>()
const byId = new Map<number, Known>()

const idOf = (classId: number, methodId: number): number => classId * 0x10000 + methodId

for (const [name, spec] of Object.entries(methods) as ReadonlyArray<[MethodName, MethodSpec]>) {
  const { classId, methodId } = spec
  const known = { name, classId, methodId, steps: stepsOf(spec.arguments) }
  byName.set(name, known)
  byId.set(idOf(classId, methodId), known)
}

const knownOf = ({ name }: Method): Known => {
  const known = byName.get(name)
  if (known === undefined) throw new RangeError(`Cannot write the method "${String(name)}": no such method`)
  return known
}

/** Bytes of a method as payload; throws a `RangeError` for a value that has no form. */
export const methodSize = (method: Method): number => {
  let size = 4
  for (const step of knownOf(method).steps) size += step.size(method as unknown as Values)
  return size
}

/** Writes a method as payload. */
export const putMethod = (pen: Pen, method: Method): void => {
  const { classId, methodId, steps } = knownOf(method)
  short.write(pen, classId)
  short.write(pen, methodId)
  for (const step of steps) step.write(pen, method as unknown as Values)
}

/** Reads the payload of a method frame. */
export const readMethod = (payload: Uint8Array): Method | WireError => {
  const cursor = new Cursor(payload)
  let known: Known | undefined
  try {
    const classId = short.read(cursor)
    const methodId = short.read(cursor)
    known = byId.get(idOf(classId, methodId))
    if (known === undefined) {
      return wireError("CommandInvalid", 7, "a method", `class ${classId}, method ${methodId}`, classId, methodId)
    }
    const method: Record<string, Value> = { name: known.name }
    for (const step of known.steps) step.read(cursor, method)
    if (cursor.at < cursor.end) {
      throw cursor.wrong("FrameError", `the end of ${known.name}`, `${cursor.end - cursor.at} bytes more`)
    }
    return method as unknown as Method
  } catch (error) {
    if (!isWireError(error)) throw error
    if (known === undefined) return error
    const { _tag, offset, expected, found } = error
    return wireError(_tag, offset, expected, found, known.classId, known.methodId)
  }
}

/** The refusal of a method that is known and not done here; for whoever serves. */
export const notImplemented = ({ name }: Method, why = name as string): WireError => {
  const { classId, methodId } = methods[name]
  return wireError("NotImplemented", 7, "a method that is done here", why, classId, methodId)
}
