/**
 * A network in memory: the port of links, with every fault that a real one has, on a clock moved by hand.
 *
 * Messages arrive in order or not at all; a link can be cut, be deaf in one direction (half open), be slow, or be refused,
 * and a process can vanish and another one take its port. Nothing happens by chance: who wants that, says it with a seed.
 */
import type { Link, LinkEvents, LinkPeer, Links, Parts } from "../../../src/transport/mod.ts"

/** A message that was sent, whether it arrived or not. */
export interface Sent {
  readonly from: string
  readonly to: string
  readonly parts: Parts
}

/** One end of the network: the links of a process. */
export interface Station extends Links {
  /** How others know it, where they did not open the link. */
  readonly identity: string
  /** Its links end, and nobody reaches it any more. */
  readonly vanish: () => void
}

/** A connection between two stations. */
interface Conduit {
  readonly dial: Dial
  readonly acceptor: Member
  isUp: boolean
  /** When the last message arrives, by direction: later ones do not overtake it. */
  readonly arrival: { out: number; back: number }
}

interface Dial {
  readonly member: Member
  readonly to: string
  readonly events: LinkEvents
  readonly link: Link
  conduit: Conduit | undefined
  isClosed: boolean
}

interface Member {
  readonly endpoint: string
  readonly identity: string
  onMessage: (from: LinkPeer, message: Parts) => void
  /** Those that connected to it, by identity. */
  readonly conduits: Map<string, Conduit>
  readonly peers: Map<string, LinkPeer>
  readonly dials: Set<Dial>
  isGone: boolean
}

/** How long connecting takes, until it is tried again, and until a link over which nothing comes is found, ms. */
const connecting = 1
const pause = 100
const silence = 3_000

/** What the network stands on. */
export interface NetworkClock {
  readonly now: () => number
  readonly after: (ms: number, then: () => void) => void
}

/** See the top of the file. */
export class Network {
  readonly #clock: NetworkClock
  readonly #members = new Map<string, Member>()
  /** Those that are up. */
  readonly #conduits = new Set<Conduit>()
  readonly #cut = new Set<string>()
  readonly #deaf = new Set<string>()
  /** Every message that was sent. */
  readonly sent: Array<Sent> = []
  /** How long a message takes, ms; names are endpoints. */
  latency: (from: string, to: string) => number = () => 0
  /** Loses a message without a word. */
  loses: (message: Sent) => boolean = () => false
  /** Endpoints that a station must not open. */
  refuses: (from: string, to: string) => boolean = () => false

  constructor(clock: NetworkClock) {
    this.#clock = clock
  }

