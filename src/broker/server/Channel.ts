/**
 * One channel: its frames in order, its consumers, what it has in hand, its confirms and its transaction.
 *
 * Between `Session.ts`, which gives it frames, and the tables of methods, which carry them out on it. An answer that must wait
 * for the disk holds up whatever the channel says after it, so that a peer hears things in the order in which they are true.
 */
import {
  Assembly,
  type Frame,
  type Method,
  type MethodName,
  methods,
  type WireError,
  writeContent,
  writeMethod,
} from "../amqp/mod.ts"
import { isWireError } from "../amqp/WireError.ts"
import type { Consumer, Hand } from "../Consumer.ts"
import type { Engine } from "../Engine.ts"
import type { Abandoned } from "../operations.ts"
import { Share } from "../Share.ts"
import { basicMethods } from "./basicMethods.ts"
import { Confirms } from "./Confirms.ts"
import { type Content, makeContent, received } from "./Content.ts"
import { exchangeMethods } from "./exchangeMethods.ts"
import type { Handlers } from "./Handlers.ts"
import { publish } from "./publish.ts"
import { queueMethods } from "./queueMethods.ts"
import { type Refused, refused } from "./refusal.ts"
import type { Session } from "./Session.ts"
import { settlingMethods } from "./settlingMethods.ts"
import type { Transaction } from "./Transaction.ts"
import { transactionMethods } from "./transactionMethods.ts"
import type { VirtualHost } from "./VirtualHost.ts"

/**
 * What a channel had in the broker, as RabbitMQ gives it back: classic queues that it consumes hear from the channel that it
 * ends, one after another, the last one by name first; all others when it is gone.
 */
export interface Withdrawn {
  readonly first: ReadonlyArray<Abandoned<Content>>
  readonly then: Abandoned<Content>
}

/** A delivery that the peer has to settle. */
export interface Unacked {
  readonly hand: Hand<Content>
  /** What it came by; `undefined`: `basic.get`. */
  readonly consumerTag: string | undefined
}

const handlers: Handlers = {
  "access.request": () => ({ name: "access.request-ok", ticket: 1 }),
  ...exchangeMethods,
  ...queueMethods,
  ...basicMethods,
  ...settlingMethods,
  ...transactionMethods,
}

/** Classes whose answers wait for the disk: exchanges, queues, transactions. */
const lasting: ReadonlyArray<number> = [40, 50, 90]

/** See the top of the file. */
export class Channel {
  readonly session: Session
  readonly vhost: VirtualHost
  readonly engine: Engine<Content>
  readonly id: number
  readonly assembly: Assembly
  /** What all its consumers have in hand together (`basic.qos` with `global`). */
  readonly share = new Share()
  readonly consumers = new Map<string, Consumer<Content>>()
  /** Cancelled, and perhaps with deliveries in hand; their tags. */
  readonly cancelled = new Map<Consumer<Content>, string>()
  /** In the order of their tags. */
  readonly unacked = new Map<number, Unacked>()
  /** For the consumers to come. */
  prefetch = 0
  prefetchGlobal = 0
  /** The queue that an empty name means. */
  lastQueue = ""
  confirms: Confirms | undefined
  transaction: Transaction | undefined
  /** How it takes direct replies. */
  replies: { readonly consumerTag: string; readonly address: string } | undefined
  /** Publishes so far. */
  published = 0
  #isClosing = false
  /** What it still has after it was closed, until the peer has said that it knows. */
  #left: Abandoned<Content> | undefined
  #isGone = false
  #lastTag = 0
  #holds = 0
  #heldBack: Array<Uint8Array> = []
  #heldBytes = 0
  /** What came up while a method is carried out, for behind its answer. */
  #postponed: Array<Uint8Array> | undefined

  constructor(session: Session, vhost: VirtualHost, id: number) {
    this.session = session
    this.vhost = vhost
    this.engine = vhost.engine
    this.id = id
    this.assembly = new Assembly(session.server.limits.messageBytes)
  }

