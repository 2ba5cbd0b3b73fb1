/**
 * One call or one emit on behalf of an HTTP client: body to message, message to the bus, outcome to JSON or a problem.
 *
 * Between the routes and the bus. The client's trace becomes the parent of what the bus sends; interrupting the fiber
 * interrupts the remote handler.
 */
import { Cause, Effect, Option, Result, Tracer } from "effect"
import { type CallSpec, type ContractSpec, type EventSpec, invalidPayload, Message } from "../contract/mod.ts"
import { type BusShape, type CallOptions, type Emitted, spanOf } from "../runtime/mod.ts"
import type { Trace } from "../wire/mod.ts"
import { type BodyLimits, readJson } from "./body.ts"
import { readId, readTimeout } from "./headers.ts"
import { type Problem, problemOf, problems } from "./problem.ts"

/** What calls and emits are made with. */
export interface Dealings {
  readonly bus: BusShape
  readonly limits: BodyLimits
  /** ms that a client can ask for at most. */
  readonly maxTimeout: number
}

/** Makes the call; succeeds with the value, encoded. `onTrail`: is told its way. */
export const makeCall = Effect.fnUntraced(function* (
  { bus, limits, maxTimeout }: Dealings,
  contract: CallSpec,
  request: Request,
  trace: Trace,
  onTrail?: CallOptions["onTrail"],
): Effect.fn.Return<unknown, Problem> {
  const timeout = yield* Effect.fromResult(readTimeout(request.headers, maxTimeout))
  const message = yield* readMessage(contract, request, limits)
  const options = { ...(timeout !== undefined && { timeout }), onTrail }
  const value = yield* outcome(contract, bus.call(message, options), trace)
  const encoded = contract.returnsCodec.encode(value)
  // a void reply is `null` in JSON
  return Result.isSuccess(encoded) ? encoded.success ?? null : yield* Effect.fail(problems.internal())
})

/** Emits the event; succeeds once the broker has confirmed. */
export const emitEvent = Effect.fnUntraced(function* (
  { bus, limits, maxTimeout }: Dealings,
  contract: EventSpec,
  request: Request,
  trace: Trace,
): Effect.fn.Return<Emitted, Problem> {
  const timeout = yield* Effect.fromResult(readTimeout(request.headers, maxTimeout))
  const id = yield* Effect.fromResult(readId(request.headers))
  const message = yield* readMessage(contract, request, limits)
  const options = { ...(timeout !== undefined && { timeout }), ...(id !== undefined && { id }) }
  return yield* outcome(contract, bus.emit(message, options), trace)
})

const readMessage = <C extends ContractSpec>(
  contract: C,
  request: Request,
  limits: BodyLimits,
): Effect.Effect<Message<C>, Problem> =>
  Effect.flatMap(readJson(request, limits), (json) => {
    const payload = contract.codec.decode(json)
    if (Result.isSuccess(payload)) {
      return Effect.succeed(new Message(contract, payload.success as C["payload"]["~type.make.in"]))
    }
    return Effect.fail(problemOf(contract, invalidPayload(contract.type, payload.failure)))
  })

/** What the bus says, in the client's trace; a failure as a problem, and whatever is nobody's declared failure in the log. */
const outcome = <A>(
  contract: ContractSpec,
  effect: Effect.Effect<A, unknown>,
  trace: Trace,
): Effect.Effect<A, Problem> =>
  effect.pipe(
    Effect.provideService(Tracer.ParentSpan, spanOf(trace)),
    Effect.catchCause((cause) => {
      const error = Cause.findErrorOption(cause)
      if (Option.isNone(error)) return Effect.failCause(cause as Cause.Cause<never>)
      const problem = problemOf(contract, error.value)
      return problem.status < 500
        ? Effect.fail(problem)
        : Effect.andThen(tell(contract, error.value, trace), Effect.fail(problem))
    }),
  )

/** What the client is not told stands here, under the trace that it is told. */
const tell = (contract: ContractSpec, error: unknown, trace: Trace): Effect.Effect<void> =>
  Effect.logWarning(error instanceof Error ? error.message : String(error)).pipe(
    Effect.annotateLogs({ type: contract.type, trace: trace.traceId }),
  )
