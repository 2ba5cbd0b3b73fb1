/**
 * Messages whose way somebody follows, as it happens: those that this process has in hand, and those that it asks about.
 *
 * Part of `Core`. Who has a followed message in hand holds it here: from then on the facts that the journal is told of it
 * are told to whoever asks, too, and its name goes on to every message that its handler sends. Does nothing to a message,
 * waits for nothing, and takes part in so much and no more: any peer can write the header.
 */
import type { HeaderValue, Packet } from "../transport/mod.ts"
import { decodeHops, type Follow, type FollowedHop, formatFollow, hopType, parseFollow } from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"
import type { Entry, Journal } from "./Journal.ts"
import { Teller, type TellerCore } from "./Teller.ts"

/** What a hop says besides who, what and when. */
export type HopDetails = Omit<FollowedHop, "at" | "fact" | "id" | "type" | "app">

/** A followed message in hand. */
export interface Followed {
  /** The header's value, which goes on to whatever its handler sends. */
  readonly name: string
  /** Tells what the journal is not told. */
  readonly tell: (fact: string, details?: HopDetails) => void
  /** It is in this hand no longer. */
  readonly end: () => void
}

/** One hop, as whoever asked hears it. */
export interface HeardHop {
  /** ms since it was asked for. */
  readonly at: number
  /** Whether that is reckoned: it was told by another process, whose clock is another. */
  readonly isReckoned: boolean
  /** Which process told it. */
  readonly instance: string
  readonly host: string
  readonly pid: number
  readonly hop: FollowedHop
}

/** Something that is followed by this process. */
export interface Asking {
  /** What the message is given (`EmitOptions.follow`). */
  readonly follow: string
  /** Hears no more. */
  readonly end: () => void
}

/** Who is told. Must be quick and must not throw. */
export interface Listening {
  readonly onHop: (heard: HeardHop) => void
  /** So many hops are missing. */
  readonly onMissed: (count: number) => void
}

/** See the top of the file. */
export interface Follows {
  /** The journal in force, which also tells of what is held here. */
  readonly journal: Journal
  /** Takes a message in hand that says who follows it; `undefined`: nobody, or nobody who can be told. `app`: who acts. */
  readonly hold: (
    follow: HeaderValue | undefined,
    message: { readonly id: string; readonly type: string },
    app: string,
  ) => Followed | undefined
  /** Follows a message that is about to be sent. */
  readonly ask: (listening: Listening) => Asking
  /** Takes a notice; `false`: the packet is none. */
  readonly take: (packet: Packet) => boolean
}

/** What of a core they stand on. */
export type FollowsCore = TellerCore & Pick<CoreShape, "journal" | "settings">

/** Followed messages in hand at most, and those who ask for them: where there are more, the oldest are forgotten. */
const mostHeld = 1_000
const mostTellers = 100
/** Hops a second, of all messages together. */
const mostHops = 2_000
/** Hops that one question is told. */
const mostHeard = 20_000
/** Who was not there is not looked for again for so long, ms. */
const absence = 30_000
/** Processes whose clocks, and whose absence, are remembered. */
const mostKnown = 1_000

interface Held {
  readonly tell: (hop: FollowedHop | undefined) => void
  /** Hands that hold it: its sender's, and a handler's or several. */
  hands: number
}

interface Asked extends Listening {
  /** On the clock that nobody sets, ms. */
  readonly began: number
  /** The least that was seen between a process's clock and ours. */
  readonly offsets: Map<string, number>
  heard: number
}

