/**
 * The bus through a gateway: typed messages over HTTP, and the same typed errors back.
 *
 * Above `client`, below `connect({ url })`. A problem becomes the error it was made from, as far as the gateway told it;
 * what only a gateway can say (no token, not exposed) is `Disconnected` with its words. Handles nothing: handlers need a broker.
 */
import { Effect, Result } from "effect"
import {
  type CallError,
  type CallSpec,
  DeadlineExceeded,
  Disconnected,
  type EmitError,
  type EventSpec,
  HandlerDied,
  HandlerFailed,
  invalidPayload,
  InvalidReply,
  invalidReply,
  type Message,
  type Misfit,
  NoHandler,
  NotConfirmed,
  Overloaded,
  ReplyLost,
  type Seen,
  unseen,
} from "../contract/mod.ts"
import { type BusShape, type CallOptions, type EmitOptions, millis } from "../runtime/mod.ts"
import { GatewayProblem } from "./answer.ts"
import type { GatewayClient, RequestError } from "./client.ts"
import { declaredType, problemType } from "./problem.ts"

/** A bus that goes through a gateway. */
export const httpBus = (client: GatewayClient): BusShape => {
  const call = (message: Message<CallSpec>, options: CallOptions = {}): Effect.Effect<unknown, unknown> => {
    const { contract } = message
    const encoded = contract.codec.encode(message.payload)
    if (Result.isFailure(encoded)) return Effect.fail(invalidPayload(contract.type, encoded.failure))
    return client.call(contract.type, encoded.success, { ...timeoutOf(options), onTrail: options.onTrail }).pipe(
      Effect.mapError((error) => callError(contract, error)),
      Effect.flatMap((json) =>
        Effect.fromResult(
          Result.mapError(
            contract.returnsCodec.decode(json),
            (misfits) => invalidReply(contract.type, misfits, unseen),
          ),
        )
      ),
    )
  }
  const emit = (message: Message<EventSpec>, options: EmitOptions = {}) => {
    const { contract } = message
    const encoded = contract.codec.encode(message.payload)
    if (Result.isFailure(encoded)) return Effect.fail(invalidPayload(contract.type, encoded.failure))
    return client.emit(contract.type, encoded.success, { ...timeoutOf(options), id: options.id }).pipe(
      Effect.mapError((error) => emitError(contract.type, error)),
    )
  }
  // erased inside, exact at the door, as in `BusLive`
  return { call: call as BusShape["call"], emit: emit as BusShape["emit"] }
}

const timeoutOf = ({ timeout }: CallOptions) => timeout === undefined ? {} : { timeout: millis("timeout", timeout) }

/** The declared error or the call error that a problem was made from. */
const callError = (contract: CallSpec, error: RequestError): unknown => {
  if (!(error instanceof GatewayProblem)) return error
  if (error.type.startsWith(declaredType(""))) {
    const declared = contract.failsCodec.decode(error.members["error"])
    return Result.isSuccess(declared) ? declared.success : invalidReply(contract.type, declared.failure, unseen)
  }
  return busError(contract.type, error)
}

const emitError = (event: string, error: RequestError): EmitError => {
  if (error instanceof ReplyLost) return new Disconnected({ call: event, detail: error.detail, ...unseen })
  if (!(error instanceof GatewayProblem)) return error
  const told = error.type === problemType("not-confirmed")
    ? new NotConfirmed({ event, detail: "the gateway's broker did not take it" })
    : busError(event, error)
  return isEmitError(told) ? told : new Disconnected({ call: event, detail: error.detail, ...unseen })
}

const isEmitError = (error: CallError | NotConfirmed): error is EmitError =>
  ["InvalidPayload", "NotConfirmed", "DeadlineExceeded", "Disconnected"].includes(error._tag)

const busError = (call: string, problem: GatewayProblem): CallError => {
  const { detail, members, url } = problem
  const seen = readSeen(members)
  switch (problem.type) {
    case problemType("invalid-payload"):
      return invalidPayload(call, readMisfits(members))
    case problemType("too-large"): {
      const expected = `at most ${members["limit"]} bytes`
      return invalidPayload(call, [{ field: "", value: "too many bytes", expected }])
    }
    case problemType("overloaded"):
      return new Overloaded({ call, detail: "too much is waiting already", ...seen })
    case problemType("no-handler"):
      return new NoHandler({ call, ...seen })
    case problemType("deadline-exceeded"): {
      const { timeout, stage } = members
      return new DeadlineExceeded({
        call,
        timeout: typeof timeout === "number" ? timeout : 0,
        stage: stage === "sending" || stage === "confirming" ? stage : "waiting",
        ...seen,
      })
    }
    case problemType("invalid-reply"):
      return new InvalidReply({
        call,
        field: "",
        value: "the handler's answer",
        expected: `what fits; trace ${members["trace"]}`,
        ...seen,
      })
    case problemType("handler-failed"):
      return new HandlerFailed({ call, detail: `trace ${members["trace"]}`, chain: [call], ...seen })
    case problemType("handler-died"):
      return new HandlerDied({ call, detail: `trace ${members["trace"]}`, ...seen })
    case problemType("reply-lost"):
    case problemType("internal"):
      return new ReplyLost({ call, detail: `${detail}; trace ${members["trace"]}`, ...seen })
    default:
      return new Disconnected({ call, detail: `the gateway at ${url} refuses: ${detail}`, ...seen })
  }
}

const readSeen = ({ servers, lane, lastHeartbeat }: GatewayProblem["members"]): Seen => ({
  servers: typeof servers === "number" ? servers : null,
  lane: typeof lane === "string" ? lane : unseen.lane,
  lastHeartbeat: typeof lastHeartbeat === "number" ? lastHeartbeat : null,
})

const readMisfits = (members: GatewayProblem["members"]): ReadonlyArray<Misfit> => {
  const read = (from: object): Misfit => {
    const { field, value, expected } = from as Record<string, unknown>
    return { field: String(field ?? ""), value: String(value ?? ""), expected: String(expected ?? "") }
  }
  const { misfits } = members
  return Array.isArray(misfits) && misfits.length > 0
    ? misfits.map((misfit: unknown) => read(typeof misfit === "object" && misfit !== null ? misfit : {}))
    : [read(members)]
}