  /** Bytes of messages that are not whole or not committed, and of what is held back. */
  get partial(): number {
    return this.assembly.held + (this.transaction?.bytes ?? 0) + this.#heldBytes
  }

  /** Takes a frame; gives back what is wrong with it. */
  receive(frame: Extract<Frame, { type: "method" | "header" | "body" }>): WireError | undefined {
    if (this.#isClosing) {
      this.#awaitFarewell(frame)
      return undefined
    }
    const taken = this.assembly.take(frame)
    if (taken === undefined) return undefined
    if (isWireError(taken)) return taken
    const { method } = taken
    try {
      if (taken.type === "plain") this.#obey(method)
      else if (method.name !== "basic.publish") throw unknown()
      else if (taken.type === "content") publish(this, method, published(taken))
      else throw refused("PRECONDITION_FAILED", tooLarge(taken))
    } catch (cause) {
      this.session.refuse(this.id, this.session.causeOf(cause), method)
    }
    return undefined
  }

  /** Writes a method. */
  send(method: Method): void {
    this.write(writeMethod(this.id, method, this.session.frameMax))
  }

  /** Writes a method with a message. */
  sendContent(method: Method, { head, body }: Content): void {
    this.write(writeContent(this.id, method, head, body, this.session.frameMax))
  }

