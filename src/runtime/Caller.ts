/**
 * Makes calls: sends the request, awaits the reply, and fails in exactly one way.
 *
 * Owns the process's reply queue and the table of pending calls. A call's deadline covers everything from here
 * on; interrupting the caller sends a cancellation after the request. Requests are never sent twice.
 */
import { Cause, Effect, Exit, Option, Result, type Scope, Stream } from "effect"
import {
  type CallError,
  type CallSpec,
  DeadlineExceeded,
  Disconnected,
  HandlerDied,
  invalidPayload,
  type Message,
  NoHandler,
  Overloaded,
  ReplyLost,
  type Seen,
} from "../contract/mod.ts"
import type { Confirm, Packet, TransportError } from "../transport/mod.ts"
import { callPacket, Header, processTopology, QueueName } from "../wire/mod.ts"
import type { CallOptions } from "./Bus.ts"
import { bodyOf } from "./body.ts"
import { keepConsuming } from "./consume.ts"
import type { CoreShape } from "./Core.ts"
import { CurrentDelivery } from "./Current.ts"
import type { Fact } from "./Journal.ts"
import { type CallEvents, type CallWay, type Lane, sendCall } from "./lanes/sendCall.ts"
import { readReply } from "./readReply.ts"
import { describeError } from "./invoke.ts"
import { depart, tooLarge } from "./departure.ts"
import { follow } from "./follow.ts"
import { millis } from "./Retry.ts"
import { within } from "./Telemetry.ts"
import { keepVigil } from "./Vigil.ts"

/** The outcome of a call. */
type Answer = Exit.Exit<unknown, unknown>

interface Pending {
  readonly contract: CallSpec
  /** Why the connection was lost while it waited, if it was. */
  cut: string | undefined
  /** When it was made, ms since the epoch. */
  readonly sentAt: number
  /** Whether the broker has taken it, or a server was sent it. */
  confirmed: boolean
  /** How it travels. */
  lane: Lane
  /** Its way out, once it is on it. */
  way: CallWay | undefined
  readonly finish: (answer: Answer) => void
  /** A reply has come. */
  readonly reply: CallEvents["onReply"]
}

/** `call` over a core; consumes the reply queue until the scope closes. */
export const makeCall = Effect.fnUntraced(function* (
  core: CoreShape,
): Effect.fn.Return<
  (message: Message<CallSpec>, options?: CallOptions) => Effect.Effect<unknown, unknown>,
  TransportError,
  Scope.Scope
> {
  const pending = new Map<string, Pending>()
  const replyTo = QueueName.replies(core.instance)

  yield* keepConsuming(core, {
    queue: replyTo,
    topology: processTopology(core.instance),
    prefetch: 1_000,
    deliver: (delivery) => {
      const { correlationId = "", headers, body } = delivery.packet
      const waiting = pending.get(correlationId)
      if (waiting === undefined) strayReply(core, delivery.packet)
      else waiting.reply("broker", headers[Header.error], { body, hops: headers[Header.hops] })
      core.settle(delivery, "ack")
    },
  })

  // the reply queue outlives the connection: what was confirmed goes on waiting, until there is no coming back
  const lost = (detail: string) => {
    for (const { contract, finish } of [...pending.values()]) {
      finish(Exit.fail(new ReplyLost({ call: contract.type, detail, ...seenNow(core, contract.type) })))
    }
  }
  yield* core.transport.status.pipe(
    Stream.runForEach((status) =>
      Effect.sync(() => {
        if (status._tag === "Disconnected") { for (const call of pending.values()) call.cut ??= status.reason }
        if (status._tag === "Closed") lost("the connection was closed")
      })
    ),
    Effect.forkScoped,
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => lost("this process is shutting down")))
  yield* keepVigil(core, pending)

  return (message, options = {}) =>
    Effect.withFiber((fiber) => {
      const current = fiber.getRef(CurrentDelivery)
      const { contract } = message
      const now = core.now()
      const wanted = options.timeout === undefined ? core.settings.callTimeout : millis("timeout", options.timeout)
      const deadline = Math.min(now + wanted, current?.deadline ?? Number.POSITIVE_INFINITY)
      const timeout = Math.max(0, deadline - now)
      const body = bodyOf(contract.codec, message.payload)
      if (Result.isFailure(body)) return Effect.fail(invalidPayload(contract.type, body.failure))
      const seen = () => seenNow(core, contract.type)
      if (timeout <= 0) {
        return Effect.fail(new DeadlineExceeded({ call: contract.type, timeout, stage: "sending", ...seen() }))
      }
      if (pending.size >= core.settings.maxPendingCalls) {
        const detail = `${pending.size} calls of this process are waiting for replies already`
        return Effect.fail(new Overloaded({ call: contract.type, detail, ...seen() }))
      }
      const id = core.ids.next(now)
      const size = body.success.length
      const limit = core.transport.traits.maxBytes
      // past the broker nobody else would see to it
      if (size > limit) return Effect.fail(tooLarge(contract.type, { size, limit }))
      const { origin, step, record } = depart(core, fiber, current, {
        kind: "call",
        contract,
        id,
        spanId: id,
        size,
        now,
      })
      const following = follow(core, current, options, origin)
      const packet = callPacket(
        origin,
        body.success,
        replyTo,
        deadline,
        following !== undefined,
        Math.round(core.monotonic()),
      )

      const calling = Effect.callback<unknown, unknown>((resume) => {
        const seenHere = (): Seen => ({ ...seen(), lane: call.lane })
        const ended = (fact: Fact, error?: string): void => {
          const at = core.now()
          record(fact, at, at - now, error, call.lane)
          following?.end(fact, error)
        }
        const withdraw = core.deadlines.add(deadline, () => {
          const obstacle = core.outbox.obstacle()
          finish(Exit.fail(late(contract.type, timeout, call.confirmed, call.cut, obstacle, seenHere())))
        })
        const finish = (answer: Answer): void => {
          if (!pending.delete(id)) return
          withdraw()
          // what is still on its way to the broker would arrive expired, with a life of its own
          call.way?.leave()
          if (Exit.isSuccess(answer)) ended("answered")
          else ended("refused", errorText(answer))
          resume(answer)
        }
        const call: Pending = {
          contract,
          cut: undefined,
          sentAt: now,
          confirmed: false,
          lane: "broker",
          way: undefined,
          finish,
          reply: (lane, error, reply) => {
            // a call that went straight stays one, even where its reply came round
            if (call.lane !== "direct") call.lane = lane
            following?.replied(lane, reply.hops)
            finish(readReply(contract, error, reply.body, seenHere))
          },
        }
        pending.set(id, call)
        record("called", now)
        const way = sendCall(core, packet, contract.idempotent, {
          onSent: (lane) => {
            call.lane = lane
            call.confirmed = true
          },
          onReply: call.reply,
          onUnsent: (exit) => {
            call.confirmed = true
            const failure = unsent(contract.type, exit, seenHere)
            if (failure !== undefined) finish(Exit.fail(failure))
          },
          onCut: (why) => call.cut ??= why,
          onDead: (detail) => finish(Exit.fail(new HandlerDied({ call: contract.type, detail, ...seenHere() }))),
          onRerouted: (why) => record("rerouted", core.now(), undefined, why),
        }, following?.trail)
        // it may be through by now: refused at once, or answered in this very process
        if (pending.get(id) === call) call.way = way
        else way.leave()
        return Effect.sync(() => {
          if (!pending.delete(id)) return
          withdraw()
          call.way?.cancel()
          ended("refused", "interrupted")
        })
      })
      return within(step, calling, () => "answered")
    })
})

