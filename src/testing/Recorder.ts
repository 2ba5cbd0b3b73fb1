/**
 * Writes down what happens in a test: the journal's facts and the packets that go to the broker.
 *
 * It is a Journal, and it looks over the shoulder of a Transport; it changes neither.
 */
import { Result } from "effect"
import type { Entry, Journal } from "../runtime/mod.ts"
import type { Packet, Route } from "../transport/mod.ts"
import { Exchange, fromBytes, readMeta } from "../wire/mod.ts"
import { type Sent, Timeline } from "./Timeline.ts"

/** Collects facts and messages. */
export class Recorder implements Journal {
  readonly #entries: Array<Entry> = []
  readonly #messages: Array<Sent> = []
  readonly #ids = new Set<string>()
  /** Facts and messages in the order in which they came, which one time for several does not tell. */
  readonly #order = new WeakMap<Entry | Sent, number>()
  readonly #start: number
  readonly #now: () => number
  #activity = 0

  /** @param now the test's clock */
  constructor(now: () => number) {
    this.#now = now
    this.#start = now()
  }

  readonly record = (entry: Entry): void => {
    this.#order.set(entry, this.#activity++)
    this.#entries.push(entry)
  }

  /** A packet goes to the broker. */
  published(route: Route, packet: Packet): void {
    this.#activity++
    const kind = route.exchange === Exchange.events
      ? "event"
      : route.exchange === Exchange.calls
      ? "call"
      : packet.type.startsWith("every.") && route.exchange === ""
      ? "tick"
      : undefined
    // replies, cancellations, retry and dead-letter copies are told by the journal
    if (kind === undefined || this.#ids.has(packet.id)) return
    this.#ids.add(packet.id)
    const message: Sent = {
      id: packet.id,
      type: packet.type,
      app: packet.app,
      at: this.#now(),
      kind,
      body: Result.getOrElse(fromBytes(packet.body), () => null),
      cause: readMeta(packet).cause,
    }
    this.#order.set(message, this.#activity)
    this.#messages.push(message)
  }

  /** Grows with everything that happens. */
  get activity(): number {
    return this.#activity
  }

  /** All messages so far. */
  get messages(): ReadonlyArray<Sent> {
    return this.#messages
  }

  /** A place to measure from. */
  mark(): { readonly entries: number; readonly messages: number } {
    return { entries: this.#entries.length, messages: this.#messages.length }
  }

  /** What happened since a mark, or since the start; facts about older messages come with those messages. */
  since(mark: { readonly entries: number; readonly messages: number } = { entries: 0, messages: 0 }): Timeline {
    const entries = this.#entries.slice(mark.entries)
    const mentioned = new Set(entries.map(({ id }) => id))
    const messages = this.#messages.filter(({ id }, i) => i >= mark.messages || mentioned.has(id))
    return new Timeline(entries, messages, this.#start, (item) => this.#order.get(item) ?? 0)
  }
}
