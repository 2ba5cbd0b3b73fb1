/**
 * One call that waits for its outcome: it ends in exactly one way, by its reply, its deadline, a failure or its caller.
 *
 * Between `Caller`, which makes it and looks it up, and the lanes, which tell it how it fares. The caller's own fiber waits
 * for it; nothing of it is left when it has ended.
 */
import { Cause, Exit, Option } from "effect"
import type { Keyed, Table } from "../collections/mod.ts"
import {
  type CallError,
  type CallSpec,
  DeadlineExceeded,
  Disconnected,
  HandlerDied,
  NoHandler,
  Overloaded,
  ReplyLost,
  type Seen,
} from "../contract/mod.ts"
import type { Confirm, HeaderValue, Packet, TransportError } from "../transport/mod.ts"
import type { CoreShape } from "./Core.ts"
import { type Departure, tooLarge } from "./departure.ts"
import type { Following } from "./follow.ts"
import { describeError } from "./invoke.ts"
import type { Fact } from "./Journal.ts"
import { type CallEvents, type CallWay, type Lane, sendCall } from "./lanes/sendCall.ts"
import type { StraightReply } from "./lanes/Sent.ts"
import { readReply } from "./readReply.ts"
import type { OpenStep } from "./Telemetry.ts"
import type { Waiting } from "./Vigil.ts"

/** The outcome of a call. */
export type Answer = Exit.Exit<unknown, unknown>

/** See the top of the file. */
export class PendingCall implements CallEvents, Keyed<PendingCall>, Waiting {
  /** Id of its message. */
  readonly key: string
  chained: PendingCall | undefined
  readonly contract: CallSpec
  /** When it was made, ms since the epoch. */
  readonly sentAt: number
  /** Why the connection was lost while it waited, if it was. */
  cut: string | undefined
  /** Whether the broker has taken it, or a server was sent it. */
  confirmed = false
  readonly #core: CoreShape
  readonly #pending: Table<PendingCall>
  readonly #departure: Departure
  readonly #following: Following | undefined
  readonly #deadline: number
  readonly #packet: Packet
  /** How it travels. */
  #lane: Lane = "broker"
  /** Its way out, once it is on it. */
  #way: CallWay | undefined
  #isOver = false
  #withdraw: (() => void) | undefined
  #resume: ((answer: Answer) => void) | undefined

  constructor(
    core: CoreShape,
    pending: Table<PendingCall>,
    contract: CallSpec,
    departure: Departure,
    following: Following | undefined,
    deadline: number,
    packet: Packet,
  ) {
    const { id, now } = departure.origin
    this.key = id
    this.contract = contract
    this.sentAt = now
    this.#core = core
    this.#pending = pending
    this.#departure = departure
    this.#following = following
    this.#deadline = deadline
    this.#packet = packet
  }

  /** Its span, where spans are recorded. */
  get step(): OpenStep | undefined {
    return this.#departure.step
  }

  /** Sends it; `resume` is called once with its outcome, unless it is interrupted. */
  begin(resume: (answer: Answer) => void): void {
    this.#resume = resume
    this.#withdraw = this.#core.deadlines.add(this.#deadline, () => this.finish(Exit.fail(this.#late())))
    this.#pending.add(this)
    this.#departure.record("called", this.sentAt)
    if (this.#core.taps.isOpen) this.#core.taps.called(this.#packet)
    const way = sendCall(this.#core, this.#packet, this.contract.idempotent, this, this.#following?.trail)
    // it may be through by now: refused at once, or answered in this very process
    if (this.#isOver) way.leave()
    else this.#way = way
  }

  /** It has its outcome; what comes later is dropped. */
  finish(answer: Answer): void {
    if (!this.#end()) return
    // what is still on its way to the broker would arrive expired, with a life of its own
    this.#way?.leave()
    if (Exit.isSuccess(answer)) this.#tell("answered")
    else {
      const error = Cause.squash(answer.cause)
      this.#tell("refused", describeError(error), tagOf(error))
    }
    this.#resume?.(answer)
  }

  /** Nobody waits for it any more: whoever runs it is told. `false`: it was through already. */
  interrupt(): boolean {
    if (!this.#end()) return false
    this.#way?.cancel()
    this.#tell("refused", "interrupted")
    return true
  }

  onSent(lane: Lane): void {
    this.#lane = lane
    this.confirmed = true
  }

  onReply(lane: Lane, error: HeaderValue | undefined, reply: Omit<StraightReply, "error">): void {
    // a call that went straight stays one, even where its reply came round
    if (this.#lane !== "direct") this.#lane = lane
    this.#following?.replied(lane, reply.hops)
    this.finish(readReply(this.contract, error, reply.body, () => this.#seen()))
  }

  onUnsent(exit: Exit.Exit<Confirm, TransportError>): void {
    this.confirmed = true
    const failure = this.#unsent(exit)
    if (failure !== undefined) this.finish(Exit.fail(failure))
  }

  onCut(why: string): void {
    this.cut ??= why
  }

  onDead(detail: string): void {
    this.finish(Exit.fail(new HandlerDied({ call: this.contract.type, detail, ...this.#seen() })))
  }

  onRerouted(why: string): void {
    this.#departure.record("rerouted", this.#core.now(), undefined, why)
  }

  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#pending.delete(this)
    this.#withdraw?.()
    return true
  }

  #tell(fact: Fact, error?: string, tag?: string): void {
    const at = this.#core.now()
    this.#departure.record(fact, at, at - this.sentAt, error, this.#lane, tag)
    this.#following?.end(fact, error)
    this.#departure.followed?.end()
  }

  #seen(): Seen {
    return { ...this.#core.presence.seen(this.contract.type), lane: this.#lane }
  }

  /** What the deadline says of it: that depends on how far it came. */
  #late(): CallError {
    const { cut, confirmed } = this
    const call = this.contract.type
    const timeout = this.#deadline - this.sentAt
    if (confirmed && cut !== undefined) {
      const detail = `the connection was lost while it waited (${cut}), and no reply came within ${timeout} ms`
      return new ReplyLost({ call, detail, ...this.#seen() })
    }
    const obstacle = this.#core.outbox.obstacle()
    if (!confirmed && obstacle !== undefined) {
      return new Disconnected({ call, detail: `after ${timeout} ms, ${obstacle}`, ...this.#seen() })
    }
    return new DeadlineExceeded({ call, timeout, stage: confirmed ? "waiting" : "confirming", ...this.#seen() })
  }

  /** What a publish says against it, if anything. */
  #unsent(exit: Exit.Exit<Confirm, TransportError>): CallError | undefined {
    const call = this.contract.type
    if (Exit.isSuccess(exit)) {
      return exit.value === "routed" ? undefined : new NoHandler({ call, ...this.#seen(), servers: 0 })
    }
    const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
    if (error === undefined) {
      return Cause.hasInterruptsOnly(exit.cause)
        ? undefined
        : new Disconnected({ call, detail: Cause.pretty(exit.cause), ...this.#seen() })
    }
    const { reason } = error
    switch (reason._tag) {
      case "Rejected":
        return new Overloaded({ call, detail: reason.detail, ...this.#seen() })
      case "TooLarge":
        return tooLarge(call, reason)
      case "Disconnected":
        return new Disconnected({ call, detail: reason.detail, ...this.#seen() })
      default:
        return new Disconnected({ call, detail: error.message, ...this.#seen() })
    }
  }
}

const tagOf = (error: unknown): string | undefined => {
  const tag = (error as { readonly _tag?: unknown } | null)?._tag
  return typeof tag === "string" ? tag : undefined
}
