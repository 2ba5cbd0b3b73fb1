/**
 * Turns one delivery of an event (or of a schedule's tick) into one verdict.
 *
 * Decodes, runs the handler under its policy, then acks, retries or buries. A retry or dead-letter copy is
 * confirmed before the original is acked, so nothing is lost in between; with `orderBy` the retry waits in place and
 * holds its key. Opens no connection and knows no broker.
 */
import { Cause, Effect, Exit, Option, Result } from "effect"
import { Bag, type Bagged, nowhere } from "../collections/mod.ts"
import { show } from "../contract/mod.ts"
import type { Delivery, Packet, TransportError, Verdict } from "../transport/mod.ts"
import {
  deadCopy,
  type Death,
  deriveId,
  fromBytes,
  Header,
  type Meta,
  type Mishap,
  nextTrace,
  QueueName,
  readMeta,
  retryCopy,
  routeTo,
  tierFor,
  type Trace,
} from "../wire/mod.ts"
import { Admission, type Entry as Turn } from "./Admission.ts"
import type { Withdraw } from "./Deadlines.ts"
import { Why } from "./Journal.ts"
import { type Dispatcher, lookAt, markOf, recorderOf, takeBack } from "./Dispatcher.ts"
import { holdDelivery, release } from "./follow.ts"
import type { Followed } from "./Follows.ts"
import type { Listener, ScheduledHandler } from "./Handler.ts"
import type { InboxShape } from "./Inbox.ts"
import { framesOf } from "./frames.ts"
import { type Bound, describeError, invoke, type Outcome, type Running } from "./invoke.ts"
import { beginHandling } from "./Telemetry.ts"

interface Job extends Turn, Bagged {
  /** Counts them in the order they came. */
  readonly number: number
  /** The present one: a message in hand comes again, to be acked, when its connection was lost. */
  delivery: Delivery
  readonly meta: Meta
  readonly payload: unknown
  attempt: number
  running: Running | undefined
  /** Withdraws the wait for the next try in place. */
  waiting: Withdraw | undefined
  /** Waits for its settlement, since its copy is on the way. */
  settling: boolean
  /** When the handler began on it, ms since the epoch; 0: it is not at work. */
  startedAt: number
  /** The first attempt's span, where spans are recorded and it was tried here. */
  first: Trace | undefined
  /** Held as long as it is in hand, where somebody follows it. */
  readonly followed: Followed | undefined
}

/** What decoding a delivery's body gave: the payload, or why it cannot be one. */
export type Decode = (json: unknown) => Result.Result<unknown, string>

