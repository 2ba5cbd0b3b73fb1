/**
 * The line to the broker: connects, says when it is lost, and connects again, for as long as its scope lives.
 *
 * Between `AmqpTransport.ts`, which is told of each new session, and `Connection.ts`. A session is two connections, one
 * that publishes and one that consumes: a broker that is short of memory stops reading from those that publish, and
 * acks must go on. Losing one loses both. Goes through the addresses in turn, with growing pauses that differ from
 * process to process; failures that no attempt can mend end the first connecting, never a later one.
 */
import { Clock, Duration, Effect, Exit, Random, Result, Scope } from "effect"
import type { Identity, TransportError } from "../../src/transport/mod.ts"
import type { Address } from "./Address.ts"
import { connect, type Connection, type ConnectionEvents } from "./Connection.ts"
import type { BrokerFailure } from "./Failure.ts"
import { type Refusal, refusal } from "./refusal.ts"

/** Both connections, alive. */
export interface Session {
  readonly publishing: Connection
  readonly consuming: Connection
  /** The broker's name and version, for people. */
  readonly server: string
}

/** How to hold the line. */
export interface LinkOptions {
  /** At least one; asked for anew before each round of attempts, since a broker may come back elsewhere. */
  readonly addresses: Effect.Effect<ReadonlyArray<Address>, TransportError>
  readonly identity: Identity
  /** How long the first connecting may go on trying, ms. */
  readonly wait: number
  /** Whether the broker passes from host to host: that nobody answers for a while is then part of it. */
  readonly passes: boolean
  readonly events: ConnectionEvents
  /** Brings back what there was; a session counts once this has succeeded. */
  readonly onSession: (session: Session) => Effect.Effect<void, TransportError>
  /** It was lost, or could not be made again; `reason` is for people. */
  readonly onLost: (reason: string) => Effect.Effect<void>
}

/** Pauses between attempts: ms, doubling, each between half and the whole of it. */
const pause = { first: 200, most: 3_000 }

/** What a broker that passes from host to host takes for it at most, unless it has much to read back, ms. */
const passing = 5_000

/** Connects, and keeps connected until the scope closes; fails when the first connecting does. */
export const holdLine = Effect.fnUntraced(function* (
  options: LinkOptions,
): Effect.fn.Return<void, TransportError, Scope.Scope> {
  let addresses = yield* options.addresses
  let turn = 0

  const attempt = Effect.fnUntraced(function* (scope: Scope.Scope): Effect.fn.Return<Session, Refusal> {
    if (turn % addresses.length === 0) addresses = yield* Effect.orElseSucceed(options.addresses, () => addresses)
    const address = addresses[turn++ % addresses.length]!
    const dial = (role: string) => connect(address, { ...options.identity, role }, options.events)
    const refused = (failed: BrokerFailure) => refusal(address, failed, options.passes)
    // both at once, when they are made and when they are closed
    const both = yield* Scope.fork(scope, "parallel")
    const [consuming, publishing] = yield* Effect.all([dial("consumes"), dial("publishes")], { concurrency: 2 }).pipe(
      Scope.provide(both),
      Effect.mapError(refused),
    )
    const session = { publishing, consuming, server: consuming.server }
    yield* Effect.mapError(options.onSession(session), (error): Refusal => ({ error, final: false }))
    return session
  })

  /** One attempt in a scope of its own, which is closed at once when it fails. */
  const open = Effect.gen(function* () {
    const scope = yield* Scope.make()
    return yield* attempt(scope).pipe(
      Effect.onExit((exit) => Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void),
      Effect.map((session) => ({ session, scope })),
    )
  })

  // a loop: an attempt inside the one before it would hold on to all of them for as long as the broker is away
  const persist = Effect.fnUntraced(function* (
    goesOn: (refused: Refusal, tries: number) => Effect.Effect<boolean>,
  ): Effect.fn.Return<Effect.Success<typeof open>, TransportError> {
    const since = yield* Clock.currentTimeMillis
    for (let tries = 1;; tries++) {
      const opened = yield* Effect.result(open)
      if (Result.isSuccess(opened)) return opened.success
      const refused = opened.failure
      if (!(yield* goesOn(refused, tries))) return yield* refused.error
      // the hosts of a cluster are tried one after the other, then there is a pause
      const rounds = Math.floor(tries / addresses.length)
      const longest = tries % addresses.length === 0
        ? Math.min(pause.most, pause.first * 2 ** Math.min(rounds - 1, 10))
        : 0
      const wait = Math.round(longest * (0.5 + (yield* Random.next) / 2))
      const next = wait === 0 ? "trying the next address" : `trying again in ${Duration.format(Duration.millis(wait))}`
      const isExpected = options.passes && (yield* Clock.currentTimeMillis) - since < passing
      const log = isExpected ? Effect.logDebug : Effect.logWarning
      yield* log(`${refused.error.message}; ${next} (attempt ${tries + 1})`)
      yield* options.onLost(refused.error.message)
      yield* Effect.sleep(wait)
    }
  })

  const until = (yield* Clock.currentTimeMillis) + options.wait
  let current = yield* persist(({ final }, tries) =>
    Effect.map(Clock.currentTimeMillis, (now) => !final && (tries < addresses.length || now < until))
  )
  yield* Effect.addFinalizer(() => Scope.close(current.scope, Exit.void))

  const supervise = Effect.gen(function* () {
    for (;;) {
      const { publishing, consuming } = current.session
      const why = yield* Effect.raceFirst(publishing.lost, consuming.lost)
      yield* options.onLost(why.text)
      yield* Scope.close(current.scope, Exit.void)
      current = yield* Effect.orDie(persist(() => Effect.succeed(true)))
    }
  })
  yield* Effect.forkScoped(supervise)
})
