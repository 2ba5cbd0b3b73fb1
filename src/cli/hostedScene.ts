/**
 * The scene of a process that runs and is asked through its gateway: it looks into the broker that it is on.
 *
 * Below `gateway.ts`, which loads it with the first question. A broker in the process is looked into as it is; RabbitMQ and
 * the embedded one over a connection that lives as long as the question, so that a process that nobody asks has none.
 */
import { Effect, Option, Redacted, type Scope } from "effect"
import { readBeacons } from "../../adapters/beacons/mod.ts"
import { makeSteward } from "../broker/mod.ts"
import type { ContractSpec } from "../contract/mod.ts"
import { contractsByType, InspectError, type Scene } from "../inspect/mod.ts"
import type { Launched } from "../launch/mod.ts"
import { brokerAt } from "../transport/mod.ts"
import type { CliFailure } from "./Failure.ts"
import type { Management } from "./management.ts"

/** What is looked at. */
export interface HostedOptions {
  readonly launched: Launched
  /** `undefined`: the embedded broker, or the in-process one. */
  readonly broker: Redacted.Redacted<string> | undefined
  readonly management: Option.Option<Management>
  readonly contracts: Iterable<ContractSpec>
}

/** What is the same whatever is looked into. */
type Own = Pick<Scene, "core" | "bus" | "contracts" | "reaches" | "beacons">

/** How a scene is opened. */
export const hostedScene = (
  { launched, broker, management, contracts }: HostedOptions,
): Effect.Effect<Scene, InspectError, Scope.Scope> => {
  const { core, bus } = launched
  const own: Own = {
    core,
    bus,
    contracts: contractsByType(contracts),
    // who may ask may send no more than any other client of the gateway
    reaches: "exposed",
    beacons: readBeacons,
  }
  if (broker !== undefined) return overAmqp(own, broker, management)
  const { embedded } = launched
  if (embedded !== undefined) {
    // it may be hosted elsewhere by the next question
    return Effect.flatMap(embedded.url, (url) => overAmqp(own, url, Option.none()))
  }
  if (launched.broker === undefined) return Effect.die(new Error("There is no broker to look into"))
  const steward = makeSteward(launched.broker)
  const place = { kind: "in-process", server: "in-process", label: "inside this process", vhost: "", user: "" } as const
  return Effect.succeed({ ...own, steward, surveyor: steward, note: undefined, place })
}

/** How long an API that did not answer is not asked again, ms. */
const memory = 30_000

const overAmqp = (
  own: Own,
  broker: Redacted.Redacted<string>,
  management: HostedOptions["management"],
): Effect.Effect<Scene, InspectError, Scope.Scope> => {
  const { core } = own
  /** That there is no API, found out lately. */
  let missed: { readonly note: string; readonly until: number } | undefined
  return Effect.gen(function* () {
    const { chooseSurveyor, lookInto, swift } = yield* Effect.promise(() => import("./joining.ts"))
    const stewardship = yield* lookInto(broker, core.instance)
    const { steward, kind, server, label, vhost, places, cluster } = stewardship
    const isMissed = missed !== undefined && core.monotonic() < missed.until
    const chosen = isMissed
      ? { surveyor: steward, note: missed?.note }
      : yield* chooseSurveyor(stewardship, management, swift)
    if (chosen.note === undefined) missed = undefined
    else if (!isMissed) missed = { note: chosen.note, until: core.monotonic() + memory }
    const { addresses } = brokerAt(Redacted.value(broker))
    const place = { kind, server, label, vhost, user: places[0]!.user, addresses, cluster } as const
    return { ...own, ...chosen, steward, place }
  }).pipe(Effect.mapError(({ problem, remedy }: CliFailure) => new InspectError({ problem, remedy })))
}