  /** Joins it at an endpoint; whoever was there before is not found any more. */
  join(endpoint: string, identity: string): Station {
    const member: Member = {
      endpoint,
      identity,
      onMessage: () => {},
      conduits: new Map(),
      peers: new Map(),
      dials: new Set(),
      isGone: false,
    }
    this.#members.set(endpoint, member)
    return {
      endpoint,
      identity,
      listen: (onMessage) => void (member.onMessage = onMessage),
      open: (to, events) => this.#open(member, to, events),
      vanish: () => {
        member.isGone = true
        if (this.#members.get(endpoint) === member) this.#members.delete(endpoint)
        for (const dial of [...member.dials]) dial.link.close()
        for (const conduit of [...member.conduits.values()]) this.#end(conduit)
      },
    }
  }

  /** Links that are up, of one station or of all. */
  up(endpoint?: string): number {
    return [...this.#conduits].filter(({ dial, acceptor }) =>
      endpoint === undefined || acceptor.endpoint === endpoint || dial.member.endpoint === endpoint
    ).length
  }

  /** Whether two are linked, whoever of them opened the link. */
  isUp(one: string, other: string): boolean {
    return this.#between(one, other).length > 0
  }

  /** Links that somebody wants, up or not. */
  get dialled(): number {
    return [...this.#members.values()].reduce((sum, { dials }) => sum + dials.size, 0)
  }

  /** Ends the links between two; `for`: and keeps them apart until {@link mend}. */
  cut(one: string, other: string, forGood = false): void {
    if (forGood) this.#cut.add(pairOf(one, other)).add(pairOf(other, one))
    for (const conduit of this.#between(one, other)) this.#end(conduit)
  }

  /** Nothing that one sends reaches the other, and nobody is told, until the silence is noticed. */
  deafen(from: string, to: string): void {
    this.#deaf.add(pairOf(from, to))
    this.#clock.after(silence, () => {
      if (!this.#deaf.has(pairOf(from, to))) return
      for (const conduit of this.#between(from, to)) this.#end(conduit)
    })
  }

  /** Everything is as it should be between two, in both directions. */
  mend(one: string, other: string): void {
    for (const pair of [pairOf(one, other), pairOf(other, one)]) {
      this.#cut.delete(pair)
      this.#deaf.delete(pair)
    }
  }

  #between(one: string, other: string): ReadonlyArray<Conduit> {
    return [...this.#conduits].filter(({ dial, acceptor }) =>
      dial.member.endpoint === one && acceptor.endpoint === other ||
      dial.member.endpoint === other && acceptor.endpoint === one
    )
  }

  #open(member: Member, to: string, events: LinkEvents): Link | undefined {
    if (this.refuses(member.endpoint, to)) return undefined
    const link: Link = {
      name: to,
      send: (parts) => dial.conduit !== undefined && this.#send(dial.conduit, "out", parts),
      close: () => {
        if (dial.isClosed) return
        dial.isClosed = true
        member.dials.delete(dial)
        if (dial.conduit !== undefined) this.#end(dial.conduit)
      },
    }
    const dial: Dial = { member, to, events, link, conduit: undefined, isClosed: false }
    member.dials.add(dial)
    this.#connect(dial)
    return link
  }

  #connect(dial: Dial): void {
    this.#clock.after(connecting, () => {
      if (dial.isClosed) return
      const { member, to } = dial
      const acceptor = this.#members.get(to)
      const pairs = [pairOf(member.endpoint, to), pairOf(to, member.endpoint)]
      if (acceptor === undefined || pairs.some((pair) => this.#cut.has(pair) || this.#deaf.has(pair))) {
        return this.#clock.after(pause, () => this.#connect(dial))
      }
      const conduit: Conduit = { dial, acceptor, isUp: true, arrival: { out: 0, back: 0 } }
      // the name goes to whoever came last
      const earlier = acceptor.conduits.get(member.identity)
      if (earlier !== undefined) this.#end(earlier)
      acceptor.conduits.set(member.identity, conduit)
      this.#conduits.add(conduit)
      dial.conduit = conduit
      dial.events.onUp(dial.link)
    })
  }

  #end(conduit: Conduit): void {
    if (!conduit.isUp) return
    conduit.isUp = false
    this.#conduits.delete(conduit)
    const { dial, acceptor } = conduit
    const { identity } = dial.member
    if (acceptor.conduits.get(identity) === conduit) acceptor.conduits.delete(identity)
    dial.conduit = undefined
    dial.events.onDown()
    if (!dial.isClosed) this.#clock.after(pause, () => this.#connect(dial))
  }

  #send(conduit: Conduit, way: "out" | "back", parts: Parts): boolean {
    if (!conduit.isUp) return false
    const { dial, acceptor, arrival } = conduit
    const [from, to] = way === "out" ? [dial.member, acceptor] : [acceptor, dial.member]
    const sent: Sent = { from: from.endpoint, to: to.endpoint, parts: parts.map((part) => part.slice()) }
    this.sent.push(sent)
    if (this.#deaf.has(pairOf(sent.from, sent.to)) || this.loses(sent)) return true
    const now = this.#clock.now()
    const at = arrival[way] = Math.max(arrival[way], now + this.latency(sent.from, sent.to))
    const arrive = () => {
      if (conduit.isUp && !to.isGone) to.onMessage(way === "out" ? this.#peerOf(acceptor, dial) : dial.link, sent.parts)
    }
    if (at > now) this.#clock.after(at - now, arrive)
    else queueMicrotask(arrive)
    return true
  }

  /** Those that connected are answered on their present link, whichever it is. */
  #peerOf({ conduits, peers }: Member, { member: { identity } }: Dial): LinkPeer {
    let peer = peers.get(identity)
    if (peer === undefined) {
      peers.set(
        identity,
        peer = {
          name: identity,
          send: (parts) => {
            const conduit = conduits.get(identity)
            return conduit !== undefined && this.#send(conduit, "back", parts)
          },
        },
      )
    }
    return peer
  }
}

const pairOf = (from: string, to: string): string => `${from} ${to}`