/** The table of one core. */
export const makeFollows = (core: FollowsCore): Follows => {
  const held = new Map<string, Held>()
  const tellers = new Map<string, Teller>()
  const asked = new Map<string, Asked>()
  /** Until when. */
  const absent = new Map<string, number>()
  let second = 0
  let told = 0

  const isTooMuch = (now: number): boolean => {
    if (now - second >= 1_000) {
      second = now
      told = 0
    }
    return ++told > mostHops
  }

  const onRest = (teller: Teller): void => {
    if (teller.isGone) {
      if (absent.size >= mostKnown) absent.clear()
      absent.set(teller.to.instance, core.monotonic() + absence)
    }
    const name = formatFollow(teller.to)
    if (teller.isIdle && tellers.get(name) === teller) tellers.delete(name)
  }

  const tellerFor = (name: string, follow: Follow): Teller | undefined => {
    const known = tellers.get(name)
    if (known !== undefined) return known.isGone ? undefined : known
    const until = absent.get(follow.instance)
    if (until !== undefined && core.monotonic() < until) return undefined
    if (tellers.size >= mostTellers) forgetFirst(tellers)
    const teller = new Teller(core, core.settings.app, follow, onRest)
    tellers.set(name, teller)
    return teller
  }

  const hear = (one: Asked, who: Pick<HeardHop, "instance" | "host" | "pid">, hop: FollowedHop, offset: number) => {
    if (++one.heard > mostHeard) return one.onMissed(1)
    const isReckoned = who.instance !== core.instance
    const { instance, host, pid } = who
    one.onHop({ at: Math.max(0, hop.at + offset - one.began), isReckoned, instance, host, pid, hop })
  }

  /** Who tells this process's own question, without a detour. */
  const toSelf = (one: Asked) => (hop: FollowedHop | undefined): void => {
    if (hop === undefined) return one.onMissed(1)
    hear(one, { instance: core.instance, ...core.machine }, hop, 0)
  }

  const record = (entry: Entry): void => {
    const one = held.get(entry.id)
    if (one === undefined) return
    const { fact, id, type, app, handler, cause, attempt, ms, delay, error, lane } = entry
    const at = core.monotonic()
    one.tell(isTooMuch(at) ? undefined : { at, fact, id, type, app, handler, cause, attempt, ms, delay, error, lane })
  }

  return {
    journal: {
      record: (entry) => {
        core.journal.record(entry)
        if (held.size !== 0) record(entry)
      },
    },
    hold: (value, { id, type }, app) => {
      const follow = parseFollow(value)
      // what has no id cannot be told from others
      if (follow === undefined || id === "") return undefined
      const before = held.get(id)
      const name = formatFollow(follow)
      let teller: Teller | undefined
      let tell: Held["tell"]
      if (follow.instance === core.instance) {
        const one = asked.get(follow.key)
        if (one === undefined) return undefined
        tell = toSelf(one)
      } else {
        const found = teller = tellerFor(name, follow)
        if (found === undefined) return undefined
        tell = (hop) => found.tell(hop)
        found.held++
      }
      if (before === undefined && held.size >= mostHeld) forgetFirst(held)
      held.set(id, { tell, hands: (before?.hands ?? 0) + 1 })
      let isEnded = false
      return {
        name,
        tell: (fact, details) => {
          const at = core.monotonic()
          tell(isTooMuch(at) ? undefined : { at, fact, id, type, app, ...details })
        },
        end: () => {
          if (isEnded) return
          isEnded = true
          const one = held.get(id)
          if (one !== undefined && --one.hands === 0) held.delete(id)
          if (teller === undefined) return
          teller.held--
          onRest(teller)
        },
      }
    },
    ask: (listening) => {
      const key = core.ids.next(core.now())
      asked.set(key, { ...listening, began: core.monotonic(), offsets: new Map(), heard: 0 })
      return { follow: formatFollow({ instance: core.instance, key }), end: () => void asked.delete(key) }
    },
    take: (packet) => {
      if (packet.type !== hopType) return false
      const notice = asked.size === 0 ? undefined : decodeHops(packet.body)
      const one = notice === undefined ? undefined : asked.get(notice.key)
      if (notice === undefined || one === undefined) return true
      const { instance, sent, missed, hops } = notice
      const { offsets } = one
      const offset = Math.min(core.monotonic() - sent, offsets.get(instance) ?? Number.POSITIVE_INFINITY)
      if (offsets.size < mostKnown || offsets.has(instance)) offsets.set(instance, offset)
      if (missed > 0) one.onMissed(missed)
      for (const hop of hops) hear(one, notice, hop, offset)
      return true
    },
  }
}

const forgetFirst = <A>(all: Map<string, A>): void => {
  for (const name of all.keys()) {
    all.delete(name)
    return
  }
}
