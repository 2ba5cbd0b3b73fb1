/**
 * Makes a schedule's ticks: one message for each due time, however many processes run the app.
 *
 * Who holds the schedule's token (`Token.ts`) makes them: it sleeps until the next due time, publishes the tick, then the
 * token with that due time, then acks the token it had, each confirmed before the next. Whatever happens in between, the
 * broker hands a token to the next process, which at worst makes the same tick once more, with the same id: derived from
 * schedule and due time. The tick is handled by `Listen.ts`, with retries and dead letters like any event.
 */
import { Effect, Exit, Fiber, Result, Schema, Scope } from "effect"
import { type Confirm, type Delivery, Disconnected, NotFound, type Packet, TransportError } from "../transport/mod.ts"
import { deriveId, eventPacket, nextTrace, QueueName, routeTo, scheduleTopology, toBytes } from "../wire/mod.ts"
import { keepConsuming } from "./consume.ts"
import { mostCounted, type Plan, planAfter } from "./due.ts"
import type { ScheduledHandler } from "./Handler.ts"
import type { Bound } from "./invoke.ts"
import { readToken, replaces, type Token, tokenPacket } from "./Token.ts"

export { nextDue } from "./due.ts"

/** The body of a tick; those that make up for nothing say nothing of it. */
export const TickSchema = Schema.Struct({
  due: Schema.Number,
  missed: Schema.Number.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
})

/** The type a schedule's ticks have on the wire: `every.warranty.expire`. */
export const tickType = (app: string, name: string): string => `every.${app}.${name}`

/** The token in hand. */
interface Holding {
  readonly delivery: Delivery
  readonly token: Token
  readonly plan: Plan
}

/** A token goes back into its queue before it is held so long, ms: brokers end a consumer that acks nothing for long. */
const longestHold = 600_000

/** Timers are limited to 2^31 ms, and clocks are corrected: waits are in pieces. */
const longestSleep = 3_600_000

/** Before what failed is tried again, ms; so long a drain waits for a tick that is on its way, too. */
const pause = 1_000

/** Tokens in hand at most: those that do not count are acked at once. */
const prefetch = 16

