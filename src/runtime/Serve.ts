/**
 * Answers calls: one delivery in, one reply out, then the ack.
 *
 * Sits between a call's queue and its handler. Runs nothing that has expired, was cancelled, or may have run before
 * (unless the call is idempotent); every other delivery gets exactly one reply, whatever the handler does.
 */
import { Cause, Effect, Exit, Option, Result } from "effect"
import { Bag, type Bagged, nowhere } from "../collections/mod.ts"
import type { Delivery, Packet, Verdict } from "../transport/mod.ts"
import { Header, isDirect, type Meta, nextTrace, readMeta, type ReplyBody, replyPacket, routeTo } from "../wire/mod.ts"
import { Admission, type Entry as Turn } from "./Admission.ts"
import { callDeadline } from "./deadline.ts"
import type { CoreShape } from "./Core.ts"
import { Why } from "./Journal.ts"
import { type Dispatcher, lookAt, markOf, recorderOf, takeBack } from "./Dispatcher.ts"
import type { CallHandler } from "./Handler.ts"
import { type Bound, describeError, invoke, type Running } from "./invoke.ts"
import { arrival, holdDelivery, release, tellOf } from "./follow.ts"
import type { Followed } from "./Follows.ts"
import { endStep, errorOf, failure, logFailure, readPayload, replyTo } from "./replyTo.ts"
import { beginHandling } from "./Telemetry.ts"
import type { Trail } from "./Trail.ts"

interface Job extends Turn, Bagged {
  /** The present one: a call in hand comes again, to be acked, when its connection was lost. */
  delivery: Delivery
  readonly meta: Meta
  /** ms since the epoch. */
  readonly arrived: number
  /** ms that it had been on its way by then, as far as that is known. */
  readonly age: number
  /** ms since the epoch; known once it starts. */
  deadline: number
  running: Running | undefined
  /** When the handler began on it, ms since the epoch; 0: it is not at work. */
  startedAt: number
  /** Where its way is noted, when the caller asked for it. */
  readonly trail: Trail | undefined
  /** Held as long as it is in hand, where somebody follows it. */
  readonly followed: Followed | undefined
}

