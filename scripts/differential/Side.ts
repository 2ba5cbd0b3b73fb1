/**
 * One of the two servers: does the operations of a sequence there, and tells what came of each.
 *
 * Above `Connection.ts`; below `compare.ts`. After an operation it asks for a round trip on every channel and looks into every
 * queue until nothing changes any more, so that what a step has caused is told with that step. Counts what it does.
 */
import { setTimeout as delay } from "node:timers/promises"
import { type Long, type Method, methods, writeContent, writeMethod } from "../../src/broker/amqp/mod.ts"
import type { Channel, Held } from "./Channel.ts"
import { Connection, type Sight } from "./Connection.ts"
import { Names } from "./Names.ts"
import type { Call, Greeting, Operation, Place, Settle } from "./Operation.ts"
import { rudeBytes } from "./rude.ts"

/** A tag that no sequence comes to. */
const unknownTag = 100_000

/** What else gives verdicts, on all that a channel holds. */
const settling: ReadonlySet<string> = new Set(["basic.recover", "basic.recover-async", "tx.commit"])

/** Rounds of looking, at most. */
const rounds = 30

/** Until a server has noticed that somebody is gone without a word, ms. */
const noticing = 40

/** How a step is waited for. */
export interface Patience {
  /** Rounds of looking, at least. */
  readonly rounds: number
  /** Quiet between two of them, ms. */
  readonly quiet: number
}

/** Both sides of a run share what was done. */
export type Counts = Map<string, number>

/** One server, for many sequences. */
export class Side {
  readonly #url: URL
  readonly #counts: Counts
  #control: Connection | undefined
  #names = new Names("")
  #connections = new Map<number, Connection>()
  #queues = new Set<string>()
  #indices = new Map<string, number>()
  #owners = new Map<string, number>()
  #sights = new Map<string, Sight>()
  /** Queues that were declared as quorum queues. */
  #quorum = new Set<string>()
  /** Those of them with a delivery limit. */
  #limited = new Set<string>()
  /** When a queue was last seen to be gone. */
  #ends = new Map<string, number>()
  /** What connections said that are no more. */
  #last: Array<string> = []
  #step = 0
  #done = 0

  constructor(url: string, counts: Counts) {
    this.#url = new URL(url)
    this.#counts = counts
  }

  /** Begins a sequence; `prefix`: what its names begin with. */
  async begin(prefix: string): Promise<void> {
    this.#names = new Names(prefix)
    this.#connections = new Map()
    this.#queues = new Set()
    this.#indices = new Map()
    this.#owners = new Map()
    this.#sights = new Map()
    this.#ends = new Map()
    this.#quorum = new Set()
    this.#limited = new Set()
    this.#last = []
    this.#step = 0
    if (this.#control === undefined || this.#control.isGone || this.#control.isClosing) {
      this.#control = new Connection(this.#url, "plain", new Names("-"))
      await this.#control.opened()
      if (!this.#control.isOpen) {
        throw new Error(`Cannot connect to ${this.#url.host}: ${this.#control.lines().join("; ")}`)
      }
    }
  }

  /** Does one operation, up to the reply of its own channel; `false`: there was nothing to do. */
  async perform(operation: Operation): Promise<boolean> {
    const did = this.#done
    await this.#perform(operation)
    return this.#done > did
  }

