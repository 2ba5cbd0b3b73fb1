/**
 * The caller's side of the lanes: sends calls straight to servers, and takes what comes back straight.
 *
 * Between `sendCall`, which knows the broker's way too, and links. A call whose link is lost may have been run: it is not sent
 * again from here; its reply comes through the broker, or its server is found dead. Replies are matched by tokens of 128 random
 * bits; one that matches nothing is not believed.
 */
import { Effect } from "effect"
import { Table } from "../../collections/mod.ts"
import type { LinkPeer, Packet } from "../../transport/mod.ts"
import { callParts, cancelParts, type LaneMessage, receiptParts, type RefusalReason } from "../../wire/mod.ts"
import type { CoreShape } from "../Core.ts"
import type { Instance } from "../Directory.ts"
import { Sent, type Straight } from "./Sent.ts"
import { type Server, Servers } from "./Servers.ts"
import type { Way } from "./Way.ts"
import type { Ways } from "./Ways.ts"

/** What of a core the caller's side stands on. */
export type LaneClientCore = Pick<CoreShape, "deadlines" | "journal" | "now" | "presence" | "runFork">

/** A server that gave a call back is left alone for so long, ms. */
const respite: { readonly [reason in RefusalReason]: number } = { Overloaded: 20, NoHandler: 5_000, Stopped: 5_000 }

/** Receipts wait for others at most so long, ms, and so many; those that are wanted at once only for the end of the turn. */
const receiptPause = 100
const mostReceipts = 64

/** So soon after the start, nobody known may mean that nobody has answered yet; ms between two looks. */
const settled = 1_000
const glance = 5

/** Calls back once, when the first of some ways is up, or none is within `patience` ms: one of them may lead to nobody. */
const anyUp = (ways: ReadonlyArray<Way>, patience: number, then: () => void): void => {
  let left = ways.length
  for (const way of ways) {
    way.whenUp(patience, (isUp) => {
      if (left === 0 || !isUp && --left > 0) return
      left = 0
      then()
    })
  }
}

/** ms between two looks at whether a server whose link was lost is alive. */
const round = 400

/** What was said over a link that is up for so long after it has arrived: silence would have been noticed, ms. */
const heard = 5_000

/** See the top of the file. */
export class LaneClient {
  readonly #core: LaneClientCore
  readonly #nextToken: () => string
  readonly #monotonic: () => number
  readonly #servers: Servers
  readonly #waiting = new Table<Sent>()
  readonly #startedAt: number
  readonly #owed = new Map<LinkPeer, { tokens: Array<string>; isHurried: boolean }>()

  constructor(core: LaneClientCore, ways: Ways, nextToken: () => string, monotonic: () => number) {
    this.#core = core
    this.#nextToken = nextToken
    this.#monotonic = monotonic
    this.#startedAt = core.now()
    const { directory } = core.presence
    if (directory === undefined) throw new Error("There are no lanes where nobody else is")
    this.#servers = new Servers(directory, ways, (server) => this.#onDown(server))
  }

  /** Calls that wait for a reply that may come straight. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Servers that a link is kept to. */
  get servers(): number {
    return this.#servers.size
  }