/** A dispatcher for one listener or schedule. */
export const listen = (
  bound: Bound<Listener | ScheduledHandler>,
  concurrency: number,
  inbox: InboxShape,
  decode: Decode,
): Dispatcher => {
  const { core, handler } = bound
  const orderBy = handler.kind === "listener" ? handler.orderBy : undefined
  const dedupe = handler.kind === "listener" && handler.dedupe
  const halts = handler.kind === "listener" && handler.whenExhausted === "halt" && orderBy !== undefined
  const admission = new Admission<Job>(concurrency)
  const jobs = new Bag<Job>()
  let came = 0
  let draining = false
  let halted = 0
  let lastHalted: Mishap | undefined

  const record = recorderOf(bound)

  const finish = (job: Job, verdict: Verdict): void => {
    if (!jobs.delete(job)) return
    if (job.followed !== undefined) release(job.followed, bound, job.delivery, verdict)
    core.settle(job.delivery, verdict)
    admission.leave(job)
    if (job === tried) tryNext(job)
    if (draining && job.key !== undefined) giveBack()
  }

  /** Gives back what is not at work, in the order it came; what stands behind its key's message at work waits for that. */
  const giveBack = (): void => {
    const inOrder = [...jobs].sort((a, b) => a.number - b.number)
    const held = new Set(inOrder.flatMap((job) => isAtWork(job) && job.key !== undefined ? [job.key] : []))
    for (const job of inOrder) {
      if (isAtWork(job) || job.key !== undefined && held.has(job.key)) continue
      job.waiting?.()
      jobs.delete(job)
      if (job.followed !== undefined) release(job.followed, bound, job.delivery, "requeue")
      core.settle(job.delivery, "requeue")
    }
  }

  /** Publishes the copy; acks the original once the copy is confirmed, gives it back if it is not. */
  const replaceBy = (copy: Packet, route: ReturnType<typeof routeTo.queue>, done: (verdict: Verdict) => void): void => {
    core.runFork(core.transport.publish(route, copy)).addObserver((exit) =>
      done(Exit.isSuccess(exit) ? exit.value === "routed" ? "ack" : "requeue" : withoutCopy(exit.cause))
    )
  }

  const { host, pid } = core.machine
  const by = `${pid}@${host}`
  const bury = (
    delivery: Delivery,
    death: Omit<Death, "handler" | "now" | "by">,
    done: (verdict: Verdict) => void,
  ): void => {
    record(delivery.packet, "dead", { attempt: death.attempt, error: death.error })
    log("dead-lettered", delivery.packet, death.error)
    const copy = deadCopy(delivery.packet, { ...death, handler: bound.label, now: core.now(), by })
    replaceBy(copy, routeTo.queue(QueueName.dead(bound.app)), done)
  }

  const log = (what: string, packet: Packet, error: string): void =>
    void core.runFork(
      Effect.logWarning(
        `${packet.type === "" ? "A message without a type" : `"${packet.type}"`} ${what} by "${bound.label}": ${error}`,
      ).pipe(
        Effect.annotateLogs({ app: bound.app, handler: bound.label, id: packet.id }),
      ),
    )

  /** One of those that came back together again and again kills its process; the others shall be through before it. */
  let suspects: Array<Job> = []
  /** The one whose turn it is; while its turn is awaited, any. */
  let tried: Job | undefined
  const suspect = (job: Job): void => {
    suspects.push(job)
    if (tried === undefined) tryNext(job)
  }
  const tryNext = (last: Job): void => {
    tried = last
    core.deadlines.add(core.now() + gathering, () => {
      suspects = suspects.filter((one) => jobs.has(one)).sort((a, b) => turnOf(a.delivery) - turnOf(b.delivery))
      tried = suspects.shift()
      if (tried !== undefined) admission.enter(tried)
    })
  }

  const start = (job: Job): void => {
    const { delivery, meta, attempt } = job
    const { packet } = delivery
    // it went back while it waited for its turn, and will come again
    if (delivery.isGone()) return finish(job, "requeue")
    const began = core.now()
    job.waiting = undefined
    job.startedAt = began
    record(packet, "started", { attempt, cause: meta.cause })
    let duplicate = false
    // foreign messages may have no id: they are not the same message
    const around = !dedupe || packet.id === ""
      ? undefined
      : (effect: Effect.Effect<unknown, unknown>) =>
        Effect.map(inbox.process(`${bound.label}/${packet.id}`, effect), (processed) => {
          duplicate = processed === "duplicate"
        })
    let ended = false
    const step = beginHandling(bound, delivery, meta, attempt, job.first)
    if (attempt === 1) job.first = step?.trace
    const running = invoke(bound, {
      id: packet.id,
      payload: job.payload,
      step,
      trace: step?.trace ?? meta.trace ?? nextTrace(undefined, core.ids.next(began)),
      attempt,
      redelivered: delivery.redelivered,
      deadline: undefined,
      follow: job.followed?.name,
    }, (outcome) => {
      ended = true
      job.running = undefined
      job.startedAt = 0
      const ms = core.now() - began
      if (outcome._tag === "Done") {
        step?.end(duplicate ? "skipped" : "handled")
        record(packet, duplicate ? "skipped" : "handled", {
          ms,
          attempt,
          ...(duplicate && { error: "it was completed before", tag: Why.duplicate }),
        })
        return finish(job, "ack")
      }
      if (outcome._tag === "Stopped" && outcome.why === "shutdown") {
        step?.end("returned", outcome.why)
        record(packet, "returned", { ms, attempt, error: outcome.why })
        return finish(job, "requeue")
      }
      const error = errorOf(outcome, bound)
      record(packet, "failed", { ms, attempt, error })
      const again = attempt < handler.retry.attempts
      step?.fail(again ? "retry" : halts ? "halted" : "dead", outcome._tag === "Failed" ? outcome.error : outcome.why)
      if (again) retry(job, error)
      else exhausted(job, error, outcome._tag === "Failed" ? framesOf(outcome.error) : undefined)
    }, around)
    // a plain function is through by now
    if (!ended) job.running = running
  }

  const retry = (job: Job, error: string): void => {
    const { packet } = job.delivery
    const wanted = handler.retry.delayAfter(job.attempt)
    const next = job.attempt + 1
    if (orderBy !== undefined) {
      if (draining) return finish(job, "requeue")
      record(packet, "retry", { attempt: next, delay: wanted, error })
      job.attempt = next
      job.waiting = core.deadlines.add(core.now() + wanted, () => admission.resume(job))
      return admission.pause(job)
    }
    record(packet, "retry", { attempt: next, delay: tierFor(wanted)[1], error })
    job.settling = true
    replaceBy(
      // the header stays on all copies that follow
      retryCopy(packet, next, job.attempt === 1 ? job.first : undefined),
      routeTo.retry(wanted, job.delivery.queue),
      (verdict) => finish(job, verdict),
    )
  }

  const exhausted = (job: Job, error: string, frames: ReadonlyArray<string> | undefined): void => {
    if (halts && draining) return finish(job, "requeue")
    if (halts) {
      // neither acked nor given back: the key stands still until this process ends, other keys go on
      log("halts its key", job.delivery.packet, error)
      halted++
      lastHalted = { at: core.now(), id: job.delivery.packet.id, error, attempt: job.attempt }
      return admission.pause(job)
    }
    job.settling = true
    const death = { reason: "failed", error, stack: frames?.join("\n"), attempt: job.attempt } as const
    bury(job.delivery, death, (verdict) => finish(job, verdict))
  }

  return {
    deliver: (delivery) => {
      const meta = readMeta(delivery.packet)
      const follow = delivery.packet.headers[Header.follow]
      const read = readJson(delivery.packet, decode)
      const payload = Result.isSuccess(read) ? keyed(read.success, orderBy) : Result.fail(read.failure)
      if (Result.isFailure(payload)) {
        const error = payload.failure
        const followed = follow === undefined ? undefined : holdDelivery(bound, delivery, follow, meta.cause)
        beginHandling(bound, delivery, meta, meta.attempt)?.fail("dead", "undecodable")
        return bury(delivery, { reason: "undecodable", error, attempt: meta.attempt }, (verdict) => {
          if (followed !== undefined) release(followed, bound, delivery, verdict)
          core.settle(delivery, verdict)
        })
      }
      if (delivery.redelivered && takeBack(jobs, delivery)) return
      const job: Job = {
        ...payload.success,
        redelivered: delivery.redelivered,
        isRunning: false,
        place: nowhere,
        number: ++came,
        delivery,
        meta,
        attempt: meta.attempt,
        running: undefined,
        waiting: undefined,
        settling: false,
        startedAt: 0,
        first: undefined,
        followed: follow === undefined ? undefined : holdDelivery(bound, delivery, follow, meta.cause),
        start: () => start(job),
      }
      jobs.add(job)
      if (delivery.deliveryCount >= 2 && job.key === undefined) suspect(job)
      else admission.enter(job)
    },
    drain: () => {
      draining = true
      admission.close()
      giveBack()
    },
    force: () => {
      for (const job of jobs) job.running?.stop("shutdown")
    },
    size: () => jobs.size,
    look: () => ({ ...lookAt(jobs), halted, lastHalted }),
    mark: markOf(jobs),
  }
}

