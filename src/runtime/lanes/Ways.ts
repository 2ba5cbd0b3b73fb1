/**
 * The ways to other processes, opened when they are first wanted and closed when they are not wanted any more.
 *
 * Between `LaneClient` and `LaneServer`, which send, and the port. Addresses come from the broker, and so from whoever may
 * write there: only so many ways are open at a time, and each begins with asking who is at the other end.
 */
import type { Link, LinkPeer, Links, Parts } from "../../transport/mod.ts"
import { type LaneAddress, parseLaneAddress } from "../../wire/mod.ts"
import { Way, type WaysCore } from "./Way.ts"

/** Ways at a time. */
const most = 1_024

/** A link that nobody keeps has so long to come up, ms. */
const dialling = 3_000

/** A way is not used while its hello and the answer take longer, ms. */
const slow = 500

/** A way that nobody used or kept for so long is closed, ms. */
const unused = 60_000

/** The ways of one process. */
export class Ways {
  readonly #core: WaysCore
  readonly #links: Links
  readonly #hello: (to: LaneAddress) => Parts
  /** By endpoint: another process may have the port of one that is gone. */
  readonly #ways = new Map<string, Way>()
  #isWatched = false

  /** `hello` makes the first message of each link. */
  constructor(core: WaysCore, links: Links, hello: (to: LaneAddress) => Parts) {
    this.#core = core
    this.#links = links
    this.#hello = hello
  }

  /** How many there are, up or not. */
  get size(): number {
    return this.#ways.size
  }

  /** How many are up. */
  get up(): number {
    return [...this.#ways.values()].filter((way) => way.isUp()).length
  }

  /**
   * The way to an address; `undefined`: it is none, it may not be reached, another process is known to be there, or there are
   * too many ways. `isKept`: whoever asks will keep it, so that it is dialled whatever was before.
   */
  to(text: string, isKept = false): Way | undefined {
    const address = parseLaneAddress(text)
    if (address === undefined) return undefined
    const known = this.#ways.get(address.endpoint)
    if (known?.address.instance === address.instance) {
      known.usedAt = this.#core.now()
      const isAsleep = known.link === undefined && (isKept || known.mayTry())
      return !isAsleep || this.#dial(known) ? known : undefined
    }
    if (known !== undefined) {
      // a call that waited for long may name a process that had the port before: it takes nothing from the one there now
      if (known.isThere || known.isKept && !isKept) return undefined
      this.drop(known)
    }
    if (this.#ways.size >= most && !this.#makeRoom()) return undefined
    const way = new Way(this.#core, address)
    if (!this.#dial(way)) return undefined
    this.#ways.set(address.endpoint, way)
    this.#watch()
    return way
  }

  /** One that was given up makes room. */
  #makeRoom(): boolean {
    for (const way of this.#ways.values()) {
      if (way.link !== undefined || way.isKept) continue
      this.drop(way)
      return true
    }
    return false
  }

  /** Opens the link of a way; `false`: it may not be reached. One that nobody keeps is given up when it does not come up, or is lost. */
  #dial(way: Way): boolean {
    const link = this.#links.open(way.address.endpoint, {
      onUp: (link) => this.#greet(way, link),
      onDown: () => {
        if (way.link !== link) return
        if (way.isKept) way.down()
        else way.hangUp()
      },
    })
    if (link === undefined) return false
    way.over(link)
    this.#core.deadlines.add(this.#core.now() + dialling, () => {
      // one that came up is kept open while it is left alone, or it would have to come up within a reply's patience
      if (way.link !== link || way.isKept || way.isThere) return
      way.avoid()
      way.hangUp()
    })
    return true
  }

  /** Whoever was greeted over a link is the one that was meant. */
  onWelcome(from: LinkPeer): void {
    const way = this.#ways.get(from.name)
    if (way === undefined || way.link !== from) return
    // what comes over it is judged by how long the hello took: one that took too long is said again
    if (this.#core.now() - way.greetedAt > slow) this.#greet(way, way.link)
    else way.up()
  }

  #greet(way: Way, link: Link): void {
    way.greetedAt = this.#core.now()
    link.send(this.#hello(way.address))
  }

  /** Closes one. */
  drop(way: Way): void {
    if (this.#ways.get(way.name) === way) this.#ways.delete(way.name)
    way.close()
  }

  /** Closes all. */
  close(): void {
    for (const way of [...this.#ways.values()]) this.drop(way)
  }

  /** One timer looks now and then which of them are still used. */
  #watch(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.#core.deadlines.add(this.#core.now() + unused, () => {
      this.#isWatched = false
      for (const way of [...this.#ways.values()]) {
        if (!way.isKept && this.#core.now() - way.usedAt >= unused) this.drop(way)
      }
      if (this.#ways.size > 0) this.#watch()
    })
  }
}
