/**
 * The servers that can be called straight, from what they announce: who serves a call, and which of them is asked next.
 *
 * Between the directory, which hears announcements, and `LaneClient`. Keeps a link to those that are called, as long as they
 * are there. What it says of a call is worked out again only when the directory has changed.
 */
import { Bag } from "../../collections/mod.ts"
import { parseLaneAddress } from "../../wire/mod.ts"
import type { Directory, Instance } from "../Directory.ts"
import type { Sent } from "./Sent.ts"
import type { Way } from "./Way.ts"
import type { Ways } from "./Ways.ts"

/** One server that can be called straight. */
export interface Server {
  readonly instance: string
  /** As announced. */
  readonly address: string
  readonly way: Way
  /** Calls on their way to it. */
  readonly calls: Bag<Sent>
  /** Those of them whose link was lost. */
  readonly lost: Set<Sent>
  /** Whether somebody looks if it is alive, because of those. */
  isWatched: boolean
  /** Those who want to know when its link is lost soon. */
  readonly unsure: Set<() => void>
  /** It refused a call: ms since the epoch. */
  avoidUntil: number
}

/** Who serves one call. */
interface Candidates {
  readonly servers: ReadonlyArray<Server>
  /** Servers that may be alive, whether they can be called straight or not. */
  readonly alive: number
  /** When it is worked out again though nothing has changed, ms since the epoch. */
  readonly until: number
}

/** A server that has an address, but no way now, is looked at again so much later, ms. */
const pause = 1_000

/** See the top of the file. */
export class Servers {
  readonly #directory: Directory
  readonly #ways: Ways
  readonly #onDown: (server: Server) => void
  readonly #known = new Map<string, Server>()
  readonly #byType = new Map<string, Candidates>()
  #changes = -1
  #turn = 0

  /** `onDown`: told of each server whose link is lost. */
  constructor(directory: Directory, ways: Ways, onDown: (server: Server) => void) {
    this.#directory = directory
    this.#ways = ways
    this.#onDown = onDown
  }

  /** Those that are kept a link to. */
  get size(): number {
    return this.#known.size
  }

  /** The one that can be asked now and has the least outstanding calls; of several the next one in turn. */
  choose(type: string, now: number): Server | undefined {
    const { servers } = this.of(type, now)
    const { length } = servers
    if (length === 0) return undefined
    let at = this.#turn = (this.#turn + 1) % length
    let best: Server | undefined
    for (let i = 0; i < length; i++) {
      const server = servers[at]!
      if (++at === length) at = 0
      if (best !== undefined && server.calls.size >= best.calls.size) continue
      if (server.avoidUntil > now || !server.way.isUp()) continue
      best = server
    }
    return best
  }

  /** Everyone who serves a call. */
  of(type: string, now: number): Candidates {
    if (this.#changes !== this.#directory.changes) this.#refresh()
    let candidates = this.#byType.get(type)
    if (candidates === undefined || candidates.until <= now) {
      this.#byType.set(type, candidates = this.#find(type, now))
    }
    return candidates
  }

  #find(type: string, now: number): Candidates {
    // whoever has not been heard for a while may be there all the same (the broker may be away): its link tells
    const found = this.#directory.handling(type).filter(({ handler, instance: { life, state } }) =>
      handler.kind === "call" && state === "running" && life !== "gone"
    )
    // of several at one place, such as a process that was killed and started again, the last one that was heard is there
    const places = new Map<string, Instance>()
    for (const { instance } of found) {
      const address = instance.direct === undefined ? undefined : parseLaneAddress(instance.direct)
      if (address === undefined || address.instance !== instance.instance) continue
      const other = places.get(address.endpoint)
      if (other === undefined || other.lastHeard <= instance.lastHeard) places.set(address.endpoint, instance)
    }
    const servers = new Set<Server>()
    for (const instance of places.values()) {
      const server = this.#serverOf(instance)
      if (server !== undefined) servers.add(server)
    }
    const alive =
      found.filter(({ instance: { instance, life } }) => life === "running" || this.#known.has(instance)).length
    const until = servers.size < places.size ? now + pause : Number.POSITIVE_INFINITY
    return { servers: [...servers], alive, until }
  }

  #serverOf({ instance, direct }: Instance): Server | undefined {
    if (direct === undefined) return undefined
    const known = this.#known.get(instance)
    if (known?.address === direct) return known
    if (known !== undefined) this.#forget(known)
    const way = this.#ways.to(direct, true)
    if (way === undefined) return undefined
    const server: Server = {
      instance,
      address: direct,
      way,
      calls: new Bag(),
      lost: new Set(),
      isWatched: false,
      unsure: new Set(),
      avoidUntil: 0,
    }
    this.#known.set(instance, server)
    way.onDown(() => {
      if (way.isClosed) this.#lose(server)
      this.#onDown(server)
    })
    return server
  }

  /** The directory has changed: links to those that are gone are closed. */
  #refresh(): void {
    this.#changes = this.#directory.changes
    this.#byType.clear()
    for (const [name, server] of this.#known) {
      const life = this.#directory.get(name)?.life
      if (life !== undefined && life !== "gone" || server.calls.size > 0) continue
      this.#forget(server)
    }
  }

  #forget(server: Server): void {
    this.#lose(server)
    this.#ways.drop(server.way)
  }

  /** Its way has ended: if it is still there, it gets another one. */
  #lose(server: Server): void {
    if (this.#known.get(server.instance) !== server) return
    this.#known.delete(server.instance)
    this.#byType.clear()
  }
}
