/**
 * Joins a broker for a command that looks into it: as one more process, with a steward and the best source of surveys.
 *
 * Below `brokerView.ts` and `scene.ts`. A process has to be one of the others to hear who is there. Without the
 * management API it goes on with what AMQP tells, and says so.
 */
import { Clock, Effect, Logger, Option, Redacted, References, type Scope } from "effect"
import { openSteward, type Place, type Stewardship } from "../../adapters/amqp/mod.ts"
import { openManagement } from "../../adapters/management/mod.ts"
import { credentials, launch, type Launched } from "../launch/mod.ts"
import type { CoreShape } from "../runtime/mod.ts"
import { CurrentIdentity, StewardError, type Surveyor, Unreachable } from "../transport/mod.ts"
import { CurrentIds } from "../wire/mod.ts"
import { CliFailure } from "./Failure.ts"
import type { Management } from "./management.ts"

/** How much time there is. All in ms. */
export interface Patience {
  /** How long to hear who is there: at least, without anybody new, and at most. */
  readonly hearing: { readonly least: number; readonly quiet: number; readonly most: number }
  /** For a management API that nobody named to answer. */
  readonly guess: number
  /** Whether to go on where the broker takes nothing and not everybody is heard, or the management API does not answer. */
  readonly blind: boolean
}

/** For what removes things: after a second everyone who is alive has answered. */
export const thorough: Patience = { hearing: { least: 1_000, quiet: 0, most: 1_000 }, guess: 5_000, blind: false }

/** For what only looks: others answer within 50 ms, unless they are busy. */
export const swift: Patience = { hearing: { least: 250, quiet: 150, most: 1_000 }, guess: 500, blind: true }

/** Where to look, and how patiently. */
export interface JoinOptions extends Patience {
  readonly broker: Redacted.Redacted<string>
  readonly management: Option.Option<Management>
}

/** A broker, joined. */
export interface Joined extends Stewardship, Chosen {
  readonly launched: Launched
}

/** The best source of surveys. */
export interface Chosen {
  readonly surveyor: Surveyor
  /** Why there was no better source; `undefined`: this is the best. */
  readonly note: string | undefined
}

/** Joins; connections end with the scope. */
export const joinBroker = Effect.fnUntraced(function* (
  { broker, management, hearing, guess, blind }: JoinOptions,
): Effect.fn.Return<Joined, CliFailure, Scope.Scope> {
  const ids = yield* CurrentIds
  const instance = ids.next(yield* Clock.currentTimeMillis)
  const joining = Effect.gen(function* () {
    // nothing is called that would be worth links past the broker
    const launched = yield* Effect.mapError(
      launch({ broker, instance, lane: "broker" }),
      (error) =>
        new CliFailure({
          problem: error.message,
          // what is refused once it is connected says itself what to do
          remedy: /^Cannot declare/.test(error.message) ? undefined : unreachable,
          from: error,
        }),
    )
    const { core } = launched
    const watching = yield* Effect.timeoutOption(
      Effect.raceFirst(
        Effect.as(
          Effect.mapError(core.presence.watch, (error) => new CliFailure({ problem: error.message, from: error })),
          true,
        ),
        // a broker in alarm reads nothing more from whoever has published
        Effect.as(obstructed(core), false),
      ),
      listening,
    )
    // what only looks goes on and says so
    const obstacle = core.outbox.obstacle()
    if (!Option.getOrElse(watching, () => false) && (!blind || obstacle === undefined)) {
      return yield* new CliFailure({
        problem: `Cannot join the processes on this broker: ${obstacle ?? `it did not answer within ${listening} ms`}`,
        remedy: "`warren doctor --broker …` says what is wrong with it",
      })
    }
    yield* Effect.raceFirst(hear(core, hearing), obstructed(core))
    return launched
  })
  const looking = Effect.gen(function* () {
    const stewardship = yield* lookInto(broker, instance)
    return { ...stewardship, ...(yield* chooseSurveyor(stewardship, management, { guess, blind })) }
  })
  const [launched, seen] = yield* Effect.all([joining, looking], { concurrency: "unbounded" })
  return { ...seen, launched }
})

/** Connects a steward; `instance`: the process that it looks for. */
export const lookInto = Effect.fnUntraced(function* (
  broker: Redacted.Redacted<string>,
  instance: string,
): Effect.fn.Return<Stewardship, CliFailure, Scope.Scope> {
  return yield* openSteward({ ...(yield* credentials), url: broker }).pipe(
    Effect.provideService(CurrentIdentity, { name: "warren", instance, apps: [] }),
    Effect.mapError(failed),
  )
})

/** Runs something that looks into a broker; what the bus would log is in the report already. */
export const quietly = <A, E, R>(
  effect: Effect.Effect<A, E, R | Scope.Scope>,
): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.scoped(effect).pipe(
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.provideService(Logger.LogToStderr, true),
  )