/** A dispatcher for one call handler, `concurrency` at a time. */
export const serve = (bound: Bound<CallHandler>, concurrency: number): Dispatcher => {
  const { core, handler: { contract } } = bound
  const { cancellations } = core
  const admission = new Admission<Job>(concurrency)
  const jobs = new Bag<Job>()

  const record = recorderOf(bound)

  const finish = (job: Job, verdict: Verdict): void => {
    if (!jobs.delete(job)) return
    const { straight } = job.delivery
    if (job.followed !== undefined) release(job.followed, bound, job.delivery, verdict)
    // no broker waits for a verdict
    if (straight === undefined) core.settle(job.delivery, verdict)
    else if (verdict === "requeue") straight.giveBack(job.running !== undefined)
    else straight.done()
    admission.leave(job)
  }

  const answer = (job: Job, body: ReplyBody): void => {
    const { packet, straight } = job.delivery
    const reply = replyOf(job, body)
    if (reply.body.length <= core.transport.traits.maxBytes) {
      if (straight !== undefined) {
        // the job is through; what did not arrive goes through the broker
        straight.answer(reply, () => {
          record(packet, "rerouted", { error: "no receipt of its reply came" })
          core.runFork(Effect.ignore(publish(packet, reply)))
        })
        return finish(job, "ack")
      }
      // until it is acked the broker counts it among those in hand: where there are many, it would give no others
      const isUrgent = jobs.size * 2 >= concurrency
      const isGiven = core.lanes?.server.reply(packet, reply, isUrgent, (received) => {
        if (received) return finish(job, "ack")
        record(packet, "rerouted", { error: "its reply did not reach the caller straight" })
        job.trail?.add("rerouted", "the reply did not reach the caller straight, or not soon enough")
        throughBroker(job, body, job.trail === undefined ? reply : replyOf(job, body))
      })
      if (isGiven === true) return
    }
    throughBroker(job, body, reply)
  }

  const replyOf = ({ delivery, trail }: Job, body: ReplyBody): Packet =>
    replyPacket(delivery.packet, bound.app, core.now(), body, trail === undefined ? undefined : tellOf(bound, trail))

  const publish = (packet: Packet, reply: Packet) =>
    core.outbox.publish(routeTo.queue(packet.replyTo ?? ""), reply, !isDirect(packet.replyTo))

  const throughBroker = (job: Job, body: ReplyBody, reply: Packet): void => {
    const { packet } = job.delivery
    const direct = isDirect(packet.replyTo)
    const sending = core.runFork(publish(packet, reply))
    // nobody waits for it any longer; in process it is through by now
    const withdraw = sending.pollUnsafe() === undefined
      ? core.deadlines.add(job.deadline, () => sending.interruptUnsafe())
      : undefined
    sending.addObserver((exit) => {
      withdraw?.()
      if (Exit.isSuccess(exit)) {
        if (exit.value === "unroutable" && !direct) record(packet, "stray-reply")
        return finish(job, "ack")
      }
      const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      if (error?.reason._tag === "TooLarge" && body._tag !== "Failure") {
        const { size, limit } = error.reason
        return answer(
          job,
          failure("InvalidReply", { field: "", value: `${size} bytes`, expected: `at most ${limit} bytes` }),
        )
      }
      // a reply queue that takes no reply will not take the next one either
      record(packet, "stray-reply", { error: describeError(error ?? exit.cause) })
      finish(job, "ack")
    })
  }

  const start = (job: Job): void => {
    const { delivery, meta } = job
    const { packet } = delivery
    // it went back while it waited for its turn, and will come again
    if (delivery.isGone()) return finish(job, "requeue")
    const now = core.now()
    const skip = (why: string, tag?: string): void => {
      record(packet, "skipped", { error: why, tag })
      finish(job, "ack")
    }
    if (packet.replyTo === undefined || packet.replyTo === "" || packet.correlationId === undefined) {
      return skip("it has no reply_to or correlation_id")
    }
    if (cancellations.isCancelled(packet.correlationId)) return skip("its caller gave up before it started")
    // as it was on arrival: what waited here for its turn is late, not a sign of another clock
    const { deadline, skew } = callDeadline(packet, meta, job.arrived, job.age)
    job.deadline = deadline
    if (skew !== undefined) record(packet, "clock-skew", { ms: skew })
    if (deadline <= job.arrived) {
      return skip(
        `its deadline had passed by ${Math.round(job.arrived - deadline)} ms when it arrived`,
        Why.lateOnArrival,
      )
    }
    if (deadline <= now) return skip("its deadline passed while it waited for its turn", Why.lateInQueue)
    // its way back may be what took the connection, and would take the next one
    if (delivery.redelivered && isDirect(packet.replyTo)) return skip("it was redelivered, and its reply_to is direct")
    // an idempotent one comes again until it expires; one that never does might kill its worker for ever
    if (delivery.redelivered && (!contract.idempotent || packet.expiration === undefined)) {
      const why = contract.idempotent ? "never expires" : "is not idempotent"
      record(packet, "skipped", { error: `it may have run before and ${why}` })
      return answer(job, failure("HandlerDied", { detail: "it was redelivered, so a worker may have begun it" }))
    }
    const payload = readPayload(contract, packet)
    if (Result.isFailure(payload)) {
      record(packet, "failed", {
        error: payload.failure.misfits.map((m) => `${m.field}: ${m.expected}`).join("; "),
        tag: "InvalidPayload",
      })
      return answer(job, failure("InvalidPayload", payload.failure))
    }
    job.startedAt = now
    record(packet, "started")
    job.trail?.add("started")
    let forget: (() => void) | undefined
    let isOver = false
    const step = beginHandling(bound, delivery, meta, meta.attempt)
    job.running = invoke(bound, {
      id: packet.id,
      payload: payload.success,
      step,
      trace: step?.trace ?? meta.trace ?? nextTrace(undefined, core.ids.next(now)),
      attempt: meta.attempt,
      // a caller that lost the way to a server sends an idempotent call once more itself
      redelivered: delivery.redelivered || meta.attempt > 1,
      deadline,
      trail: job.trail,
      follow: job.followed?.name,
    }, (outcome) => {
      isOver = true
      job.startedAt = 0
      forget?.()
      job.trail?.add(outcome._tag === "Done" ? "handled" : "failed")
      const ms = core.now() - now
      if (outcome._tag === "Stopped" && outcome.why !== "timeout") {
        step?.end(outcome.why === "shutdown" ? "returned" : "cancelled", outcome.why)
        record(packet, outcome.why === "shutdown" ? "returned" : "cancelled", { ms, error: outcome.why })
        return finish(job, outcome.why === "shutdown" ? "requeue" : "ack")
      }
      const body = replyTo(contract, outcome, bound)
      if (body._tag === "Value") record(packet, "handled", { ms })
      else record(packet, body._tag === "Declared" ? "handled" : "failed", { ms, error: errorOf(outcome, body) })
      if (step !== undefined) endStep(step, outcome, body)
      logFailure(bound, packet, outcome, body)
      answer(job, body)
    })
    // most are through by now, and nobody could have given them up
    if (!isOver) forget = cancellations.running(packet.correlationId, () => job.running?.stop("cancelled"))
  }

  return {
    deliver: (delivery) => {
      if (delivery.redelivered && takeBack(jobs, delivery)) return
      const meta = readMeta(delivery.packet)
      const { [Header.hops]: hops, [Header.follow]: follow } = delivery.packet.headers
      const job: Job = {
        key: undefined,
        redelivered: delivery.redelivered,
        isRunning: false,
        place: nowhere,
        deadline: Number.POSITIVE_INFINITY,
        delivery,
        meta,
        arrived: core.now(),
        age: ageOf(core, delivery, meta),
        running: undefined,
        startedAt: 0,
        trail: hops === undefined ? undefined : arrival(core, delivery),
        followed: follow === undefined ? undefined : holdDelivery(bound, delivery, follow, meta.cause),
        start: () => start(job),
      }
      jobs.add(job)
      admission.enter(job)
    },
    drain: () => {
      for (const job of admission.close()) finish(job, "requeue")
    },
    force: () => {
      for (const job of jobs) job.running?.stop("shutdown")
    },
    size: () => jobs.size,
    look: () => ({ ...lookAt(jobs), halted: 0 }),
    mark: markOf(jobs),
  }
}

/** How late a call is that came through the broker; of what came straight that is taken off its timeout already. */
const ageOf = ({ lateness }: CoreShape, { packet, straight }: Delivery, { sent }: Meta): number => {
  if (straight !== undefined || sent === undefined || packet.replyTo === undefined) return 0
  return lateness.of(packet.replyTo, { clock: sent, at: packet.timestamp })
}
