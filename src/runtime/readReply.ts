/**
 * What a reply says to its caller: a value, a declared error, or one of the errors of calls.
 *
 * Below `Caller`, which knows whose reply it is. Total: whatever a foreign program put into a reply, the call ends with it.
 */
import { Exit, Result } from "effect"
import {
  type CallError,
  type CallSpec,
  DeadlineExceeded,
  HandlerDied,
  HandlerFailed,
  invalidPayload,
  invalidReply,
  type Misfit,
  Overloaded,
  type Seen,
  show,
} from "../contract/mod.ts"
import type { HeaderValue } from "../transport/mod.ts"
import { fromBytes } from "../wire/mod.ts"

/** The outcome of a call. `tag`: its header `warren-error`; `seen` is asked only where it failed. */
export const readReply = (
  contract: CallSpec,
  tag: HeaderValue | undefined,
  bytes: Uint8Array,
  seen: () => Seen,
): Exit.Exit<unknown, unknown> => {
  const call = contract.type
  const body = fromBytes(bytes)
  const unreadable = (misfits: ReadonlyArray<Misfit>) => Exit.fail(invalidReply(call, misfits, seen()))
  if (Result.isFailure(body)) {
    return unreadable([{ field: "", value: `${bytes.length} bytes`, expected: `JSON: ${body.failure.detail}` }])
  }
  if (tag === undefined) {
    const value = contract.returnsCodec.decode(body.success)
    return Result.isSuccess(value) ? Exit.succeed(value.success) : unreadable(value.failure)
  }
  if (tag === "declared") {
    const error = contract.failsCodec.decode(body.success)
    return Result.isSuccess(error) ? Exit.fail(error.success) : unreadable(error.failure)
  }
  return Exit.fail(toCallError(call, String(tag), body.success, seen()))
}

/** A failure as the server told it, with what this caller knows added. */
const toCallError = (call: string, tag: string, facts: unknown, seen: Seen): CallError => {
  const fact = (name: string): unknown =>
    typeof facts === "object" && facts !== null ? (facts as Record<string, unknown>)[name] : undefined
  const detail = textOf(fact("detail")) || tag
  switch (tag) {
    case "InvalidPayload": {
      const told = fact("misfits")
      const misfits = Array.isArray(told) && told.length > 0 ? told.map(misfitOf) : [misfitOf(facts)]
      return invalidPayload(call, misfits)
    }
    case "InvalidReply":
      return invalidReply(call, [misfitOf(facts)], seen)
    case "HandlerDied":
      return new HandlerDied({ call, detail, ...seen })
    case "Overloaded":
      return new Overloaded({ call, detail, ...seen })
    case "DeadlineExceeded":
      return new DeadlineExceeded({ call, timeout: Number(fact("timeout") ?? 0), stage: "waiting", ...seen })
    default: {
      const chain = fact("chain")
      return new HandlerFailed({ call, detail, chain: Array.isArray(chain) ? chain.map(textOf) : [call], ...seen })
    }
  }
}

// facts come from the wire: any JSON value may stand where a text should
const textOf = (fact: unknown): string => fact === undefined ? "" : typeof fact === "string" ? fact : show(fact)

const misfitOf = (facts: unknown): Misfit => {
  const { field, value, expected } = (facts ?? {}) as Readonly<Record<string, unknown>>
  return { field: textOf(field), value: textOf(value), expected: textOf(expected) }
}