  async #perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "wait":
        return this.#count("time passes")
      case "dial":
        return await this.#dial(operation.c, operation.how)
      case "close":
      case "drop":
        return await this.#leave(operation.c, operation.kind)
      case "call":
        return await this.#call(operation)
      case "settle":
        return await this.#settle(operation)
      case "rude": {
        const [connection, channel] = await this.#place(operation)
        if (connection === undefined) return
        this.#count(`rude: ${operation.what}`)
        connection.send(rudeBytes(operation.what, channel.id, connection.frameMax))
        return await this.#reply(connection, channel)
      }
    }
  }

  /** Waits until nothing changes any more. */
  async settled({ rounds: least, quiet }: Patience): Promise<void> {
    const open = [...this.#connections.values()]
    await Promise.all(
      open.flatMap((one) => one.channels.map((channel) => one.until(() => channel.unconfirmed.size === 0, 1_000))),
    )
    let before = ""
    for (let round = 1; round <= rounds; round++) {
      const channels = open.flatMap((connection) =>
        connection.isGone
          ? []
          : connection.channels.filter((one) => one.isOpen).map((one) => [connection, one] as const)
      )
      for (const [connection, channel] of channels) connection.ask(channel)
      const looks = [...this.#queues].map((queue) => [queue, this.#looker(queue), this.#index(queue)] as const)
      for (const [queue, connection, index] of looks) connection.look(index, this.#names.outside(queue))
      await Promise.all(channels.map(([connection, channel]) => connection.answered(channel)))
      for (const [queue, connection, index] of looks) this.#saw(queue, await connection.looked(index))
      const now = JSON.stringify([open.reduce((sum, { seen }) => sum + seen, 0), [...this.#sights]])
      if (round >= least && (least === 1 || now === before)) return
      before = now
      if (quiet > 0) await delay(quiet)
    }
  }

  /** What came of the step, as lines. */
  lines(): ReadonlyArray<string> {
    const connections = [...this.#connections].sort(([a], [b]) => a - b)
    return [
      ...this.#last,
      ...connections.flatMap(([c, one]) => one.lines().map((line) => `connection ${c}: ${line}`)),
      ...[...this.#sights].filter(([, sight]) => sight !== undefined).map(([queue, sight]) =>
        `queue ${queue}: ${sight}`
      )
        .sort(),
    ]
  }

  /** The next step begins. */
  next(step: number): void {
    this.#step = step
    this.#last = []
    for (const [queue, sight] of this.#sights) if (sight === "none") this.#sights.delete(queue)
    for (const [c, connection] of this.#connections) {
      connection.next(step)
      if (connection.isGone || connection.isClosing) this.#connections.delete(c)
    }
  }

  /** Ends a sequence: nothing of it is left. */
  async end(
    names: { readonly exchanges: ReadonlyArray<string>; readonly queues: ReadonlyArray<string> },
  ): Promise<void> {
    await Promise.all([...this.#connections.values()].map((one) => one.close()))
    const control = this.#control
    if (control === undefined || control.isGone) return
    const channel = control.channel(1)
    if (!channel.isOpen) control.send(writeMethod(1, { name: "channel.open" }))
    channel.isOpen = true
    const outside = (name: string) => this.#names.outside(name)
    for (const queue of [...names.queues, ...this.#names.given.filter((name) => name.startsWith("%s"))].map(outside)) {
      control.send(writeMethod(1, { name: "queue.delete", queue, ifUnused: false, ifEmpty: false, noWait: true }))
    }
    for (const exchange of names.exchanges.map(outside)) {
      control.send(writeMethod(1, { name: "exchange.delete", exchange, ifUnused: false, noWait: true }))
    }
    control.ask(channel)
    await control.answered(channel)
    control.next(0)
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.#control?.close()
    this.#control = undefined
  }

  #count(what: string, times = 1): void {
    this.#done++
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times)
  }

  #index(queue: string): number {
    let index = this.#indices.get(queue)
    if (index === undefined) this.#indices.set(queue, index = this.#indices.size)
    return index
  }

  /** Whoever may look into a queue. */
  #looker(queue: string): Connection {
    const owner = this.#connections.get(this.#owners.get(queue) ?? -1)
    return owner === undefined || owner.isGone || owner.isClosing ? this.#control! : owner
  }

  #saw(queue: string, sight: Sight): void {
    this.#sights.set(queue, sight)
    if (sight !== "none") return
    this.#queues.delete(queue)
    this.#owners.delete(queue)
    this.#ends.set(queue, this.#step)
  }

  async #dial(c: number, how: Greeting): Promise<void> {
    await this.#leave(c, "close", false)
    this.#count(how === "plain" || how === "amqplain" ? "connection.open" : `greeting: ${how}`)
    const connection = new Connection(this.#url, how, this.#names, ({ name, exclusive }) => {
      this.#queues.add(name)
      if (exclusive) this.#owners.set(name, c)
      else this.#owners.delete(name)
    })
    connection.step = this.#step
    this.#connections.set(c, connection)
    await connection.opened()
    if (connection.isClosing) await connection.close()
  }

  async #leave(c: number, how: "close" | "drop", counted = true): Promise<void> {
    const connection = this.#connections.get(c)
    if (connection === undefined) return
    if (counted) this.#count(how === "close" ? "connection.close" : "connection lost")
    if (how === "close") await connection.close()
    else connection.drop()
    this.#last.push(...connection.lines().map((line) => `connection ${c}: ${line}`))
    this.#connections.delete(c)
    if (how === "drop") await delay(noticing)
  }

  /** The connection and the channel of an operation, opened where they are not. */
  async #place({ c, ch }: Place): Promise<readonly [Connection | undefined, Channel]> {
    if (!this.#connections.has(c)) await this.#dial(c, "plain")
    const connection = this.#connections.get(c)!
    const channel = connection.channel(ch)
    if (!connection.isOpen) return [undefined, channel]
    if (!channel.isOpen) {
      this.#count("channel.open")
      connection.send(writeMethod(ch, { name: "channel.open" }))
      channel.isOpen = true
    }
    return [connection, channel]
  }

  /** Waits until a channel has done what it was told, or what it belongs to has ended. */
  async #reply(connection: Connection, channel: Channel): Promise<void> {
    if (channel.isOpen) connection.ask(channel)
    await connection.answered(channel)
    if (connection.isClosing) await connection.close()
  }

  async #call(call: Call): Promise<void> {
    const [connection, channel] = await this.#place(call)
    if (connection === undefined) return
    const { method: told, content, times = 1 } = call
    if (settling.has(told.name)) {
      const isOdd = (one: Held) => this.#isOrphan(one) || (told.name !== "tx.commit" && this.#isGenerous(one))
      if (channel.concerns.some(isOdd)) return
    }
    if (isTimely(channel, told) || this.#isRetagged(channel, told) || racesWithItself(call)) return
    const method = this.#names.method(told)
    this.#count(describeKind(told), times)
    this.#remember(channel, told, call.c)
    if (content === undefined) connection.send(writeMethod(call.ch, method))
    for (let i = 0; content !== undefined && i < times; i++) {
      const id = times === 1 ? content.body : `${content.body}.${i}`
      const properties = { ...this.#names.properties(content.properties), messageId: id }
      const body = new TextEncoder().encode(id.padEnd(content.padding, "."))
      channel.publishes(id)
      connection.send(writeContent(call.ch, method, properties, body, connection.frameMax))
    }
    // RabbitMQ takes nothing else while it commits
    if (method.name === "tx.commit") await connection.until(() => channel.hasCommitted || !channel.isOpen)
    if (method.name !== "channel.close") return await this.#reply(connection, channel)
    if (!(await connection.until(() => !channel.isOpen || connection.isGone))) channel.say("", "does not close")
  }

  /** What has to be known when the answer comes. */
  #remember(channel: Channel, method: Method, c: number): void {
    switch (method.name) {
      case "queue.declare": {
        const { queue, exclusive, passive, noWait } = method
        if (passive) return
        if (method.arguments.get("x-queue-type")?.value === "quorum") this.#quorum.add(queue)
        if (method.arguments.has("x-delivery-limit")) this.#limited.add(queue)
        if (queue !== "") this.#queues.add(queue)
        if (!noWait) channel.declares.push({ name: queue, exclusive })
        else if (exclusive && queue !== "") this.#owners.set(queue, c)
        return
      }
      case "basic.consume": {
        const taking = { ...method, isCounted: channel.isCounted }
        if (!method.noWait) return void channel.consumes.push(taking)
        return void channel.takings.set(method.consumerTag, taking)
      }
      case "basic.get":
        return void channel.gets.push({ ...method, isCounted: false })
      case "channel.flow":
        return void channel.flows.push("told")
      case "confirm.select":
        return channel.confirms()
      case "tx.commit":
        return void (channel.hasCommitted = false)
      case "basic.qos":
        if (method.global) return void (channel.isLimited = method.prefetchCount > 0)
        channel.isLimited = false
        return void (channel.isCounted = method.prefetchCount > 0)
      case "tx.select":
        return void (channel.isTransactional = true)
      case "basic.recover-async":
        return void (channel.held = method.requeue ? [] : channel.held)
    }
  }

  /**
   * Whether a delivery is of a queue that is gone while another one has its name: RabbitMQ 3.10 gives the verdict to that one,
   * which does not survive it.
   */
  #isOrphan({ queue, step }: Held): boolean {
    if (queue === "") return [...this.#ends.values()].some((end) => end >= step)
    return (this.#ends.get(queue) ?? -1) >= step && this.#queues.has(queue)
  }

  /**
   * Whether a return may kill a delivery that counts for a prefetch: a quorum queue of RabbitMQ 3.10 gives its consumer two more
   * for it, and so more than its prefetch from then on.
   */
  #isGenerous({ queue, isCounted }: Held): boolean {
    return isCounted && this.#limited.has(queue)
  }

  /**
   * Whether a consumer begins with the tag of one that was cancelled and still holds something of a quorum queue: RabbitMQ 3.10
   * ends the connection with an internal error of its own.
   */
  #isRetagged(channel: Channel, method: Method): boolean {
    if (method.name !== "basic.consume" || channel.takings.has(method.consumerTag)) return false
    const stream = `[${method.consumerTag}]`
    return channel.concerns.some((one) => one.stream.startsWith(stream) && this.#quorum.has(one.queue))
  }

  /** Where a verdict is given: at its place, or else where there is something to settle. */
  async #settling(settle: Settle): Promise<readonly [Connection | undefined, Channel | undefined]> {
    const there = this.#connections.get(settle.c)?.channels.find(({ id }) => id === settle.ch)
    if (there === undefined || there.held.length === 0) {
      const connections = [...this.#connections].sort(([a], [b]) => a - b)
      for (const [, connection] of connections) {
        const channel = connection.channels.find(({ held, isOpen }) => isOpen && held.length > 0)
        if (channel !== undefined) return [connection, channel]
      }
    }
    if (typeof settle.which === "number") return [undefined, undefined]
    return await this.#place(settle)
  }

  async #settle(settle: Settle): Promise<void> {
    const [connection, channel] = await this.#settling(settle)
    if (connection === undefined || channel === undefined) return
    const [deliveryTag, held] = this.#chosen(channel, settle)
    if (deliveryTag === undefined || held.some((one) => this.#isOrphan(one))) return
    if (settle.requeue && held.some((one) => this.#isGenerous(one))) return
    const { verb, requeue } = settle
    const multiple = settle.multiple && verb !== "basic.reject"
    this.#count(multiple ? `${verb} multiple` : verb)
    const method: Method = verb === "basic.ack"
      ? { name: verb, deliveryTag, multiple }
      : verb === "basic.nack"
      ? { name: verb, deliveryTag, multiple, requeue }
      : { name: verb, deliveryTag, requeue }
    channel.settle(held)
    connection.send(writeMethod(channel.id, method))
    await this.#reply(connection, channel)
  }

  /** The tag, and what it settles. */
  #chosen(channel: Channel, { which, multiple, verb }: Settle): readonly [Long | undefined, ReadonlyArray<Held>] {
    const { choices } = channel
    const several = multiple && verb !== "basic.reject"
    if (which === "unknown") return [unknownTag, []]
    if (which === "again") return [channel.settled, []]
    if (which === "all") return [0, several ? choices : []]
    const chosen = choices[which % Math.max(1, choices.length)]
    if (chosen === undefined) return [undefined, []]
    if (!several) return [chosen.tag, [chosen]]
    // what came in one step may have come in any order
    const tags = choices.filter((one) => one.step <= chosen.step).map(({ tag }) => tag)
    const last = tags.reduce((most, tag) => tag > most ? tag : most)
    return [last, choices.filter(({ tag }) => tag <= last)]
  }
}

/**
 * What makes a prefetch for all consumers of a channel a matter of chance. With transactions: what a commit publishes and the
 * room that it makes meet at RabbitMQ's limiter, one of them first. With several queues: its limiter draws lots for which of
 * them is first to have what room there is.
 */
const isTimely = ({ isLimited, isTransactional, takings }: Channel, method: Method): boolean => {
  const queues = new Set(Array.from(takings.values(), ({ queue }) => queue))
  switch (method.name) {
    case "tx.select":
      return isLimited
    case "basic.qos":
      return method.global && (isTransactional || queues.size > 1)
    case "basic.consume":
      return isLimited && queues.size > 0 && !queues.has(method.queue)
    default:
      return false
  }
}

/**
 * Whether a message may die in several queues at once: which of their letters is first where they go is a matter of chance, and
 * decides which of the consumers there has which.
 */
const racesWithItself = ({ method, content }: Call): boolean => {
  if (method.name !== "basic.publish" || content?.properties.expiration !== "0") return false
  const { headers } = content.properties
  return method.exchange !== "" || headers?.has("CC") === true || headers?.has("BCC") === true
}

/** What a method is counted as. */
export const describeKind = (method: Method): string => {
  if ("passive" in method && method.passive) return `${method.name} passive`
  if (method.name === "basic.publish" && method.mandatory) return "basic.publish mandatory"
  return methods[method.name] === undefined ? "?" : method.name
}
