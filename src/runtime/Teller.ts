/**
 * Tells one process what becomes of the messages that it follows, in few notices and without holding anything up.
 *
 * Below `Follows`, above the transport. One notice is on its way at a time, so that what happens meanwhile goes together;
 * what is too much is left out, and counted. Nothing is sent twice: who is not reached knows that something is missing.
 */
import { Effect } from "effect"
import { encodeHops, type Follow, type FollowedHop, hopLimits, hopPacket, QueueName, routeTo } from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"

/** What of a core a teller stands on. */
export type TellerCore = Pick<CoreShape, "ids" | "instance" | "machine" | "monotonic" | "now" | "runFork" | "transport">

/** Hops that may wait for a notice before them. */
const mostWaiting = 1_000

/** See the top of the file. */
export class Teller {
  readonly to: Follow
  /** Followed messages in hand that it speaks of. */
  held = 0
  /** Whether who asked is no longer there: nothing more is said. */
  isGone = false
  readonly #core: TellerCore
  readonly #app: string
  readonly #onRest: (teller: Teller) => void
  #waiting: Array<FollowedHop> = []
  #missed = 0
  #isSending = false

  /** `app`: who says so; `onRest`: it has said all that there is to say for now. */
  constructor(core: TellerCore, app: string, to: Follow, onRest: (teller: Teller) => void) {
    this.#core = core
    this.#app = app
    this.to = to
    this.#onRest = onRest
  }

  /** Whether it has said everything, and has nothing in hand to speak of. */
  get isIdle(): boolean {
    return this.held === 0 && !this.#isSending && this.#waiting.length === 0
  }

  /** Tells a hop, soon; `undefined`: one more is left out. */
  tell(hop: FollowedHop | undefined): void {
    if (this.isGone) return
    if (hop === undefined || this.#waiting.length >= mostWaiting) this.#missed++
    else this.#waiting.push(hop)
    if (this.#isSending || this.#waiting.length === 0) return
    this.#isSending = true
    // what happens in this turn comes first, and goes together
    this.#core.runFork(Effect.andThen(Effect.yieldNow, this.#send)).addObserver(() => {
      this.#isSending = false
      this.#onRest(this)
    })
  }

  readonly #send: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const core = this.#core
    while (this.#waiting.length > 0) {
      const hops = this.#waiting.splice(0, hopLimits.hops)
      const { instance, machine: { host, pid } } = core
      const missed = this.#missed
      this.#missed = 0
      const { key } = this.to
      const body = encodeHops({ key, instance, host, pid, sent: core.monotonic(), missed, hops })
      // what nobody could read is missing, too
      if (body === undefined) {
        this.#missed += missed + hops.length
        continue
      }
      const now = core.now()
      const told = yield* core.transport.publish(
        routeTo.queue(QueueName.control(this.to.instance)),
        hopPacket(core.ids.next(now), this.#app, now, body),
      ).pipe(Effect.orElseSucceed(() => "lost" as const))
      if (told === "lost") this.#missed += missed + hops.length
      if (told === "unroutable") {
        this.#waiting = []
        this.isGone = true
      }
    }
  })
}
