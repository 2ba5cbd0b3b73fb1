/**
 * Makes calls: sends the request, awaits the reply, and fails in exactly one way.
 *
 * Owns the process's reply queue and the table of pending calls. A call's deadline covers everything from here
 * on; interrupting the caller sends a cancellation after the request. Requests are never sent twice.
 */
import { Effect, Exit, type Fiber, Result, type Scope, Stream } from "effect"
import { Table } from "../collections/mod.ts"
import {
  type CallError,
  type CallSpec,
  DeadlineExceeded,
  invalidPayload,
  type Message,
  Overloaded,
  ReplyLost,
} from "../contract/mod.ts"
import type { Packet, TransportError } from "../transport/mod.ts"
import { callPacket, Header, processTopology, QueueName } from "../wire/mod.ts"
import type { CallOptions } from "./Bus.ts"
import { bodyOf } from "./body.ts"
import { keepConsuming } from "./consume.ts"
import type { CoreShape } from "./Core.ts"
import { CurrentDelivery } from "./Current.ts"
import { depart, misfit, tooLarge } from "./departure.ts"
import { follow } from "./follow.ts"
import { type Answer, PendingCall } from "./PendingCall.ts"
import { millis } from "./Retry.ts"
import { close, within } from "./Telemetry.ts"
import { keepVigil } from "./Vigil.ts"

/** The ways to make a call. */
export interface Calls {
  readonly call: (message: Message<CallSpec>, options?: CallOptions) => Effect.Effect<unknown, unknown>
  /** See `BusShape.begin`. */
  readonly begin: (
    message: Message<CallSpec>,
    options: CallOptions | undefined,
    resume: (answer: Answer) => void,
  ) => () => void
}

/** Calls over a core; consumes the reply queue until the scope closes. */
export const makeCalls = Effect.fnUntraced(function* (
  core: CoreShape,
): Effect.fn.Return<Calls, TransportError, Scope.Scope> {
  const pending = new Table<PendingCall>()
  const replyTo = QueueName.replies(core.instance)

  yield* keepConsuming(core, {
    queue: replyTo,
    topology: processTopology(core.instance),
    prefetch: 1_000,
    deliver: (delivery) => {
      const { correlationId = "", headers, body } = delivery.packet
      const waiting = pending.get(correlationId)
      if (waiting === undefined) strayReply(core, delivery.packet)
      else waiting.onReply("broker", headers[Header.error], { body, hops: headers[Header.hops] })
      core.settle(delivery, "ack")
    },
  })

  // the reply queue outlives the connection: what was confirmed goes on waiting, until there is no coming back
  const lost = (detail: string) => {
    for (const call of pending) {
      const { type } = call.contract
      call.finish(Exit.fail(new ReplyLost({ call: type, detail, ...core.presence.seen(type) })))
    }
  }
  yield* core.transport.status.pipe(
    Stream.runForEach((status) =>
      Effect.sync(() => {
        if (status._tag === "Disconnected") { for (const call of pending) call.cut ??= status.reason }
        if (status._tag === "Closed") lost("the connection was closed")
      })
    ),
    Effect.forkScoped,
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => lost("this process is shutting down")))
  yield* keepVigil(core, pending)

  /** A call that is ready to begin, or why there is none. `fiber`: who makes it, if one does. */
  const prepare = (
    { contract, payload }: Message<CallSpec>,
    options: CallOptions,
    fiber: Fiber.Fiber<unknown, unknown> | undefined,
  ): PendingCall | CallError => {
    const current = fiber?.getRef(CurrentDelivery)
    const { type } = contract
    const now = core.now()
    const wanted = options.timeout === undefined ? core.settings.callTimeout : millis("timeout", options.timeout)
    const deadline = Math.min(now + wanted, current?.deadline ?? Number.POSITIVE_INFINITY)
    const timeout = Math.max(0, deadline - now)
    const body = bodyOf(contract.codec, payload)
    if (Result.isFailure(body)) {
      const error = invalidPayload(type, body.failure)
      return misfit(core, current, "refused", { type, id: core.ids.next(now), error })
    }
    const seen = () => core.presence.seen(type)
    if (timeout <= 0) return new DeadlineExceeded({ call: type, timeout, stage: "sending", ...seen() })
    if (pending.size >= core.settings.maxPendingCalls) {
      const detail = `${pending.size} calls of this process are waiting for replies already`
      return new Overloaded({ call: type, detail, ...seen() })
    }
    const id = core.ids.next(now)
    const size = body.success.length
    const limit = core.transport.traits.maxBytes
    // past the broker nobody else would see to it
    if (size > limit) return tooLarge(type, { size, limit })
    const leaving = { kind: "call", contract, id, spanId: id, size, now, follow: options.follow } as const
    const departure = depart(core, fiber, current, leaving)
    const { origin } = departure
    const following = follow(core, current, options, departure)
    const hops = following?.isAsked === true
    const packet = callPacket(origin, body.success, replyTo, deadline, hops, Math.round(core.monotonic()))
    return new PendingCall(core, pending, contract, departure, following, deadline, packet)
  }

  return {
    call: (message, options = noOptions) =>
      Effect.withFiber((fiber) => {
        const call = prepare(message, options, fiber)
        return call instanceof PendingCall ? within(call.step, outcomeOf(call), answered) : Effect.fail(call)
      }),
    begin: (message, options = noOptions, resume) => {
      const call = prepare(message, options, undefined)
      if (!(call instanceof PendingCall)) {
        resume(Exit.fail(call))
        return nothing
      }
      const { step } = call
      call.begin(
        step === undefined ? resume : (answer) => {
          close(step, answer, answered)
          resume(answer)
        },
      )
      return () => {
        if (call.interrupt() && step !== undefined) close(step, Exit.interrupt(), answered)
      }
    },
  }
})

/** Waits for a call that begins then; interrupting the wait interrupts the call. */
const outcomeOf = (call: PendingCall): Effect.Effect<unknown, unknown> =>
  Effect.callback<unknown, unknown>((resume) => {
    call.begin(resume)
    return Effect.sync(() => void call.interrupt())
  })

const nothing = (): void => {}

const noOptions: CallOptions = {}

const answered = (): string => "answered"

const strayReply = (core: CoreShape, packet: Packet): void =>
  core.journal.record({ fact: "stray-reply", at: core.now(), id: packet.id, type: packet.type, app: packet.app })
