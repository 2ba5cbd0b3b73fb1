/**
 * Where a trace stands: what began, what has ended, and how.
 *
 * A state machine over hops and routes; it sends nothing and knows no clock but the times it is given. What nothing was heard
 * of is open, never ended: a queue of a listener until the listener tells of it, a call until its outcome is known.
 */
import type { FollowedHop } from "../../wire/mod.ts"
import type { Open } from "./told.ts"

/** Where an event goes. */
export interface Route {
  /** Queues whose listeners tell. */
  readonly followed: ReadonlyArray<string>
  /** Whether there are no others of that kind. */
  readonly complete: boolean
}

interface Sent {
  readonly id: string
  readonly type: string
  readonly isCall: boolean
  isUnderWay: boolean
  /** When its outcome was known. */
  endedAt: number
  /** Of a call: a reply came. */
  isReplied: boolean
  /** Of an event: who else may have it is not known. */
  isVague: boolean
}

interface Hand {
  readonly id: string
  readonly type: string
  readonly queue: string | undefined
  state: "at work" | "given back" | "retry" | "dead" | "over"
  /** What was said last, for people. */
  text: string
}

/** How long it may take until those tell that nobody knows of, or whose word goes another way than the outcome, ms. */
const patience = 1_000
/** What happens last may not be heard last, ms. */
const linger = 150

/** See the top of the file. */
export class Tracing {
  readonly #wait: boolean
  readonly #sent = new Map<string, Sent>()
  readonly #hands = new Map<string, Hand>()
  readonly #queues = new Map<string, Open & { readonly queue: string }>()
  readonly #served = new Set<string>()
  #root: Sent | undefined
  #last = 0
  #refusal: string | undefined

  /** `wait`: a retry is waited for. */
  constructor(wait: boolean) {
    this.#wait = wait
  }

  /** Whether anything was heard. */
  get hasBegun(): boolean {
    return this.#root !== undefined
  }

  /** Takes in what happened. */
  hear(hop: FollowedHop, now: number): void {
    this.#last = now
    const { fact, id, type, handler, queue, error = "" } = hop
    const hand = this.#hands.get(`${id} ${handler}`)
    switch (fact) {
      case "sent":
      case "called":
        return this.#begin(id, type, fact === "called")
      case "emitted":
      case "unheard":
      case "not-emitted":
      case "answered":
      case "refused":
        return this.#end(id, fact, error, now)
      case "replied": {
        const sent = this.#sent.get(id)
        if (sent !== undefined) sent.isReplied = true
        return
      }
      case "delivered":
        this.#served.add(id)
        if (queue !== undefined) this.#queues.delete(`${id} ${queue}`)
        return void this.#hands.set(`${id} ${handler}`, {
          id,
          type,
          queue,
          state: "at work",
          text: `"${handler}" has it in hand`,
        })
      case "retry":
        return change(hand, "retry", `"${handler}" failed (${error}), and tries again ${inTime(hop.delay ?? 0)}`)
      case "dead":
        return change(hand, "dead", `"${handler}" gave up, and dead-lettered it: ${error}`)
      case "rejected":
        return change(hand, "dead", `"${handler}" could not copy it, and the broker dead-lettered it`)
      case "started":
        return change(hand, "at work", `"${handler}" is at work on it`)
      case "given back":
        return change(hand, "given back", `"${handler}" gave it back to its queue`)
      case "acked":
      case "done":
        if (hand?.state === "at work" || hand?.state === "given back") hand.state = "over"
    }
  }

  /** Says where an event went. */
  routed(id: string, type: string, { followed, complete }: Route): void {
    const sent = this.#sent.get(id)
    if (sent !== undefined) sent.isVague = !complete
    for (const queue of followed) {
      const heard = [...this.#hands.values()].some((hand) => hand.id === id && hand.queue === queue)
      if (!heard) this.#queues.set(`${id} ${queue}`, { id, type, queue, what: `nothing was heard of "${queue}"` })
    }
  }

  /** What has not ended. */
  open(now: number): ReadonlyArray<Open> {
    const open: Array<Open> = []
    for (const sent of this.#sent.values()) {
      const { id, type } = sent
      if (sent.isUnderWay) open.push({ id, type, what: sent.isCall ? "it has no outcome" : "it is not confirmed" })
      else if (now - sent.endedAt < patience) {
        if (sent.isVague) open.push({ id, type, what: "others may have it" })
        if (sent.isReplied && !this.#served.has(id)) open.push({ id, type, what: "its server has not told" })
      }
    }
    for (const { id, type, state, text } of this.#hands.values()) {
      if (state === "at work" || state === "given back" || state === "retry" && this.#wait) {
        open.push({ id, type, what: text })
      }
    }
    return [...open, ...this.#queues.values()]
  }

  /** Whether everything that began has ended. */
  isOver(now: number): boolean {
    return this.hasBegun && now - this.#last >= linger && this.open(now).length === 0
  }

  /** What went wrong, for people. */
  get failures(): ReadonlyArray<string> {
    const failed = [...this.#hands.values()].filter(({ state }) => state === "dead" || state === "retry" && !this.#wait)
    return [
      ...(this.#refusal === undefined ? [] : [this.#refusal]),
      ...failed.map(({ type, text }) => `${type}: ${text}`),
    ]
  }

  #begin(id: string, type: string, isCall: boolean): void {
    const sent = { id, type, isCall, isUnderWay: true, endedAt: 0, isReplied: false, isVague: false }
    this.#sent.set(id, sent)
    this.#root ??= sent
  }

  #end(id: string, fact: string, error: string, now: number): void {
    const sent = this.#sent.get(id)
    if (sent === undefined) return
    sent.isUnderWay = false
    sent.endedAt = now
    // what a handler makes of the failures of what it sends is its own business
    if (sent === this.#root && (fact === "refused" || fact === "not-emitted")) this.#refusal = `${sent.type}: ${error}`
  }
}

const change = (hand: Hand | undefined, state: Hand["state"], text: string): void => {
  if (hand === undefined) return
  hand.state = state
  hand.text = text
}

const inTime = (delay: number): string =>
  delay === 0 ? "at once" : `in ${delay >= 1_000 ? `${delay / 1_000} s` : `${delay} ms`}`
