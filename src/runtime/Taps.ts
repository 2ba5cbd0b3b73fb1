/**
 * Taps: whoever wants to see messages go by is told by the processes that send them.
 *
 * Part of `Core`. No queue is bound to anything for it, so that no message has one receiver more and nobody listening is
 * noticed as ever. Where nobody taps, a message costs one look at `isOpen`. Messages of programs that know nothing of this
 * are told by whoever handles them. Does nothing to a message and waits for nothing, but for the last word at the end.
 */
import { Effect, type Scope } from "effect"
import type { Delivery, Packet } from "../transport/mod.ts"
import {
  decodeTapOrder,
  encodeTapHello,
  Header,
  tapHello,
  tapHelloType,
  type TapOrder,
  tapPacket,
  tapType,
} from "../wire/mod.ts"
import { type TapCore, type Tapped, TapTeller } from "./TapTeller.ts"

/** Taps at a time; more are not told. */
const mostTaps = 16
/** What a process may have sent before it knows whether there is a tap: messages, and bytes of their bodies. */
const early = { messages: 100, bytes: 1_048_576 } as const
/** A tap that there is answers within so much time, ms, or is not waited for. */
const patience = 500
/** The longest lease, ms, whatever is asked for. */
const longest = 60_000

/** See the top of the file. */
export class Taps {
  /** Whether anybody taps, or may: what is sent is to be told here. */
  isOpen = false
  readonly #core: TapCore
  readonly #tellers = new Map<string, TapTeller>()
  /** What was sent before it was known whether there is a tap; `undefined`: it is known. */
  #early: Array<Tapped> | undefined
  #earlyBytes = 0
  #rounds = 0

  constructor(core: TapCore) {
    this.#core = core
  }

  /** An event was confirmed. */
  emitted(packet: Packet, heard: boolean): void {
    this.#offer({ packet, kind: "event", heard, isForeign: false })
  }

  /** A call was sent. */
  called(packet: Packet): void {
    this.#offer({ packet, kind: "call", isForeign: false })
  }

  /** A message came to a handler: who sends without a fingerprint is no process of Warren's, and tells nothing. */
  met({ packet, redelivered }: Delivery, kind: "call" | "listener" | "schedule"): void {
    const { headers } = packet
    const isAgain = redelivered || Number(headers[Header.attempt] ?? 1) > 1
    if (kind === "schedule" || isAgain || headers[Header.schema] !== undefined) return
    this.#offer({ packet, kind: kind === "call" ? "call" : "event", isForeign: true })
  }

  /** Takes a notice; `false`: the packet is none. */
  take(packet: Packet): boolean {
    if (packet.type !== tapType) return false
    const order = decodeTapOrder(packet.body)
    if (order !== undefined) this.#obey(order)
    return true
  }

  /** Asks whether there is a tap, and in the end tells what has not been told. Others share the broker, or nobody is asked. */
  readonly start: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() => {
    const core = this.#core
    const { ids, now, settings, instance, transport } = core
    const last = Effect.suspend(() =>
      Effect.forEach([...this.#tellers.values()], ({ flush }) => flush, { discard: true })
    )
    if (!transport.traits.shared) return Effect.addFinalizer(() => last)
    const hello = tapPacket(tapHelloType, ids.next(now()), settings.app, now(), encodeTapHello(instance))
    this.#early = []
    this.isOpen = true
    const asking = core.runFork(
      transport.publish(tapHello, hello).pipe(
        Effect.flatMap((confirm) => confirm === "routed" ? Effect.sleep(patience) : Effect.void),
        Effect.timeoutOption(patience * 2),
        Effect.ignore,
        Effect.ensuring(Effect.sync(() => this.#known())),
      ),
    )
    /** A process of a short life may end before it has been told of the tap. */
    const answered = Effect.gen({ self: this }, function* () {
      while (this.#early !== undefined && this.#tellers.size === 0 && this.#early.length > 0) yield* Effect.sleep(5)
    })
    return Effect.addFinalizer(() =>
      answered.pipe(
        Effect.andThen(last),
        Effect.timeoutOption(patience),
        Effect.andThen(Effect.sync(() => asking.interruptUnsafe())),
      )
    )
  })

  #offer(tapped: Tapped): void {
    if (this.#tellers.size > 0) {
      const now = this.#core.monotonic()
      for (const [key, teller] of this.#tellers) {
        if (teller.isGone || now > teller.until) this.#tellers.delete(key)
        else teller.offer(tapped)
      }
    }
    if (this.#early !== undefined && this.#early.length < early.messages && this.#earlyBytes < early.bytes) {
      this.#early.push(tapped)
      this.#earlyBytes += tapped.packet.body.length
    }
    this.#settle()
  }

  #obey(order: TapOrder): void {
    const key = `${order.asker} ${order.key}`
    const known = this.#tellers.get(key)
    if (order.lease === 0) this.#tellers.delete(key)
    else if (known !== undefined && !known.isGone && this.#core.monotonic() <= known.until) known.renew(leased(order))
    else if (this.#tellers.size < mostTaps || known !== undefined) {
      const teller = new TapTeller(this.#core, { ...order, lease: leased(order) }, this.#rounds++)
      this.#tellers.set(key, teller)
      for (const one of this.#early ?? []) teller.offer(one)
    }
    this.#settle()
  }

  #known(): void {
    this.#early = undefined
    this.#settle()
  }

  #settle(): void {
    this.isOpen = this.#tellers.size > 0 || this.#early !== undefined
  }
}

const leased = ({ lease }: TapOrder): number => Math.min(lease, longest)
