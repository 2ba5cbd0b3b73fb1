/**
 * Emits events: encodes, publishes, waits for the broker's confirm until the deadline.
 *
 * Ids repeat when a handler repeats (see `wire/ids.ts`). Nobody listening is a success that is noted.
 */
import { Buffer } from "node:buffer"
import { Cause, Effect, Exit, Option, Result } from "effect"
import {
  DeadlineExceeded,
  Disconnected,
  type EmitError,
  type EventSpec,
  invalidPayload,
  type Message,
  NotConfirmed,
  show,
  unseen,
} from "../contract/mod.ts"
import type { Confirm, TransportError } from "../transport/mod.ts"
import { deriveId, eventPacket, routeTo } from "../wire/mod.ts"
import type { EmitOptions, Emitted } from "./Bus.ts"
import { bodyOf } from "./body.ts"
import type { CoreShape } from "./Core.ts"
import { type Current, CurrentDelivery } from "./Current.ts"
import { depart, type Departure, misfit, tooLarge } from "./departure.ts"
import type { Followed } from "./Follows.ts"
import { InvalidOption, millis } from "./Retry.ts"
import { within as recorded } from "./Telemetry.ts"

/** `emit` over a core. */
export const makeEmit = (core: CoreShape) => (message: Message<EventSpec>, options: EmitOptions = {}) =>
  Effect.withFiber(
    (fiber): Effect.Effect<Emitted, EmitError> => {
      const current = fiber.getRef(CurrentDelivery)
      const { contract } = message
      if (options.id !== undefined) checkId(options.id)
      const body = bodyOf(contract.codec, message.payload)
      const now = core.now()
      if (Result.isFailure(body)) {
        const error = invalidPayload(contract.type, body.failure)
        const id = options.id ?? core.ids.next(now)
        return Effect.fail(misfit(core, current, "not-emitted", { type: contract.type, id, error }))
      }
      const id = options.id ?? (hasId(current) ? derive(current) : core.ids.next(now))
      // an id of the caller's own making may be any text, of which no span id can be made; and one that a handler
      // repeats would give two spans one id
      const isFresh = options.id === undefined && (current === undefined || core.telemetry === undefined)
      const spanId = isFresh ? id : core.ids.next(now)
      const size = body.success.length
      const { follow } = options
      const departure = depart(core, fiber, current, { kind: "send", contract, id, spanId, size, now, follow })
      const { origin, step, followed } = departure
      const packet = eventPacket(origin, body.success)
      const timeout = options.timeout === undefined ? core.settings.emitTimeout : millis("timeout", options.timeout)
      let outcome = "heard"
      const sending: Effect.Effect<Emitted, EmitError> = Effect.matchCauseEffect(
        within(core, now + timeout, core.outbox.publish(routeTo.event(contract.type), packet, true)),
        {
          onSuccess: (confirm) => {
            if (confirm === "late") {
              const late = tooLate(contract.type, timeout, core.outbox.obstacle())
              departure.record("not-emitted", core.now(), undefined, late.message, undefined, late._tag)
              return Effect.fail(late)
            }
            if (confirm === "unroutable") outcome = "unheard"
            if (core.taps.isOpen) core.taps.emitted(packet, confirm === "routed")
            departure.record(confirm === "routed" ? "emitted" : "unheard", core.now())
            return Effect.succeed({ id })
          },
          onFailure: (cause) => {
            const error = Cause.findErrorOption(cause)
            if (Option.isNone(error)) return Effect.failCause(cause as Cause.Cause<never>)
            const told = emitError(contract.type, error.value)
            departure.record("not-emitted", core.now(), undefined, told.message, undefined, error.value.reason._tag)
            return Effect.fail(told)
          },
        },
      )
      return recorded(step, followed === undefined ? sending : watched(departure, followed, sending), () => outcome)
    },
  )

/** An emit that somebody follows: of its leaving, and of its being given up, the journal is not told. */
const watched = <A, E>(
  { origin: { cause }, handler }: Departure,
  followed: Followed,
  sending: Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    followed.tell("sent", { cause, handler })
    return sending
  }).pipe(
    Effect.onInterrupt(() => Effect.sync(() => followed.tell("not-emitted", { cause, handler, error: "interrupted" }))),
    Effect.ensuring(Effect.sync(followed.end)),
  )

const tooLate = (event: string, timeout: number, obstacle: string | undefined): EmitError =>
  obstacle === undefined
    ? new DeadlineExceeded({ call: event, timeout, stage: "confirming", ...unseen })
    : new Disconnected({ call: event, detail: `after ${timeout} ms, ${obstacle}`, ...unseen })

/** AMQP's short strings have so many bytes, and all of them are UTF-8. */
const longestId = 255

/** A program without types may give anything; what cannot travel as it is would come as another id. */
const checkId = (id: string): void => {
  const isGood = typeof id === "string" && id !== "" && id.isWellFormed() && Buffer.byteLength(id) <= longestId
  if (isGood) return
  throw new InvalidOption({ option: "id", value: show(id), expected: `a text of 1 to ${longestId} bytes` })
}

/** What foreign messages without an id cause are different messages each time. */
const hasId = (current: Current | undefined): current is Current => current !== undefined && current.cause !== ""

const derive = (current: Current): string => deriveId(current.cause, current.handler, current.ordinal++)

/** A publish that gives up at a time; at once where the confirm is at hand, as it is in process. */
const within = (
  core: CoreShape,
  at: number,
  publish: Effect.Effect<Confirm, TransportError>,
): Effect.Effect<Confirm | "late", TransportError> =>
  Effect.callback<Confirm | "late", TransportError>((resume) => {
    const fiber = core.runFork(publish)
    const withdraw = core.deadlines.add(at, () => {
      fiber.interruptUnsafe()
      resume(Effect.succeed("late"))
    })
    fiber.addObserver((exit) => {
      withdraw()
      if (Exit.isSuccess(exit) || !Cause.hasInterruptsOnly(exit.cause)) resume(exit)
    })
    return Effect.sync(() => {
      withdraw()
      fiber.interruptUnsafe()
    })
  })

const emitError = (event: string, error: TransportError): EmitError => {
  const { reason } = error
  switch (reason._tag) {
    case "Disconnected":
      return new Disconnected({ call: event, detail: reason.detail, ...unseen })
    case "TooLarge":
      return tooLarge(event, reason)
    default:
      return new NotConfirmed({ event, detail: error.message })
  }
}
