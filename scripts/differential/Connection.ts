/**
 * One connection of a client, with its channels and what it needs to look into queues.
 *
 * Above `Wire.ts` and `Channel.ts`; below `Side.ts`. Greets in any way it is told to, answers what has to be answered, and
 * tells of waiting that came to nothing. Channels from 100 on are for looking into queues: nothing of them is told.
 */
import { type Content, type Method, type MethodOf, writeMethod } from "../../src/broker/amqp/mod.ts"
import { Channel } from "./Channel.ts"
import type { Names } from "./Names.ts"
import type { Greeting } from "./Operation.ts"
import { showMethod } from "./show.ts"
import { type Event, firstBytes, noArguments, open, startOk, tuneOk, Wire } from "./Wire.ts"

/** The first channel that looks into queues. */
const firstProbe = 100

/** Longest time that is waited for anything, ms. */
const patience = 30_000

/** Until a server has closed what it wants to close, ms; RabbitMQ takes three seconds where it distrusts a peer. */
const closing = 60

/** What is seen of a queue; `undefined`: nothing was answered. */
export type Sight = string | undefined

/** Waits that end when something came. */
class Bell {
  readonly #waiting = new Set<() => void>()

  ring(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** Resolves to whether it came true in time. */
  until(isTrue: () => boolean, ms: number): Promise<boolean> {
    if (isTrue()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (came: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(came)
      }
      const look = () => isTrue() && end(true)
      const timer = setTimeout(() => end(false), ms)
      this.#waiting.add(look)
    })
  }
}

/** One channel that looks into queues. */
interface Probe {
  isOpen: boolean
  asked: number
  answered: number
  sight: Sight
}

/** See the top of the file. */
export class Connection {
  readonly #url: URL
  readonly #how: Greeting
  readonly #names: Names
  readonly #wire: Wire
  readonly #bell = new Bell()
  readonly #channels = new Map<number, Channel>()
  readonly #probes = new Map<number, Probe>()
  readonly #said: Array<string> = []
  readonly #onDeclared: (asked: { readonly name: string; readonly exclusive: boolean }) => void
  /** The step that is gone through. */
  step = 0
  /** How much has come that is told. */
  seen = 0
  frameMax = 4096
  isOpen = false
  isClosing = false