  /** Writes frames: behind the answer to the method that is being carried out, and behind what is held back. */
  write(bytes: Uint8Array): void {
    if (this.#postponed === undefined) this.#utter(bytes)
    else this.#postponed.push(bytes)
  }

  /** The number of the next delivery; a direct reply is called by it and does not use it up, as with RabbitMQ. */
  get comingTag(): number {
    return this.#lastTag + 1
  }

  /** Gives the next number to a delivery. */
  nextTag(): number {
    return ++this.#lastTag
  }

  /** Says what is known of its publishes. */
  sendConfirms(): void {
    const said = this.#isClosing || this.#isGone ? [] : this.confirms?.take() ?? []
    for (const method of said) this.send(method)
  }

  /** Begins to confirm publishes. */
  confirm(): void {
    this.confirms ??= new Confirms(this.session.server.durability, () => this.session.confirmSoon(this))
  }

  /** Ends the channel and tells the peer why; with its answer all goes back that has not yet. */
  close({ code, text }: Refused, classId: number, methodId: number): void {
    const { first, then } = this.withdraw()
    this.engine.abandon(...first)
    for (const consumer of then.consumers) this.engine.cancel(consumer)
    this.#left = then
    this.send({ name: "channel.close", replyCode: code, replyText: text, classId, methodId })
    this.#isClosing = true
  }

  /** Gives back what it has in the broker. */
  release(): void {
    const { first, then } = this.withdraw()
    this.engine.abandon(...first, then)
  }

  /** Lets go of what it has in the broker: deliveries, and consumers in the order in which RabbitMQ ends them. */
  withdraw(): Withdrawn {
    const left = this.#left
    if (left !== undefined) {
      this.#left = undefined
      return { first: [], then: left }
    }
    const { unacked, consumers, cancelled, replies, vhost } = this
    if (replies !== undefined) vhost.replies.remove(replies.address)
    this.replies = undefined
    const held = [...unacked.values(), ...this.transaction?.settlements() ?? []]
    this.transaction = undefined
    // what consumers have in hand goes back with them
    const hands = held.flatMap(({ hand, consumerTag }) => consumerTag === undefined ? [hand] : [])
    const tagged = [...consumers, ...Array.from(cancelled, ([consumer, tag]) => [tag, consumer] as const)]
    const lost = tagged.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, consumer]) => consumer)
    const classic = Array.from(consumers.values(), ({ queue }) => queue).filter(({ spec }) => spec.type === "classic")
    const step = () => ({ consumers: new Array<Consumer<Content>>(), hands: new Array<Hand<Content>>() })
    const first = new Map(classic.sort((a, b) => a.name < b.name ? 1 : -1).map((queue) => [queue, step()]))
    const then = step()
    for (const one of lost) (first.get(one.queue) ?? then).consumers.push(one)
    for (const one of hands) (first.get(one.consumer.queue) ?? then).hands.push(one)
    unacked.clear()
    consumers.clear()
    cancelled.clear()
    return { first: [...first.values()], then }
  }

  /** Its connection ends: nothing is said any more. */
  forget(): void {
    this.#isGone = true
    this.#heldBack = []
    this.#heldBytes = 0
  }

  /** Drops cancelled consumers that have nothing in hand. */
  prune(): void {
    for (const consumer of this.cancelled.keys()) if (consumer.held === 0) this.cancelled.delete(consumer)
  }

  #obey(method: Method): void {
    if (method.name === "channel.close") {
      this.release()
      this.sendConfirms()
      this.send({ name: "channel.close-ok" })
      this.session.channels.delete(this.id)
      return
    }
    if (method.name === "channel.open") throw secondOpen()
    const handler = handlers[method.name] as ((channel: Channel, method: Method) => Method | undefined) | undefined
    if (handler === undefined) throw unknown()
    const { durability } = this.session.server
    const before = durability.recorded()
    this.#postponed = method.name === "tx.commit" ? undefined : []
    try {
      const answer = handler(this, method)
      const recorded = durability.recorded()
      if (recorded > before && lasting.includes(methods[method.name].classId)) this.#hold(recorded)
      const isSaid = answer !== undefined && !("noWait" in method && method.noWait)
      if (isSaid) this.#utter(writeMethod(this.id, answer, this.session.frameMax))
    } finally {
      const postponed = this.#postponed
      this.#postponed = undefined
      for (const bytes of postponed ?? []) this.#utter(bytes)
    }
  }

  #utter(bytes: Uint8Array): void {
    if (this.#isGone) return
    if (this.#holds === 0) return this.session.write(bytes)
    this.#heldBack.push(bytes)
    this.#heldBytes += bytes.length
  }

  /** Holds back what is said from here on until so much is on disk. */
  #hold(count: number): void {
    this.#holds++
    // a disk that takes nothing for long: messages wait in their queues meanwhile
    if (this.#holds === 1) this.engine.adjust(this.share, { stopped: true })
    this.session.server.durability.whenStored(count, (isStored) => {
      this.#holds--
      if (this.#isGone) return
      if (!isStored) return this.session.close("what was declared cannot be stored")
      if (this.#holds > 0) return
      const said = this.#heldBack
      this.#heldBack = []
      this.#heldBytes = 0
      for (const bytes of said) this.session.write(bytes)
      this.engine.adjust(this.share, { stopped: false })
    })
  }

  /** What a closed channel is still sent means nothing, but for the end of it. */
  #awaitFarewell(frame: Frame): void {
    if (frame.type !== "method") return
    const name: MethodName = frame.method.name
    // its own goodbye crosses the other one, which is to be answered all the same
    if (name === "channel.close" || name === "channel.close-ok") this.release()
    if (name === "channel.close") this.send({ name: "channel.close-ok" })
    if (name === "channel.close-ok") this.session.channels.delete(this.id)
    if (name === "channel.open") this.session.refuse(0, secondOpen(), frame.method)
  }
}

const unknown = (): Refused => refused("COMMAND_INVALID", "unimplemented method")

const published = ({ properties, head, body }: Extract<ReturnType<Assembly["take"]>, { type: "content" }>): Content =>
  head === undefined ? makeContent(properties, body) : received(properties, head, body)

const secondOpen = (): Refused => refused("CHANNEL_ERROR", "second 'channel.open' seen")

const tooLarge = ({ size, limit }: { readonly size: number | bigint; readonly limit: number }): string =>
  `message size ${size} is larger than configured max size ${limit}`
