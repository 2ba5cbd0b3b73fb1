/**
 * Reaches running processes straight over a broker, knowing their contracts from modules at hand.
 *
 * Below `call` and `emit` with `--broker`. Loads the modules for their apis, runs none of their handlers, and joins the
 * broker as one more process for as long as it takes.
 */
import { Cause, Effect, Logger, Option, References, Result, type Scope } from "effect"
import { type CallSpec, type ContractSpec, type EventSpec, Message, nearest } from "../contract/mod.ts"
import { launch } from "../launch/mod.ts"
import type { BusShape, CallOptions, Settings } from "../runtime/mod.ts"
import { discover } from "./discover.ts"
import { lookingAt } from "./embedded.ts"
import { CliFailure } from "./Failure.ts"
import { load } from "./load.ts"
import type { Name, Reach } from "./reach.ts"
import { describe } from "./stack.ts"

/** What to say, and how long to wait. */
export interface Saying {
  readonly name: Name
  readonly payload: unknown
  readonly timeout: number | undefined
  /** How a call travels. */
  readonly lane?: Settings["lane"] | undefined
  /** Is told the way of a call. */
  readonly onTrail?: CallOptions["onTrail"]
}

/** Calls; succeeds with the value, encoded. */
export const callDirectly = Effect.fnUntraced(function* (reach: Reach, saying: Saying) {
  const { bus, contracts } = yield* prepare(reach, saying, "call")
  return yield* callOver(bus, contracts, saying)
}, quietly)

/** Emits; succeeds with the message's id. */
export const emitDirectly = Effect.fnUntraced(function* (reach: Reach, saying: Saying) {
  const { bus, contracts } = yield* prepare(reach, saying, "event")
  return yield* emitOver(bus, contracts, saying)
}, quietly)

/** Calls over a bus that is there; succeeds with the value, encoded. */
export const callOver = Effect.fnUntraced(function* (bus: BusShape, contracts: Contracts, saying: Saying) {
  const { message, contract } = yield* messageOf(contracts, saying, "call")
  const options = { ...timeoutOf(saying), onTrail: saying.onTrail }
  const value = yield* bus.call(message as Message<CallSpec>, options).pipe(Effect.catchCause(told))
  const encoded = (contract as CallSpec).returnsCodec.encode(value)
  return Result.isSuccess(encoded) ? encoded.success ?? null : null
})

/** Emits over a bus that is there; succeeds with the message's id. */
export const emitOver = Effect.fnUntraced(function* (bus: BusShape, contracts: Contracts, saying: Saying) {
  const { message } = yield* messageOf(contracts, saying, "event")
  return yield* bus.emit(message as Message<EventSpec>, timeoutOf(saying)).pipe(Effect.catchCause(told))
})

type Contracts = ReadonlyMap<string, ContractSpec>

function quietly<A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E> {
  return Effect.scoped(effect).pipe(
    Effect.provideService(References.MinimumLogLevel, "Warn"),
    Effect.provideService(Logger.LogToStderr, true),
  )
}

const timeoutOf = ({ timeout }: Saying) => timeout === undefined ? {} : { timeout }

/** The message that is meant, of the contracts that are known. */
const messageOf = Effect.fnUntraced(function* (
  contracts: Contracts,
  { name, payload }: Saying,
  kind: ContractSpec["kind"],
) {
  const type = `${name.api}.${name.member}`
  const contract = contracts.get(type)
  if (contract === undefined || contract.kind !== kind) {
    const names = [...contracts.values()].filter((one) => one.kind === kind).map((one) => one.type)
    const near = nearest(type, names)
    return yield* new CliFailure({
      problem: `Cannot find the ${kind} "${type}" in the apis of the modules`,
      remedy: near.length === 0
        ? "Name the modules that know it with --workers"
        : `Did you mean ${near.map((one) => `"${one}"`).join(" or ")}?`,
    })
  }
  const decoded = contract.codec.decode(payload)
  // what does not fit is said by the bus, in the same words as everywhere
  const message = new Message(contract, (Result.isSuccess(decoded) ? decoded.success : payload) as never)
  return { message, contract }
})

const prepare = Effect.fnUntraced(function* (reach: Reach, saying: Saying, kind: ContractSpec["kind"]) {
  const { files } = yield* Effect.fromResult(discover(Option.isSome(reach.workers) ? [reach.workers.value] : []))
  const { contracts } = yield* load(files)
  // nothing is connected to for a name that nobody knows
  yield* messageOf(contracts, saying, kind)
  const broker = Option.getOrUndefined(yield* lookingAt(reach.broker))
  const { bus } = yield* launch({ broker, lane: saying.lane }).pipe(
    Effect.mapError((error) =>
      new CliFailure({
        problem: error.message,
        remedy: error._tag === "TransportError" && error.operation === "connect"
          ? "Check that the broker runs and that --broker (WARREN_BROKER) is right"
          : undefined,
        from: error,
      })
    ),
  )
  return { bus, contracts }
})

const told = (cause: Cause.Cause<unknown>): Effect.Effect<never, CliFailure> => {
  const error = Cause.squash(cause) as { readonly _tag?: string; readonly consequence?: string }
  const message = error instanceof Error && error.message !== "" ? error.message : describe(error)
  const problem = error._tag === undefined || message.startsWith(error._tag) ? message : `${error._tag}: ${message}`
  return Effect.fail(new CliFailure({ problem, remedy: error.consequence, from: error }))
}
