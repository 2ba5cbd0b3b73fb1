/**
 * The way to one other process: a link, and whether it may be used now.
 *
 * Between `Ways`, which opens and closes it, and those who send. It is up once the process at the other end has said that it
 * is the one that was meant. A way that did not do what it should is left alone for a while, longer each time; one that has
 * been good for long enough starts again with the short while, so that none is tried and left in turn.
 */
import type { Link, LinkPeer, Parts } from "../../transport/mod.ts"
import type { LaneAddress } from "../../wire/mod.ts"
import type { CoreShape } from "../Core.ts"

/** What of a core ways stand on. */
export type WaysCore = Pick<CoreShape, "deadlines" | "now">

/** How long a way is left alone: the first time, and at most, ms. */
const firstPause = 1_000
const longestPause = 30_000

/** A way that was up for so long has been good, ms. */
const proven = 10_000

/** See the top of the file. */
export class Way implements LinkPeer {
  readonly #core: WaysCore
  readonly address: LaneAddress
  #link: Link | undefined
  #isUp = false
  #isClosed = false
  #upSince = 0
  #avoidUntil = 0
  #pause = firstPause
  readonly #waiting = new Set<(isUp: boolean) => void>()
  readonly #listeners = new Set<() => void>()
  /** When it was last used, ms since the epoch. */
  usedAt: number
  /** When the process at the other end was said hello to, ms since the epoch. */
  greetedAt = 0

  constructor(core: WaysCore, address: LaneAddress) {
    this.#core = core
    this.address = address
    this.usedAt = core.now()
  }

  get name(): string {
    return this.address.endpoint
  }

  /** Whether somebody wants to hear of its end, and so keeps it. */
  get isKept(): boolean {
    return this.#listeners.size > 0
  }

  /** Whether the process at the other end is the one that was meant, now. */
  get isThere(): boolean {
    return this.#isUp
  }

  /** Whether it has ended: it does not come up any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether messages may go now. */
  isUp(): boolean {
    return this.#isUp && (this.#avoidUntil === 0 || this.#core.now() >= this.#avoidUntil)
  }

  /** Whether it may be waited for now. */
  mayTry(): boolean {
    return this.#core.now() >= this.#avoidUntil
  }

  /** Sends now, or not at all: `false`. */
  send(message: Parts): boolean {
    return this.#isUp && this.#link?.send(message) === true
  }

  /** Calls back once: `true` when it is up, `false` when it is not within `patience` ms. */
  whenUp(patience: number, then: (isUp: boolean) => void): void {
    if (this.isUp()) return then(true)
    const withdraw = this.#core.deadlines.add(this.#core.now() + patience, () => {
      if (!this.#waiting.delete(once)) return
      this.avoid()
      then(false)
    })
    const once = (isUp: boolean): void => {
      this.#waiting.delete(once)
      withdraw()
      then(isUp)
    }
    this.#waiting.add(once)
  }

  /** It did not do what it should: it is left alone for a while. */
  avoid(): void {
    const now = this.#core.now()
    // what many calls find at once is one failure
    if (now < this.#avoidUntil) return
    if (this.#isUp && now - this.#upSince >= proven) this.#pause = firstPause
    this.#avoidUntil = now + this.#pause
    this.#pause = Math.min(this.#pause * 2, longestPause)
  }

  /** Told whenever it goes down, and of its end; the result takes it back. */
  onDown(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Its link, up or not. */
  get link(): Link | undefined {
    return this.#link
  }

  /** Its link. */
  over(link: Link): void {
    this.#link = link
  }

  /** Gives its link up, for now. */
  hangUp(): void {
    const link = this.#link
    this.#link = undefined
    link?.close()
    this.down()
  }

  /** The process at the other end is the one that was meant. */
  up(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.#upSince = this.#core.now()
    // a way that was slow to come up is there now; one that goes up and down is not believed at once
    if (this.#pause <= firstPause * 2) this.#avoidUntil = 0
    for (const once of [...this.#waiting]) once(this.isUp())
  }

  /** Its link is lost. */
  down(): void {
    if (!this.#isUp) return
    this.avoid()
    this.#isUp = false
    this.#tell()
  }

  /** It ends. */
  close(): void {
    if (this.#isClosed) return
    const wasUp = this.#isUp
    this.#isClosed = true
    this.hangUp()
    if (!wasUp) this.#tell()
    for (const once of [...this.#waiting]) once(false)
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