/** What the deadline says of a call: it depends on how far the call came. */
const late = (
  call: string,
  timeout: number,
  confirmed: boolean,
  cut: string | undefined,
  obstacle: string | undefined,
  seen: Seen,
): CallError => {
  if (confirmed && cut !== undefined) {
    const detail = `the connection was lost while it waited (${cut}), and no reply came within ${timeout} ms`
    return new ReplyLost({ call, detail, ...seen })
  }
  if (!confirmed && obstacle !== undefined) {
    return new Disconnected({ call, detail: `after ${timeout} ms, ${obstacle}`, ...seen })
  }
  return new DeadlineExceeded({ call, timeout, stage: confirmed ? "waiting" : "confirming", ...seen })
}

/** What a publish says against a call, if anything. */
const unsent = (
  call: string,
  exit: Exit.Exit<Confirm, TransportError>,
  seen: () => Seen,
): CallError | undefined => {
  if (Exit.isSuccess(exit)) {
    return exit.value === "routed" ? undefined : new NoHandler({ call, ...seen(), servers: 0 })
  }
  const error = Cause.findErrorOption(exit.cause)
  if (Option.isNone(error)) {
    return Cause.hasInterruptsOnly(exit.cause)
      ? undefined
      : new Disconnected({ call, detail: Cause.pretty(exit.cause), ...seen() })
  }
  const { reason } = error.value
  switch (reason._tag) {
    case "Rejected":
      return new Overloaded({ call, detail: reason.detail, ...seen() })
    case "TooLarge":
      return tooLarge(call, reason)
    case "Disconnected":
      return new Disconnected({ call, detail: reason.detail, ...seen() })
    default:
      return new Disconnected({ call, detail: error.value.message, ...seen() })
  }
}

/** What is known of a call's servers right now. */
export const seenNow = (core: CoreShape, type: string): Seen => core.presence.seen(type)

const strayReply = (core: CoreShape, packet: Packet): void =>
  core.journal.record({ fact: "stray-reply", at: core.now(), id: packet.id, type: packet.type, app: packet.app })

const errorText = (answer: Exit.Failure<unknown, unknown>): string => describeError(Cause.squash(answer.cause))
