/**
 * What a client remembers of one channel: what it asked for, what it holds, and what came, in streams.
 *
 * Below `Connection.ts`. Order is kept within a stream and nowhere else: what different queues send to one channel at the same
 * time comes in any order, on RabbitMQ too. Says in words when a server breaks a promise that holds on every channel.
 */
import type { Content, Long, Method, MethodOf } from "../../src/broker/amqp/mod.ts"
import type { Names } from "./Names.ts"
import { showContent, showMethod } from "./show.ts"

/** A delivery without a verdict. */
export interface Held {
  readonly tag: Long
  readonly step: number
  readonly stream: string
  /** The queue it was asked of; `""`: one of those that were declared. */
  readonly queue: string
  /** Whether its consumer has a prefetch of its own. */
  readonly isCounted: boolean
}

/** How messages were asked for. */
export interface Taking {
  readonly queue: string
  readonly noAck: boolean
  /** Whether there is a prefetch of its own. */
  readonly isCounted: boolean
}

/** How a queue was asked for. */
export interface Asked {
  readonly name: string
  readonly exclusive: boolean
}

const unasked: Taking = { queue: "", noAck: false, isCounted: false }

/** The queue that a message died in last. */
const lastDeath = ({ properties }: Content): string | undefined => {
  const deaths = properties.headers?.get("x-death")
  const [latest] = deaths?.type === "array" ? deaths.value : []
  const queue = latest?.type === "table" ? latest.value.get("queue")?.value : undefined
  return typeof queue === "string" ? queue : undefined
}

/** See the top of the file. */
export class Channel {
  readonly id: number
  readonly #names: Names
  isOpen = false
  /** Round trips that were begun and ended. */
  asked = 0
  answered = 0
  /** What comes back as `flow-ok`: an operation's, or a round trip's. */
  readonly flows: Array<"told" | "sync"> = []
  readonly declares: Array<Asked> = []
  readonly consumes: Array<Taking> = []
  readonly gets: Array<Taking> = []
  /** By the tags of consumers. */
  readonly takings = new Map<string, Taking>()
  held: ReadonlyArray<Held> = []
  /** Verdicts that a transaction may take back. */
  #uncommitted: Array<Held> = []
  isTransactional = false
  /** Whether it has a prefetch for all its consumers. */
  isLimited = false
  /** Whether consumers to come have a prefetch of their own. */
  isCounted = false
  /** Whether the last commit is through. */
  hasCommitted = true
  isConfirming = false
  settled: Long | undefined
  readonly unconfirmed = new Map<number, string>()
  #published = 0
  #lastTag = 0
  readonly #acked = new Set<number>()
  readonly #nacked = new Set<number>()
  readonly #streams = new Map<string, Array<() => string>>()

  constructor(id: number, names: Names) {
    this.id = id
    this.#names = names
  }

  /** Puts a line into a stream; it is made when the step is over. */
  say(stream: string, line: string | (() => string)): void {
    const lines = this.#streams.get(stream)
    const later = typeof line === "string" ? () => line : line
    if (lines === undefined) this.#streams.set(stream, [later])
    else lines.push(later)
  }

