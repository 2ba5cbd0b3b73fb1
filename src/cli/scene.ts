/**
 * The scene of a command of inspection that looks into a broker itself, with `--broker`: it joins for as long as it takes.
 *
 * Below `inspecting.ts`, which loads it when it is needed; above `joining.ts`. What the modules at hand say is known, and
 * none of their handlers runs.
 */
import { Effect, Logger, Option, Redacted, References, Result, type Scope, Stream } from "effect"
import type { Stewardship } from "../../adapters/amqp/mod.ts"
import { readBeacons } from "../../adapters/beacons/mod.ts"
import { contractsByType, type InspectError, type Place, type Scene, type Verb, verbs } from "../inspect/mod.ts"
import { brokerAt } from "../transport/mod.ts"
import { discover } from "./discover.ts"
import { CliFailure } from "./Failure.ts"
import type { BrokerInput } from "./inspecting.ts"
import { joinBroker, quietly, swift } from "./joining.ts"
import { load, type Loaded } from "./load.ts"

/** Joins the broker; leaves it with the scope. `isTolerant`: modules of a folder that cannot be loaded are named, and no failure. */
export const openScene = Effect.fnUntraced(function* (
  { broker, management, workers }: BrokerInput,
  { isTolerant = false }: { readonly isTolerant?: boolean } = {},
): Effect.fn.Return<Scene, CliFailure, Scope.Scope> {
  const [known, joined] = yield* Effect.all([
    knownAt(workers, isTolerant),
    joinBroker({ ...swift, broker, management }),
  ], { concurrency: "unbounded" })
  const { launched: { core, bus }, steward, surveyor, note } = joined
  return { core, bus, steward, surveyor, note, place: placeOf(joined, broker), ...known, beacons: readBeacons }
})

/** Which broker a steward looks into. */
export const placeOf = (
  { kind, server, label, vhost, places, cluster }: Omit<Stewardship, "steward">,
  broker: BrokerInput["broker"],
): Place => {
  const { addresses } = brokerAt(Redacted.value(broker))
  return { kind, server, label, vhost, user: places[0]!.user, addresses, cluster }
}

/** What modules know; where none were named and there is no default folder, that is nothing. */
const knownAt = Effect.fnUntraced(function* (
  workers: Option.Option<string>,
  isTolerant: boolean,
): Effect.fn.Return<Pick<Scene, "contracts" | "listeners" | "servers" | "unread">, CliFailure> {
  const found = discover(Option.isSome(workers) ? [workers.value] : [])
  if (Option.isNone(workers) && Result.isFailure(found)) return { contracts: new Map() }
  const { files, folders } = yield* Effect.fromResult(found)
  const whole = yield* Effect.result(load(files))
  if (Result.isSuccess(whole)) return knownOf([whole.success])
  if (!isTolerant || folders.length === 0) return yield* whole.failure
  const each = yield* Effect.forEach(files, (file) => Effect.result(load([file])))
  const unread = each.flatMap((one) => Result.isFailure(one) ? [one.failure.problem] : [])
  return { ...knownOf(each.flatMap((one) => Result.isSuccess(one) ? [one.success] : [])), unread }
})

const knownOf = (loaded: ReadonlyArray<Loaded>): Pick<Scene, "contracts" | "listeners" | "servers"> => {
  const apps = loaded.flatMap(({ apps }) => apps)
  const handling = (kind: "listener" | "call") =>
    apps.flatMap(({ app, handlers }) =>
      handlers.flatMap(({ name, handler }) =>
        handler.kind === kind ? [{ app, name, subject: handler.contract.type }] : []
      )
    )
  const contracts = contractsByType(loaded.flatMap(({ contracts }) => [...contracts.values()]))
  return { contracts, listeners: handling("listener"), servers: handling("call") }
}

/** Asks a verb on the broker. */
export const askThere = (input: BrokerInput, name: string, args: unknown): Effect.Effect<unknown, CliFailure> =>
  quietly(Effect.gen(function* () {
    const verb = yield* verbOf(name, "ask")
    // what judges modules must have read them all; who asks why wants to hear of the others
    const scene = yield* openScene(input, { isTolerant: name === "why" })
    return yield* Effect.mapError(verb.run(scene, args), refused)
  }))

/** Follows a verb on the broker. */
export const followThere = (input: BrokerInput, name: string, args: unknown): Stream.Stream<unknown, CliFailure> =>
  Stream.unwrap(Effect.gen(function* () {
    const verb = yield* verbOf(name, "follow")
    const scene = yield* openScene(input)
    return Stream.mapError(verb.run(scene, args), refused)
  })).pipe(
    Stream.scoped,
    Stream.provideService(References.MinimumLogLevel, "Error"),
    Stream.provideService(Logger.LogToStderr, true),
  )

/** A verb of that name and kind. */
export const verbOf = <Kind extends Verb["kind"]>(
  name: string,
  kind: Kind,
): Effect.Effect<Extract<Verb, { kind: Kind }>, CliFailure> => {
  const verb = verbs.get(name)
  return verb?.kind === kind
    ? Effect.succeed(verb as Extract<Verb, { kind: Kind }>)
    : Effect.fail(new CliFailure({ problem: `There is no verb "${name}" of inspection to ${kind}` }))
}

/** A verb's error as a command's. */
export const refused = (error: InspectError): CliFailure =>
  new CliFailure({ problem: error.problem, remedy: error.remedy, from: error })
