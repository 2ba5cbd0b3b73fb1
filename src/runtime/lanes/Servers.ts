/**
 * The servers that can be called straight, from what they announce: who serves a call, and which of them is asked next.
 *
 * Between the directory, which hears announcements, and `LaneClient`. Keeps a link to those that are called, as long as they
 * are there. What it says of a call is worked out again only when the directory has changed.
 */
import type { Directory, Instance } from "../Directory.ts"
import type { Way } from "./Way.ts"
import type { Ways } from "./Ways.ts"

/** One server that can be called straight. */
export interface Server {
  readonly instance: string
  readonly way: Way
  /** Tokens of the calls on their way to it. */
  readonly calls: Set<string>
  /** It refused a call: ms since the epoch. */
  avoidUntil: number
  isWatched: boolean
}

/** Who serves one call. */
interface Candidates {
  readonly servers: ReadonlyArray<Server>
  /** Servers that are alive, whether they can be called straight or not. */
  readonly alive: number
}

const nobody: Candidates = { servers: [], alive: 0 }

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

  /** The one that can be asked now and has the least outstanding calls; of several the next one in turn. */
  choose(type: string, now: number): Server | undefined {
    const { servers } = this.of(type)
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
  of(type: string): Candidates {
    if (this.#changes !== this.#directory.changes) this.#refresh()
    let candidates = this.#byType.get(type)
    if (candidates === undefined) this.#byType.set(type, candidates = this.#find(type))
    return candidates
  }

  #find(type: string): Candidates {
    const running = this.#directory.handling(type).filter(({ handler, instance }) =>
      handler.kind === "call" && instance.life === "running"
    )
    if (running.length === 0) return nobody
    const servers = running.flatMap(({ instance }) => {
      const server = this.#serverOf(instance)
      return server === undefined ? [] : [server]
    })
    return { servers: [...new Set(servers)], alive: running.length }
  }

  #serverOf({ instance, direct }: Instance): Server | undefined {
    if (direct === undefined) return undefined
    const known = this.#known.get(instance)
    if (known !== undefined) return known
    const way = this.#ways.to(direct)
    if (way === undefined || way.address.instance !== instance) return undefined
    const server: Server = { instance, way, calls: new Set(), avoidUntil: 0, isWatched: false }
    this.#known.set(instance, server)
    way.onDown(() => this.#onDown(server))
    return server
  }

  /** The directory has changed: links to those that are gone are closed. */
  #refresh(): void {
    this.#changes = this.#directory.changes
    this.#byType.clear()
    for (const [name, server] of this.#known) {
      const life = this.#directory.get(name)?.life
      if (life !== undefined && life !== "gone" || server.calls.size > 0) continue
      this.#known.delete(name)
      this.#ways.drop(server.way)
    }
  }
}
