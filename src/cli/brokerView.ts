/**
 * Looks into a broker for a command: a steward, the best source of surveys, who is alive, and what the modules derive.
 *
 * Below `topology` with `--broker` and `topology retire`. Joins the broker as one more process for as long as it
 * takes, since processes are only heard there. Without the management API it goes on with what AMQP tells, and says so.
 */
import { Effect, Fiber, Logger, Option, type Redacted, References, type Scope } from "effect"
import { openSteward, type Place, type Stewardship } from "../../adapters/amqp/mod.ts"
import { openManagement } from "../../adapters/management/mod.ts"
import type { TopologyReport } from "../gateway/mod.ts"
import { type Difference, differences, type Inventory, type Known, takeInventory } from "../inspect/mod.ts"
import { credentials, launch, type Launched } from "../launch/mod.ts"
import type { Instance } from "../runtime/mod.ts"
import type { StewardError, Surveyor } from "../transport/mod.ts"
import { deriveTopology } from "./derive.ts"
import { CliFailure } from "./Failure.ts"
import type { Management } from "./management.ts"

/** What to look at. */
export interface ViewOptions {
  readonly broker: Redacted.Redacted<string>
  /** Modules; `undefined`: the default folder. */
  readonly workers: string | undefined
  readonly management: Option.Option<Management>
  /** Queues that are looked up although nobody derives them. */
  readonly named: ReadonlyArray<string>
}

/** What was seen. */
export interface BrokerView extends Stewardship {
  readonly launched: Launched
  readonly source: string
  /** Why there was no better source; `undefined`: this is the best. */
  readonly note: string | undefined
  readonly report: TopologyReport
  /** The other processes. */
  readonly instances: ReadonlyArray<Instance>
  readonly inventory: Inventory
  readonly differences: ReadonlyArray<Difference>
}

/** After so long everyone who is alive has answered. */
const listening = "1 second"

/** Looks; connections end with the scope. */
export const viewBroker = Effect.fnUntraced(function* (
  options: ViewOptions,
): Effect.fn.Return<BrokerView, CliFailure, Scope.Scope> {
  const { broker } = options
  const report = yield* deriveTopology(options.workers)
  const known = knownOf(report)
  const launched = yield* Effect.mapError(launch({ broker }), (error) =>
    new CliFailure({
      problem: error.message,
      remedy: "Check that the broker runs and that --broker is right",
      from: error,
    }))
  yield* Effect.mapError(
    launched.core.presence.watch,
    (error) => new CliFailure({ problem: error.message, from: error }),
  )
  const heard = yield* Effect.forkChild(Effect.sleep(listening))
  const stewardship = yield* Effect.mapError(openSteward({ url: broker, ...(yield* credentials) }), failed)
  const { surveyor, note } = yield* surveyorOf(stewardship, options.management)
  yield* Fiber.await(heard)
  const instances = launched.core.presence.list().filter(({ isSelf }) => !isSelf)
  const inventory = yield* Effect.mapError(
    takeInventory(stewardship.steward, surveyor, known, instances, options.named),
    failed,
  )
  return {
    ...stewardship,
    launched,
    source: surveyor.source,
    note,
    report,
    instances,
    inventory,
    differences: differences(known, instances),
  }
})

/** Runs something that looks into a broker; what the bus would log is in the report already. */
export const quietly = <A, E, R>(
  effect: Effect.Effect<A, E, R | Scope.Scope>,
): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.scoped(effect).pipe(
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.provideService(Logger.LogToStderr, true),
  )

/** A steward's error as a command's. */
export const failed = (error: StewardError): CliFailure => new CliFailure({ problem: error.message, from: error })

const knownOf = ({ apps, handlers, apis, queues, bindings }: TopologyReport): Known => {
  const fingerprints = new Map(apis.flatMap(({ members }) => members.map((one) => [one.type, one.fingerprint])))
  return {
    apps: apps.map(({ app }) => app),
    handlers: handlers.map(({ app, label, subject, queue, kind }) => ({
      app,
      name: label.slice(app.length + 1),
      subject,
      queue,
      schema: kind === "schedule" ? "" : fingerprints.get(subject) ?? "",
    })),
    queues: queues.map(({ name }) => name),
    bindings,
  }
}

/** How to see everything. */
const advice = "To see all: `rabbitmq-plugins enable rabbitmq_management` there, or --management (WARREN_MANAGEMENT)"

const surveyorOf = Effect.fnUntraced(function* (
  { steward, cluster, places }: Stewardship,
  management: Option.Option<Management>,
): Effect.fn.Return<{ readonly surveyor: Surveyor; readonly note: string | undefined }, CliFailure> {
  const only = "only queues that are known by name are seen, and no bindings"
  if (Option.isSome(management)) {
    const url = management.value
    if (url === "off") return { surveyor: steward, note: `The management API is off: ${only}` }
    const surveyor = yield* Effect.mapError(openManagement({ url, cluster, ...places[0]! }), (error) =>
      new CliFailure({
        problem: error.message,
        remedy: "Mend --management (WARREN_MANAGEMENT), or look through AMQP alone with --management off",
        from: error,
      }))
    return { surveyor, note: undefined }
  }
  const said: Array<string> = []
  for (const place of places) {
    const tried = yield* Effect.result(openManagement({ url: usual(place), cluster, ...place }))
    if (tried._tag === "Success") return { surveyor: tried.success, note: undefined }
    said.push(tried.failure.message)
  }
  return { surveyor: steward, note: `${said[0]}; so ${only}. ${advice}` }
})

// over a line that is encrypted the password does not travel in the clear
const usual = ({ host, isSecure }: Place): string => {
  const name = host.includes(":") ? `[${host}]` : host
  return isSecure ? `https://${name}:15671` : `http://${name}:15672`
}