  /** Sends a call straight to a server; `undefined`: no server can be reached so now. */
  send(packet: Packet, straight: Straight): Sent | undefined {
    const server = this.#servers.choose(packet.type, this.#core.now())
    if (server === undefined) return undefined
    const token = this.#nextToken()
    if (!server.way.send(callParts(token, this.#monotonic(), packet))) return undefined
    const sent = new Sent(token, straight, server)
    this.#waiting.add(sent)
    server.calls.add(sent)
    return sent
  }

  /**
   * The caller gave up a call: its server is told; `false`: it could not be. `unsure`: called when the link is lost so soon after
   * that it may not have heard.
   */
  cancel(sent: Sent, callId: string, unsure: () => void): boolean {
    const { key, server } = sent
    this.forget(sent)
    if (server === undefined || !server.way.send(cancelParts(key, callId))) return false
    server.unsure.add(unsure)
    this.#core.deadlines.add(this.#core.now() + heard, () => server.unsure.delete(unsure))
    return true
  }

  /** The caller knows the outcome, wherever from. */
  forget(sent: Sent): void {
    if (!this.#waiting.delete(sent)) return
    sent.server?.calls.delete(sent)
    sent.server?.lost.delete(sent)
  }

  /** Why a call goes straight to one of its servers, or to none of them, now; for people. */
  explain(type: string): string {
    const now = this.#core.now()
    const { servers, alive } = this.#servers.of(type, now)
    const some = (count: number) => `${count} of ${alive} server${alive === 1 ? "" : "s"}`
    if (alive === 0) return "no server of it is known (yet)"
    if (servers.length === 0) return `${some(0)} announces where it can be reached past the broker`
    const up = servers.filter(({ way }) => way.isUp())
    if (up.length === 0) return `${some(servers.length)} can be called straight, but no link is up (yet)`
    const free = up.filter(({ avoidUntil }) => avoidUntil <= now)
    if (free.length === 0) return `${some(up.length)} can be reached straight, but refused a call just now`
    const least = free.reduce((least, { calls }) => Math.min(least, calls.size), Number.POSITIVE_INFINITY)
    return `${some(free.length)} can be reached straight; the one that is asked had ${least} call${
      least === 1 ? "" : "s"
    } outstanding`
  }

  /** Calls back when a server of a call can be reached, or none was within `patience` ms. */
  whenReachable(type: string, patience: number, then: () => void): void {
    const now = this.#core.now()
    const { servers, alive } = this.#servers.of(type, now)
    const ways = servers.map(({ way }) => way)
    if (ways.some((way) => way.isUp())) return then()
    const hopeful = ways.filter((way) => way.mayTry())
    if (hopeful.length > 0) return anyUp(hopeful, patience, then)
    // so soon after the start others may not have answered yet
    if (alive > 0 || patience <= 0 || now - this.#startedAt > settled) return then()
    this.#core.deadlines.add(now + glance, () => this.whenReachable(type, patience - glance, then))
  }

  /** Awaits a reply that may come straight to a call that goes through the broker. */
  expect(straight: Straight): Sent {
    const sent = new Sent(this.#nextToken(), straight, undefined)
    this.#waiting.add(sent)
    return sent
  }

  /** A reply came straight; `false`: nobody waits for it. */
  onReply(from: LinkPeer, reply: LaneMessage & { readonly _tag: "Reply" }): boolean {
    const { token } = reply
    const sent = this.#waiting.get(token)
    // a second time too, or it would come a third time
    this.#owe(from, token, reply.isUrgent)
    if (sent === undefined) return false
    this.forget(sent)
    sent.straight.onReply(reply, sent)
    return true
  }

  /** A server gave a call back. */
  onRefusal({ token, reason }: LaneMessage & { readonly _tag: "Refusal" }): void {
    const sent = this.#waiting.get(token)
    if (sent?.server === undefined) return
    sent.server.avoidUntil = this.#core.now() + respite[reason]
    this.forget(sent)
    sent.straight.onRefused(reason)
  }

  /** The link of a server is lost: its calls wait for its reply through the broker, or for proof of its death. */
  #onDown(server: Server): void {
    const { unsure } = server
    for (const tell of [...unsure]) tell()
    unsure.clear()
    for (const sent of server.calls) {
      sent.straight.onLost()
      if (server.calls.has(sent)) server.lost.add(sent)
    }
    if (server.lost.size === 0 || server.isWatched) return
    server.isWatched = true
    this.#core.runFork(this.#watch(server))
  }

  /** Looks until the calls that were lost with a link are through, or their server is not found twice. */
  #watch(server: Server): Effect.Effect<void> {
    const { directory, ping } = this.#core.presence
    let missedAt: number | undefined
    const once: Effect.Effect<void> = Effect.suspend(() => {
      const instance = directory?.get(server.instance)
      if (instance === undefined || server.lost.size === 0) return Effect.sync(() => void (server.isWatched = false))
      return Effect.flatMap(ping(instance), (isThere) => {
        if (isThere !== false || missedAt === undefined) {
          missedAt = isThere === false ? this.#core.now() : undefined
          return Effect.andThen(Effect.sleep(round), once)
        }
        directory?.gone(server.instance, missedAt)
        server.isWatched = false
        for (const sent of [...server.lost]) {
          this.forget(sent)
          sent.straight.onDead(this.#obituary(instance))
        }
        return Effect.void
      })
    })
    return once
  }

  #obituary({ apps, instance, host, pid, lastHeard }: Instance): string {
    const names = apps.map(({ app }) => `"${app}"`).join(", ")
    const ago = Math.round((this.#core.now() - lastHeard) / 100) / 10
    return `app ${names} (instance ${instance}, host "${host}", pid ${pid}) is gone, last heard of ${ago} s ago, ` +
      "and the link to it is lost"
  }

  /** Owes a receipt. */
  #owe(to: LinkPeer, token: string, isHurried: boolean): void {
    const known = this.#owed.get(to)
    const owed = known ?? { tokens: [], isHurried: false }
    owed.tokens.push(token)
    if (known === undefined) {
      this.#owed.set(to, owed)
      if (!isHurried) this.#core.deadlines.add(this.#core.now() + receiptPause, () => this.#pay(to))
    }
    if (!owed.isHurried && (isHurried || owed.tokens.length >= mostReceipts)) {
      owed.isHurried = true
      queueMicrotask(() => this.#pay(to))
    }
  }

  #pay(to: LinkPeer): void {
    const owed = this.#owed.get(to)
    if (owed === undefined) return
    this.#owed.delete(to)
    to.send(receiptParts(owed.tokens))
  }
}