/** For the broker to take that this process listens to the others, ms. */
const listening = 3_000

const unreachable = "Check that the broker runs and that --broker is right"

/** A steward's error as a command's. */
export const failed = (error: StewardError): CliFailure =>
  new CliFailure({
    problem: error.message,
    remedy: error.operation === "connect" ? unreachable : undefined,
    from: error,
  })

/** Waits until the connection takes nothing any more. */
const obstructed = (core: CoreShape): Effect.Effect<void> =>
  Effect.suspend(() => core.outbox.obstacle() === undefined ? Effect.delay(obstructed(core), 25) : Effect.void)

/** Waits until everybody who is there has answered, as far as that can be told. */
const hear = Effect.fnUntraced(function* (
  { presence, monotonic }: CoreShape,
  { least, quiet, most }: Patience["hearing"],
) {
  const began = monotonic()
  let heard = presence.directory?.changes
  let last = began
  for (;;) {
    const now = monotonic()
    if (presence.directory?.changes !== heard) {
      heard = presence.directory?.changes
      last = now
    }
    if (now - began >= most || now - began >= least && now - last >= quiet) return
    yield* Effect.sleep(Math.min(25, Math.max(1, began + most - now)))
  }
})

/** For a management API that was named to answer, where it is enough to say that it did not, ms. */
const named = 800

/** How to see everything. */
const advice = "To see all: `rabbitmq-plugins enable rabbitmq_management` there, or --management (WARREN_MANAGEMENT)"

/**
 * The management API, if it is there and this broker's; else the steward itself. One that was named must be this
 * broker's, and be there, unless it is enough to say that it does not answer (`blind`).
 */
export const chooseSurveyor = Effect.fnUntraced(function* (
  { steward, kind, cluster, places }: Stewardship,
  management: Option.Option<Management>,
  { guess, blind }: Pick<Patience, "guess" | "blind">,
): Effect.fn.Return<Chosen, CliFailure> {
  const only = "only queues that are known by name are seen, and no bindings"
  // the embedded broker has its own, and no other is its
  if (Option.isSome(management) && (kind === "rabbitmq" || management.value === "off")) {
    const url = management.value
    if (url === "off") {
      const what = kind === "rabbitmq" ? "The management API is off" : "What it shows is not asked (--management off)"
      return { surveyor: steward, note: `${what}: ${only}` }
    }
    const opening = openManagement({ url, cluster, ...places[0]! })
    const opened = yield* Effect.result(
      blind ? withinTime(opening, labelOf(Redacted.value(url)), named) : opening,
    )
    if (opened._tag === "Success") return { surveyor: opened.success, note: undefined }
    const { message, reason } = opened.failure
    // what is somebody else's API is a mistake; what does not answer may be down like anything else
    if (blind && (reason._tag === "Unreachable" || reason._tag === "Unauthorized")) {
      return { surveyor: steward, note: `${message}; so ${only}` }
    }
    return yield* new CliFailure({
      problem: message,
      remedy: "Mend --management (WARREN_MANAGEMENT), or look through AMQP alone with --management off",
      from: opened.failure,
    })
  }
  // all at once: a cluster whose nodes do not answer costs no more time than one node
  const tried = yield* Effect.forEach(
    places,
    (place) => {
      const url = usual(kind, place)
      const called = kind === "embedded" ? { called: "what it shows itself" } : {}
      return Effect.result(withinTime(openManagement({ url, cluster, ...called, ...place }), url, guess))
    },
    { concurrency: "unbounded" },
  )
  const said: Array<string> = []
  for (const one of tried) {
    if (one._tag === "Success") return { surveyor: one.success, note: undefined }
    said.push(one.failure.message)
  }
  return { surveyor: steward, note: `${said[0]}; so ${only}.${kind === "embedded" ? "" : ` ${advice}`}` }
})

// without the password that it may hold
const labelOf = (url: string): string => new URL(url).origin

const withinTime = <A>(opening: Effect.Effect<A, StewardError>, target: string, ms: number) =>
  Effect.timeoutOrElse(opening, {
    duration: ms,
    orElse: () => {
      const reason = new Unreachable({ detail: `it did not answer within ${ms} ms` })
      return Effect.fail(new StewardError({ operation: "survey", target, reason }))
    },
  })

// over a line that is encrypted the password does not travel in the clear
const usual = (kind: Stewardship["kind"], { host, port, isSecure }: Place): string => {
  const name = host.includes(":") ? `[${host}]` : host
  // one port for both
  if (kind === "embedded") return `${isSecure ? "https" : "http"}://${name}:${port}`
  return isSecure ? `https://${name}:15671` : `http://${name}:15672`
}