  /** A message was published, in confirm mode or not. */
  publishes(id: string): void {
    if (this.isConfirming) this.unconfirmed.set(++this.#published, id)
  }

  /** Confirms begin, or go on. */
  confirms(): void {
    this.isConfirming = true
  }

  /** It is closed: what it held goes back. */
  closes(): void {
    this.isOpen = false
    this.held = []
    this.unconfirmed.clear()
  }

  /** Gives verdicts on these. */
  settle(held: ReadonlyArray<Held>): void {
    if (this.isTransactional) this.#uncommitted.push(...held)
    else this.settled = held.at(-1)?.tag ?? this.settled
    this.held = this.held.filter((one) => !held.includes(one))
  }

  /** What it holds, and what it gave verdicts on that may be taken back. */
  get concerns(): ReadonlyArray<Held> {
    return [...this.held, ...this.#uncommitted]
  }

  /** What waits for a verdict, in an order that all servers have in common. */
  get choices(): ReadonlyArray<Held> {
    return [...this.held].sort((a, b) =>
      a.step - b.step || (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : Number(a.tag) - Number(b.tag))
    )
  }

  /** A delivery has come. */
  #holds(tag: Long, step: number, stream: string, { queue, noAck, isCounted }: Taking): void {
    if (Number(tag) !== this.#lastTag + 1) this.say(stream, `its tag is not the next one`)
    this.#lastTag = Number(tag)
    if (!noAck) this.held = [...this.held, { tag, step, stream, queue, isCounted }]
  }

  /** A message has come. */
  content(content: Content, step: number): void {
    const { method } = content
    const rename = (name: string) => this.#names.inside(name)
    const show = () => showContent(content, rename)
    switch (method.name) {
      case "basic.deliver": {
        const tag = this.#names.inside(method.consumerTag)
        // letters of the dead, and what was published, come by ways of their own: in which order is nobody's promise
        const from = lastDeath(content)
        const stream = from === undefined ? `[${tag}]` : `[${tag}] from ${this.#names.inside(from)}:`
        const taking = this.takings.get(tag)
        if (taking === undefined) this.say(stream, "is not consuming")
        this.say(stream, show)
        return this.#holds(method.deliveryTag, step, stream, taking ?? unasked)
      }
      case "basic.get-ok":
        this.say("", show)
        return this.#holds(method.deliveryTag, step, "", this.gets.shift() ?? unasked)
      case "basic.return": {
        const id = content.properties.messageId ?? ""
        this.say("returns", show)
        if (this.isConfirming && ![...this.unconfirmed.values()].includes(id)) {
          this.say("returns", "was confirmed before")
        }
        return
      }
      default:
        return this.say("", show)
    }
  }

  /** A method has come that is no message. */
  method(method: Method): void {
    const show = () => showMethod(method, (name) => this.#names.inside(name))
    switch (method.name) {
      case "channel.flow-ok":
        if (this.flows.shift() === "sync") return void this.answered++
        return this.say("", show)
      case "basic.ack":
      case "basic.nack":
        return this.#confirmed(method)
      case "basic.consume-ok": {
        const tag = this.#names.inside(method.consumerTag)
        this.takings.set(tag, this.consumes.shift() ?? unasked)
        return this.say(`[${tag}]`, show)
      }
      case "basic.cancel-ok":
      case "basic.cancel": {
        const tag = this.#names.inside(method.consumerTag)
        this.takings.delete(tag)
        return this.say(`[${tag}]`, show)
      }
      case "basic.get-empty":
        this.gets.shift()
        return this.say("", show)
      case "basic.recover-ok":
        this.held = []
        return this.say("", show)
      case "tx.commit-ok":
        this.hasCommitted = true
        this.settled = this.#uncommitted.at(-1)?.tag ?? this.settled
        this.#uncommitted = []
        return this.say("", show)
      case "tx.rollback-ok":
        this.held = [...this.held, ...this.#uncommitted]
        this.#uncommitted = []
        return this.say("", show)
      default:
        return this.say("", show)
    }
  }

  #confirmed({ name, deliveryTag, multiple }: MethodOf<"basic.ack"> | MethodOf<"basic.nack">): void {
    const tag = Number(deliveryTag)
    const tags = multiple ? [...this.unconfirmed.keys()].filter((one) => one <= tag) : [tag]
    for (const one of tags) {
      if (!this.unconfirmed.delete(one)) this.say("confirms", `${one} was confirmed before`)
      const set = name === "basic.ack" ? this.#acked : this.#nacked
      set.add(one)
    }
  }

  /** What came in this step, as lines. */
  lines(): ReadonlyArray<string> {
    const streams = [...this.#streams].sort(([a], [b]) => a < b ? -1 : 1)
    const said = streams.flatMap(([stream, lines]) => lines.map((line) => `${stream} ${line()}`.trimStart()))
    const confirms = [["acks", this.#acked], ["nacks", this.#nacked]] as const
    return [
      ...said,
      ...confirms.filter(([, tags]) => tags.size > 0)
        .map(([what, tags]) => `${what} ${[...tags].sort((a, b) => a - b).join(" ")}`),
      ...(this.unconfirmed.size > 0 ? [`does not confirm ${[...this.unconfirmed.keys()].join(" ")}`] : []),
    ]
  }

  /** Forgets what came: the next step begins. */
  next(): void {
    this.#streams.clear()
    this.#acked.clear()
    this.#nacked.clear()
  }
}