  constructor(
    url: URL,
    how: Greeting,
    names: Names,
    onDeclared: (asked: { readonly name: string; readonly exclusive: boolean }) => void = () => {},
  ) {
    this.#url = url
    this.#how = how
    this.#names = names
    this.#onDeclared = onDeclared
    this.#wire = new Wire(url, (event) => {
      this.#take(event)
      this.#bell.ring()
    })
    this.#wire.send(firstBytes(how))
  }

  get isGone(): boolean {
    return this.#wire.isGone
  }

  /** Resolves when it is open or will never be. */
  async opened(): Promise<void> {
    const came = await this.until(() => this.isOpen || this.isGone || this.isClosing)
    if (!came) this.#say("neither opens nor ends")
  }

  /** Waits, and says whether it was in vain. */
  until(isTrue: () => boolean, ms = patience): Promise<boolean> {
    return this.#bell.until(isTrue, ms)
  }

  send(bytes: Uint8Array): void {
    this.#wire.send(bytes)
  }

  /** A channel as it is, or a new one that is not open. */
  channel(id: number): Channel {
    let channel = this.#channels.get(id)
    if (channel === undefined) {
      channel = new Channel(id, this.#names)
      this.#channels.set(id, channel)
    }
    return channel
  }

  get channels(): ReadonlyArray<Channel> {
    return [...this.#channels.values()].sort((a, b) => a.id - b.id)
  }

  /** Begins a round trip on a channel. */
  ask(channel: Channel): void {
    channel.asked++
    channel.flows.push("sync")
    this.send(writeMethod(channel.id, { name: "channel.flow", active: true }))
  }

  /** Ends it: when it has come back, or the channel is gone. */
  async answered(channel: Channel): Promise<void> {
    const isDone = () => channel.answered >= channel.asked || !channel.isOpen || this.isGone
    if (!(await this.until(isDone))) channel.say("", "does not answer")
  }

  /** Looks into a queue; the answer is there after `looked`. */
  look(index: number, queue: string): void {
    const id = firstProbe + index
    let probe = this.#probes.get(id)
    if (probe === undefined) this.#probes.set(id, probe = { isOpen: false, asked: 0, answered: 0, sight: undefined })
    if (!probe.isOpen) this.send(writeMethod(id, { name: "channel.open" }))
    probe.isOpen = true
    probe.asked++
    const flags = { durable: false, exclusive: false, autoDelete: false, noWait: false }
    const declare: Method = { name: "queue.declare", queue, passive: true, ...flags, arguments: noArguments }
    this.send(writeMethod(id, declare))
  }

  /** What was seen of a queue. */
  async looked(index: number): Promise<Sight> {
    const probe = this.#probes.get(firstProbe + index)
    if (probe === undefined) return undefined
    const came = await this.until(() => probe.answered >= probe.asked || this.isGone)
    return came && !this.isGone ? probe.sight : undefined
  }

  /** Closes it in order, or ends it where the server has closed it. */
  async close(): Promise<void> {
    if (!this.isGone && !this.isClosing) {
      this.isClosing = true
      this.send(writeMethod(0, { name: "connection.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 }))
      if (!(await this.until(() => this.isGone))) this.#say("does not close")
    } else if (!(await this.until(() => this.isGone, closing))) this.drop()
  }

  /** Ends it without a word. */
  drop(): void {
    this.isClosing = true
    this.#wire.destroy()
  }

  /** What came in this step, as lines. */
  lines(): ReadonlyArray<string> {
    const lines = this.channels.flatMap((one) => one.lines().map((line) => `channel ${one.id}: ${line}`))
    // what one channel gives back may come to another one before it ends, too
    const isEnding = this.isGone || this.isClosing
    return [...this.#said, ...isEnding ? lines.filter((line) => !line.includes(" basic.deliver ")) : lines]
  }

  /** The next step begins. */
  next(step: number): void {
    this.step = step
    this.#said.length = 0
    for (const channel of this.channels) {
      channel.next()
      if (!channel.isOpen) this.#channels.delete(channel.id)
    }
  }

  #say(line: string): void {
    this.seen++
    this.#said.push(line)
  }

  #take(event: Event): void {
    switch (event.type) {
      case "header":
        return this.#say("sends its protocol header")
      case "unreadable":
        return this.#say(`sends what cannot be read: ${event.why}`)
      case "gone":
        for (const channel of this.channels) channel.closes()
        if (!this.isClosing) this.#say("is gone without a word")
        return
      case "content":
        this.seen++
        return this.#content(event.channel, event.content)
      case "method":
        if (event.channel >= firstProbe) return this.#probe(event.channel, event.method)
        return event.channel === 0 ? this.#own(event.method) : this.#method(event.channel, event.method)
    }
  }

  #own(method: Method): void {
    switch (method.name) {
      case "connection.start":
        return this.send(startOk(this.#url, this.#how))
      case "connection.tune": {
        const ok = tuneOk(method, this.#how)
        this.frameMax = ok.frameMax
        this.send(writeMethod(0, ok))
        return this.send(open(this.#url, this.#how))
      }
      case "connection.open-ok":
        return void (this.isOpen = true)
      case "connection.close":
        this.isClosing = true
        for (const channel of this.channels) channel.closes()
        this.#say(showMethod(method, (name) => name))
        return this.send(writeMethod(0, { name: "connection.close-ok" }))
      case "connection.close-ok":
        return this.#wire.destroy()
      default:
        return this.#say(showMethod(method, (name) => name))
    }
  }

  #method(id: number, method: Method): void {
    const channel = this.#channels.get(id)
    if (channel === undefined) return this.#say(`channel ${id}, which was never open: ${method.name}`)
    const isSync = method.name === "channel.flow-ok" && channel.flows[0] === "sync"
    if (!isSync) this.seen++
    if (method.name === "channel.close") {
      channel.say("", showMethod(method, (name) => name))
      channel.closes()
      return this.send(writeMethod(id, { name: "channel.close-ok" }))
    }
    if (method.name === "channel.open-ok") return
    if (method.name === "channel.close-ok") channel.closes()
    if (method.name === "queue.declare-ok") this.#declared(channel, method)
    channel.method(method)
  }

  #content(id: number, content: Content): void {
    const channel = this.#channels.get(id)
    if (channel === undefined) return this.#say(`channel ${id}, which was never open: ${content.method.name}`)
    channel.content(content, this.step)
  }

  #declared(channel: Channel, { queue }: MethodOf<"queue.declare-ok">): void {
    const asked = channel.declares.shift()
    if (asked !== undefined) this.#onDeclared({ ...asked, name: this.#names.inside(queue) })
  }

  #probe(id: number, method: Method): void {
    const probe = this.#probes.get(id)
    if (probe === undefined || method.name === "channel.open-ok" || method.name === "channel.close-ok") return
    if (method.name === "queue.declare-ok") {
      probe.sight = `${method.messageCount} ready, ${method.consumerCount} consumers`
    } else if (method.name === "channel.close") {
      probe.isOpen = false
      probe.sight = method.replyCode === 404 ? "none" : method.replyCode === 405 ? "locked" : `${method.replyCode}`
      this.send(writeMethod(id, { name: "channel.close-ok" }))
    } else return this.#say(`a channel that looks into queues: ${method.name}`)
    probe.answered++
  }
}