/** What came back together arrives together, within that time, ms; so long an ack may take to leave the process, too. */
const gathering = 20

/**
 * Where a message that came back stands among the others: any order, and the reverse of it the next time, so that each has
 * its turn before a deadly one in one of two tries. Another order after that: there may be several of those.
 */
const turnOf = ({ packet: { id }, deliveryCount }: Delivery): number => {
  const place = Number.parseInt(deriveId(id, `${deliveryCount >> 1}`, 0).slice(-8), 16)
  return deliveryCount % 2 === 0 ? place : -place
}

/** A message too large to be copied (it came from elsewhere) is dead-lettered by the broker, as it is. */
const withoutCopy = (cause: Cause.Cause<TransportError>): Verdict =>
  Option.getOrUndefined(Cause.findErrorOption(cause))?.reason._tag === "TooLarge" ? "reject" : "requeue"

/** Its handler runs, or its copy is on the way: its verdict will come. */
const isAtWork = (job: Job): boolean => job.running !== undefined || job.settling

const readJson = (packet: Packet, decode: Decode): Result.Result<unknown, string> => {
  const json = fromBytes(packet.body)
  return Result.isFailure(json) ? Result.fail(json.failure.message) : decode(json.success)
}

const keyed = (
  payload: unknown,
  orderBy: Listener["orderBy"],
): Result.Result<{ readonly payload: unknown; readonly key: string | number | undefined }, string> => {
  try {
    const key = orderBy?.(payload)
    return orderBy === undefined || typeof key === "string" || typeof key === "number"
      ? Result.succeed({ payload, key })
      : Result.fail(`its \`orderBy\` gave ${show(key)}, expected a string or a number`)
  } catch (error) {
    return Result.fail(`its \`orderBy\` threw: ${describeError(error)}`)
  }
}

const errorOf = (outcome: Exclude<Outcome, { _tag: "Done" }>, bound: Bound): string =>
  outcome._tag === "Failed"
    ? describeError(outcome.error)
    : `it ran longer than its timeout of ${bound.handler.timeout} ms`