/** Takes part in making a schedule's ticks until the scope closes; then gives the token back at once. */
export const startSchedule = Effect.fnUntraced(function* (
  bound: Bound<ScheduledHandler>,
): Effect.fn.Return<void, TransportError, Scope.Scope> {
  const { core, handler, app, name, label } = bound
  const { transport } = core
  const scope = yield* Effect.scope
  const queue = QueueName.token(app, name)
  const topology = scheduleTopology(app, name)
  // without a broker elsewhere nothing limits the hold, and no token gets lost
  const period = transport.traits.shared ? Math.min(longestHold, core.settings.consumerTimeout / 2) : Infinity

  let holding: Holding | undefined
  /** Since when there has been a token for certain: one that is offered counts from there. */
  let since = core.now()
  /** The token that this process held when its consumer was ended; perhaps nobody else knows of it. */
  let lost: Token | undefined
  /** When the token, or an offer of one, is published again. */
  let refreshAt = since
  let notBefore = 0
  /** Grows with everything that the loop has to look at. */
  let changes = 0
  let resumeLoop = () => {}
  /** The last failure that the log has told. */
  let told = ""
  let busy: Fiber.Fiber<void> | undefined
  let consumer: Scope.Closeable | undefined

  const wake = (): void => {
    changes++
    resumeLoop()
  }

  const log = (message: string): void => void core.runFork(Effect.logWarning(message).pipe(named(bound)))

  const take = (delivery: Delivery, token: Token): void => {
    const now = core.now()
    const plan = planAfter(handler.timing, handler.missed, token.from, now)
    if (plan.skipped > 0) log(skippedText(label, plan))
    holding = plan.skipped > 0
      ? { delivery, token: { from: plan.last, isUsed: true }, plan }
      : { delivery, token, plan }
    // the broker counts how often it came back, and would drop it in the end: a copy starts anew
    const isWorn = transport.traits.shared && delivery.deliveryCount > 0
    refreshAt = plan.skipped > 0 || isWorn ? now : now + period
    notBefore = 0
  }

  const deliver = (delivery: Delivery): void => {
    const read = readToken(delivery.packet, core.now())
    const before = current()
    let done = delivery
    if (Result.isFailure(read)) {
      log(`Dropped a message from "${queue}" that is no token of schedule "${label}": ${read.failure}`)
      if (before === undefined) refreshAt = core.now()
    } else if (before === undefined || replaces(read.success, before.token)) {
      take(delivery, read.success)
      if (before === undefined) return wake()
      done = before.delivery
    }
    core.settle(done, "ack")
    wake()
  }

  /** The token, unless it has gone back with the connection: then it comes again, here or elsewhere. */
  const current = (): Holding | undefined => holding?.delivery.isGone() === true ? holding = undefined : holding

  const consume = Effect.gen(function* () {
    consumer = yield* Scope.fork(scope)
    yield* keepConsuming(core, {
      queue,
      topology,
      prefetch,
      deliver,
      onChange: (held) => {
        if (held) return
        lost = holding?.token
        // what an ended consumer holds stays in its hand, unless the queue is gone
        if (holding !== undefined) core.settle(holding.delivery, "requeue")
        holding = undefined
        refreshAt = core.now()
        wake()
      },
    }).pipe(Scope.provide(consumer))
  })

  /** Publishes to a queue of the schedule, which is made again if it is gone. */
  const publish = (to: string, packet: Packet): Effect.Effect<void, TransportError> => {
    const once = transport.traits.shared
      ? Effect.raceFirst(transport.publish(routeTo.queue(to), packet), givenUp(to))
      : transport.publish(routeTo.queue(to), packet)
    const again = (confirm: Confirm) =>
      confirm === "routed" ? Effect.void : Effect.andThen(
        Effect.andThen(transport.declare(topology), to === queue ? reconsume : Effect.void),
        Effect.flatMap(once, (confirm) => confirm === "routed" ? Effect.void : Effect.fail(missing(to))),
      )
    return Effect.flatMap(once, again)
  }

  /**
   * A publish that is not confirmed for long is lost where the broker answers something else meanwhile: its queue was deleted
   * under it. What was sent to a broker that only sleeps would arrive as often as it was sent.
   */
  const givenUp = (to: string) =>
    Effect.sleep(core.settings.emitTimeout).pipe(
      Effect.andThen(Effect.ignore(transport.declare(topology))),
      Effect.andThen(Effect.sleep(pause)),
      Effect.andThen(Effect.fail(unconfirmed(to, core.settings.emitTimeout))),
    )

  /** Should nobody have told this consumer that its queue is gone, then the token that found no queue does. */
  const reconsume = Effect.suspend(() =>
    consumer === undefined ? Effect.void : Effect.andThen(Scope.close(consumer, Exit.void), consume)
  )

  const put = (token: Token) => publish(queue, tokenPacket(app, name, token, core.now()))

  const tick = (due: number, missed: number) =>
    Effect.suspend(() => {
      const type = tickType(app, name)
      const id = deriveId(tickCause(due), type, 0)
      const now = core.now()
      const origin = { id, type, app, now, trace: nextTrace(undefined, id), version: "1", schema: "", cause: undefined }
      core.journal.record({ fact: "tick", at: now, id, type, app, handler: label })
      const body = toBytes(missed > 0 ? { due, missed } : { due })
      return publish(QueueName.schedule(app, name), eventPacket(origin, Result.getOrThrow(body)))
    })

  /** Makes the tick if it is due; then hands the token on, or offers one. */
  const step = Effect.gen(function* () {
    const now = core.now()
    const held = current()
    if (held === undefined) yield* put(lost ?? { from: since, isUsed: false })
    else if (isDue(held, now)) {
      yield* tick(held.plan.due!, held.plan.missed)
      yield* put({ from: held.plan.due!, isUsed: true })
    } else yield* put(held.token)
    since = now
    lost = undefined
    told = ""
    // what was published has come already and this one was let go for it, or it will come, here or elsewhere
    const isLeft = held !== undefined && holding === held
    if (isLeft) holding = undefined
    if (holding === undefined) refreshAt = now + period
    if (isLeft) yield* Effect.ignore(held.delivery.settle("ack"))
  }).pipe(Effect.catch((error) => {
    notBefore = core.now() + pause
    // of a connection that is lost there are other lines
    if (error.message === told || error.reason._tag === "Disconnected" && !core.isConnected()) return Effect.void
    told = error.message
    return Effect.logError(`Cannot run schedule "${label}": ${error.message}; trying on`).pipe(named(bound))
  }))

  const loop = Effect.gen(function* () {
    for (;;) {
      const now = core.now()
      const seen = changes
      const held = current()
      const at = Math.max(notBefore, Math.min(refreshAt, held?.plan.due ?? Infinity))
      if (at > now) yield* waitUntil(at, seen)
      // what is sent to a blocked broker arrives later: a tick that is sent again and again would arrive as often
      else if (core.isConnected() && core.outbox.obstacle() !== undefined) notBefore = now + pause
      else {
        // a fiber of its own: a tick on its way is not torn by a drain
        busy = core.runFork(step)
        yield* Fiber.await(busy)
        busy = undefined
      }
    }
  })

  /** Waits for a time, or for a change after those that were seen. */
  const waitUntil = (at: number, seen: number): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      if (changes !== seen) return resume(Effect.void)
      const next = Math.min(at, core.now() + longestSleep)
      const withdraw = Number.isFinite(at) ? core.deadlines.add(next, () => resume(Effect.void)) : () => {}
      const stop = () => {
        resumeLoop = () => {}
        withdraw()
      }
      resumeLoop = () => {
        stop()
        resume(Effect.void)
      }
      return Effect.sync(stop)
    })

  // closed in reverse: no more steps, no more deliveries, then the token goes back
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (busy !== undefined) {
        yield* Effect.timeoutOption(Fiber.await(busy), Math.min(pause, core.settings.grace))
        yield* Fiber.interrupt(busy)
      }
      const held = current()
      if (held !== undefined) yield* Effect.ignore(held.delivery.settle("requeue"))
    })
  )
  yield* consume
  yield* Effect.forkScoped(loop, { startImmediately: true })
})

const isDue = ({ plan }: Holding, now: number): boolean => plan.due !== undefined && plan.due <= now

const named = ({ app, label }: Bound) => Effect.annotateLogs({ app, handler: label })

const skippedText = (label: string, { skipped, last, due }: Plan): string => {
  const next = due === undefined ? "never again" : `next at ${new Date(due).toISOString()}`
  const count = `${skipped}${skipped === mostCounted ? " or more" : ""}`
  return `Schedule "${label}" missed ${count} of its runs, up to ${new Date(last).toISOString()}: nobody ran; ${next}`
}

const unconfirmed = (target: string, ms: number) =>
  new TransportError({
    operation: "publish",
    target,
    reason: new Disconnected({ detail: `the broker has not confirmed in ${ms} ms` }),
  })

const missing = (name: string) =>
  new TransportError({ operation: "publish", target: name, reason: new NotFound({ name }) })

/** The first 48 bits of an id are its time; a tick's is when it was due. */
const tickCause = (due: number): string => {
  const digits = due.toString(16).padStart(12, "0")
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}`
}
