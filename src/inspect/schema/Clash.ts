/**
 * Two shapes of one contract held against each other, part by part: what one side writes that the other refuses.
 *
 * Above `fits.ts`. Requests and events go from whoever sends to whoever handles, replies and declared failures the other
 * way; both shapes may be on either side while old and new run side by side. Pure; a schema from elsewhere that cannot be
 * compared is said to be one.
 */
import { appOfHandler, type Part, type SchemaContract, type SchemaDocument, shapeOf } from "./Document.ts"
import { fits, type Misfit } from "./fits.ts"
import type { Schema } from "./Alternative.ts"

/** A shape of a contract, and the document it is in. */
export interface Side {
  readonly contract: SchemaContract
  readonly document: SchemaDocument
}

/** One place where what one side writes is not, or perhaps not, read by the other. */
export interface Clash {
  readonly part: Part | "kind"
  /** Who writes by which shape. */
  readonly direction: "old to new" | "new to old"
  /** `harmless`: nobody is there to whom it could happen. */
  readonly verdict: "breaks" | "unknown" | "harmless"
  /** Whether every value is refused, rather than some. */
  readonly isAlways: boolean
  /** `sku`, `lines[].sku`; `""`: the whole. */
  readonly path: string
  /** What is written, and what is read, in words. */
  readonly writer: string
  readonly reader: string
  /** Why it cannot be told. */
  readonly why?: string
  /** A whole value that is written and refused. */
  readonly example?: { readonly value: unknown }
  /** Who writes: apps, or handlers. `null`: not known. */
  readonly writers: ReadonlyArray<string> | null
  /** Who refuses. `null`: not known. */
  readonly readers: ReadonlyArray<string> | null
  /** Apps that do not get what they want: listeners, and callers; `sales+parts`: one of those. `null`: not known. */
  readonly breaks: ReadonlyArray<string> | null
}

/** Every clash of two shapes, in both directions. */
export const clashesOf = (old: Side, new_: Side): ReadonlyArray<Clash> => {
  if (shapeOf(old.contract) === shapeOf(new_.contract)) return []
  if (old.contract.kind !== new_.contract.kind) return [otherKind(old, new_)]
  const { kind } = old.contract
  const ways: ReadonlyArray<readonly [part: Part, direction: Clash["direction"]]> = kind === "event"
    ? [["payload", "old to new"], ["payload", "new to old"]]
    : [
      ["payload", "old to new"],
      ["payload", "new to old"],
      ["returns", "new to old"],
      ["returns", "old to new"],
      ["fails", "new to old"],
      ["fails", "old to new"],
    ]
  return ways.flatMap(([part, direction]) => {
    const [writer, reader] = direction === "old to new" ? [old, new_] : [new_, old]
    const isRequest = part === "payload"
    const writers = isRequest ? senders(writer, reader) : handlers(writer, reader)
    const readers = isRequest ? handlers(reader, writer) : senders(reader, writer)
    const breaks = kind === "event" ? appsOf(readers) : isRequest ? writers : readers
    const isNobody = writers?.length === 0 || readers?.length === 0
    return compared(writer.contract[part], reader.contract[part]).map((misfit): Clash => {
      const { path, verdict, isAlways, why, example } = misfit
      return {
        part,
        direction,
        verdict: isNobody ? "harmless" : verdict,
        isAlways,
        path: pathOf(path),
        writer: misfit.writer,
        reader: misfit.reader,
        ...(why !== undefined && { why }),
        ...(example !== undefined && { example: { value: example.value } }),
        writers,
        readers,
        breaks: isNobody ? [] : breaks,
      }
    })
  })
}

const otherKind = (old: Side, new_: Side): Clash => {
  const isCall = old.contract.kind === "call"
  const breaks = isCall ? senders(old, new_) : appsOf(handlers(old, new_))
  return {
    part: "kind",
    direction: isCall ? "old to new" : "new to old",
    verdict: breaks?.length === 0 ? "harmless" : "breaks",
    isAlways: true,
    path: "",
    writer: isCall ? "a call" : "an event",
    reader: isCall ? "an event" : "a call",
    writers: senders(old, new_),
    readers: handlers(old, new_),
    breaks,
  }
}

const compared = (writer: Schema | undefined, reader: Schema | undefined): ReadonlyArray<Misfit> => {
  // an answer of which nothing is said
  if (writer === undefined || reader === undefined) {
    const why = "one side does not say what it looks like"
    return writer === reader ? [] : [{ path: [], verdict: "unknown", isAlways: false, ...unsaid(writer, reader), why }]
  }
  try {
    return fits(writer, reader)
  } catch (thrown) {
    const why = `the schemas cannot be compared: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    return [{ path: [], verdict: "unknown", isAlways: false, ...unsaid(writer, reader), why }]
  }
}

const unsaid = (writer: Schema | undefined, reader: Schema | undefined) => ({
  writer: writer === undefined ? "something" : "what its schema says",
  reader: reader === undefined ? "something" : "what its schema says",
})

const pathOf = (steps: ReadonlyArray<string>): string =>
  steps.map((step, i) => i === 0 || step.startsWith("[") ? step : `.${step}`).join("")

/** Apps that send by a shape; where nobody says it of this one, those that send by the other take part in the change. */
const senders = ({ contract }: Side, other: Side): ReadonlyArray<string> | null => {
  if (contract.sentBy !== undefined) return contract.sentBy
  const others = other.contract.sentBy ?? []
  return others.length > 0 ? others : null
}

/** Handlers by a shape; of modules it is only known who is among them. */
const handlers = ({ contract, document }: Side, other: Side): ReadonlyArray<string> | null => {
  const { handledBy } = contract
  if (handledBy.length > 0 || document.source === "running") return handledBy
  return other.contract.handledBy.length > 0 ? other.contract.handledBy : null
}

const appsOf = (labels: ReadonlyArray<string> | null): ReadonlyArray<string> | null =>
  labels === null ? null : [...new Set(labels.map(appOfHandler))]
