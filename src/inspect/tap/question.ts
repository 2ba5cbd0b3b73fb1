/**
 * What a tap is asked for, read from what people write: `sales.*`, `order.lines[0].sku=P-100`.
 *
 * Pure. What cannot be read is refused with an example.
 */
import { Result, Schema } from "effect"
import { type TapCondition, tapLimits, type TapOrder } from "../../wire/mod.ts"
import { InspectError } from "../Verb.ts"

const Input = Schema.Struct({
  /** `sales.*`, `#`, `sales`, `sales.orderPlaced`; everything unless said otherwise. */
  pattern: Schema.optionalKey(Schema.String),
  /** The app that sends. */
  from: Schema.optionalKey(Schema.String),
  /** `customer=c1`; all must hold. */
  where: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Messages, or how many there are, every second. */
  mode: Schema.optionalKey(Schema.Literals(["messages", "counts"])),
  /** It ends after so many. */
  limit: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** It ends after so long, ms. */
  for: Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThan(0))),
})

/** What is asked of a tap. */
export type TapInput = typeof Input.Type

/** The same, understood. */
export interface TapQuestion {
  readonly order: Pick<TapOrder, "pattern" | "app" | "where" | "mode">
  readonly limit: number
  /** ms. */
  readonly lasts: number
}

const decode = Schema.decodeUnknownResult(Input)

/** See the top of the file. */
export const readTapInput = (input: unknown): TapQuestion | InspectError => {
  const read = decode(input)
  if (Result.isFailure(read)) return new InspectError({ problem: `Cannot tap that: ${read.failure.message}` })
  const { pattern: written = "#", from, where = [], mode = "messages" } = read.success
  const { limit = Number.POSITIVE_INFINITY, for: lasts = Number.POSITIVE_INFINITY } = read.success
  const pattern = readPattern(written)
  if (pattern === undefined) {
    return new InspectError({
      problem: `Cannot read "${written.slice(0, 100)}" as a pattern of types`,
      remedy: "Name a type (sales.orderPlaced), an api (sales), or use * for one word and # for any (sales.*)",
    })
  }
  if (from === "") {
    return new InspectError({ problem: "Cannot tap an app without a name", remedy: "Such as --from sales" })
  }
  if (where.length > tapLimits.conditions) {
    return new InspectError({ problem: `Cannot look at ${where.length} conditions; ${tapLimits.conditions} at most` })
  }
  const conditions: Array<TapCondition> = []
  for (const text of where) {
    const condition = readCondition(text)
    if (condition === undefined) {
      return new InspectError({
        problem: `Cannot read "${text.slice(0, 100)}" as a condition`,
        remedy: "Write path=value, such as customer=c1 or order.lines[0].sku=P-100",
      })
    }
    conditions.push(condition)
  }
  return { order: { pattern, where: conditions, mode, ...(from !== undefined && { app: from }) }, limit, lasts }
}

const readPattern = (text: string): string | undefined => {
  if (text.length > 255 || !/^(?:[\w-]+|\*|#)(?:\.(?:[\w-]+|\*|#))*$/.test(text)) return undefined
  return text === "*" ? "#" : /^[\w-]+$/.test(text) ? `${text}.*` : text
}

/** `a.b[0].c=value`; the value is JSON, or else a text. */
const readCondition = (text: string): TapCondition | undefined => {
  const found = /^([^=]+)=(.*)$/s.exec(text)
  if (found === null || text.length > 1_000) return undefined
  const [, path = "", value = ""] = found
  const steps = path.trim().replaceAll(/\[(\d+)\]/g, ".$1").split(".")
  return steps.some((step) => step === "" || /[[\]]/.test(step)) ? undefined : { path: steps, text: value.trim() }
}
