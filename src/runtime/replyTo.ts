/**
 * What a call handler is given and what its caller is told: a payload read, an outcome as the body of a reply.
 *
 * Below `Serve`, which decides when. Total: whatever a foreign program sent and whatever a handler threw, there is one reply.
 */
import { Effect, Predicate, Result } from "effect"
import { type CallSpec, HandlerFailed, isCallError } from "../contract/mod.ts"
import type { Packet } from "../transport/mod.ts"
import { fromBytes, readMeta, type ReplyBody, toBytes } from "../wire/mod.ts"
import { bodyOf } from "./body.ts"
import { type Bound, describeError, type Outcome } from "./invoke.ts"
import type { OpenStep } from "./Telemetry.ts"

/** The payload of a call, or what does not fit. */
export const readPayload = (contract: CallSpec, packet: Packet) => {
  const json = fromBytes(packet.body)
  const misfits = Result.isFailure(json)
    ? [{ field: "", value: `${packet.body.length} bytes`, expected: `JSON: ${json.failure.detail}` }]
    : undefined
  if (misfits !== undefined || Result.isFailure(json)) return Result.fail({ ...misfits![0]!, misfits: misfits! })
  return Result.mapError(contract.codec.decode(json.success), (found) => ({ ...found[0]!, misfits: found }))
}

/** What a failure says of itself, as plain JSON: strings, numbers and lists of them. */
type Facts = { readonly [name: string]: unknown }

/** One of the errors of calls as a reply. */
export const failure = (tag: string, facts: Facts): ReplyBody => ({
  _tag: "Failure",
  tag,
  body: Result.getOrElse(toBytes(facts), () => new Uint8Array(0)),
})

const failed = (contract: CallSpec, detail: string, chain: ReadonlyArray<string> = []): ReplyBody =>
  failure("HandlerFailed", { detail, chain: [contract.type, ...chain] })

/** What the caller is told. */
export const replyTo = (contract: CallSpec, outcome: Outcome, bound: Bound): ReplyBody => {
  switch (outcome._tag) {
    case "Done": {
      const body = bodyOf(contract.returnsCodec, outcome.value)
      return Result.isSuccess(body)
        ? { _tag: "Value", body: body.success }
        : failure("InvalidReply", { ...body.failure[0] })
    }
    case "Failed": {
      try {
        // without a tag it is nobody's declared error, whatever its fields
        const declared = Predicate.hasProperty(outcome.error, "_tag") && bodyOf(contract.failsCodec, outcome.error)
        if (declared && Result.isSuccess(declared)) return { _tag: "Declared", body: declared.success }
        return failed(contract, detailOf(outcome.error), chainOf(outcome.error))
      } catch {
        // what was thrown cannot even be asked what it is (a revoked proxy)
        return failed(contract, describeError(outcome.error))
      }
    }
    case "Stopped":
      return failed(contract, `it ran longer than its timeout of ${bound.handler.timeout} ms`)
  }
}

/** A failure that came through other calls is told by its end; the chain tells the way. */
const detailOf = (error: unknown): string => error instanceof HandlerFailed ? error.detail : describeError(error)

/** The calls an error came through before it got here. */
const chainOf = (error: unknown): ReadonlyArray<string> => {
  if (error instanceof HandlerFailed) return error.chain
  if (isCallError(error) && "call" in error) return [error.call]
  return []
}

/** A failure as text for people. */
export const errorOf = (outcome: Outcome, body: ReplyBody): string =>
  outcome._tag === "Failed"
    ? describeError(outcome.error)
    : body._tag === "Failure"
    ? `${body.tag} ${new TextDecoder().decode(body.body)}`
    : ""

/** What the handler's span says: a declared error is an answer, and no fault of the server. */
export const endStep = (step: OpenStep, outcome: Outcome, body: ReplyBody): void => {
  if (body._tag === "Value") return step.end("handled")
  if (body._tag === "Declared") return step.end("declared", outcome._tag === "Failed" ? outcome.error : undefined)
  if (outcome._tag === "Stopped") return step.fail("timeout", outcome.why)
  step.fail("failed", outcome._tag === "Failed" ? outcome.error : body.tag)
}

/** The whole cause goes to this app's log; the caller gets one line of it. */
export const logFailure = (bound: Bound, packet: Packet, outcome: Outcome, body: ReplyBody): void => {
  if (body._tag !== "Failure") return
  const detail = outcome._tag === "Failed" ? outcome.cause : errorOf(outcome, body)
  bound.core.runFork(
    Effect.logError(`Cannot answer "${packet.type}": ${errorOf(outcome, body)}`, detail).pipe(
      Effect.annotateLogs({
        app: bound.app,
        handler: bound.label,
        id: packet.id,
        // what the gateway tells its client instead of the cause
        trace: readMeta(packet).trace?.traceId,
      }),
    ),
  )
}
