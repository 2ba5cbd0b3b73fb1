/**
 * Draws sequences: first what declares a small world, then anything, most of it right and some of it wrong on purpose.
 *
 * Pure; above `world.ts`. A number and a seed give the same sequence wherever it is drawn. Remembers what it has asked for, so
 * that operations meet (a cancel its consumer, a verdict its delivery); what a server made of it is not known here.
 */
import type { Field, Method, Properties, Table } from "../../src/broker/amqp/mod.ts"
import { makeRandom, type Random } from "../chaos/random.ts"
import { greetings, oddArguments, rudenesses } from "./odd.ts"
import type { Call, Operation, Place, Settle } from "./Operation.ts"
import {
  chance,
  drawHeaders,
  drawWorld,
  type ExchangePlan,
  keys,
  long,
  longstr,
  overtakes,
  patterns,
  pick,
  type QueuePlan,
  short,
  timedQueues,
  whole,
  type Without,
  type World,
} from "./world.ts"

/** One sequence. */
export interface Sequence {
  readonly seed: number
  readonly index: number
  readonly world: World
  readonly operations: ReadonlyArray<Operation>
  /** How long a wait lasts, ms. */
  readonly wait: number
}

const none: Table = new Map()

/** The state of one drawing. */
class Drawing {
  readonly random: Random
  readonly world: World
  readonly without: Without
  readonly operations: Array<Operation> = []
  /** Consumers that were asked for. */
  readonly #consumers: Array<Place & { readonly tag: string }> = []
  /** Where there may be deliveries. */
  readonly #receiving: Array<Place> = []
  /** Channels that take messages, by their connection. */
  readonly #takers = new Map<number, number>()
  /** Channels that confirm, and those with transactions. */
  readonly #confirming: Array<Place> = []
  readonly #transacting: Array<Place> = []
  #messages = 0

  constructor(random: Random, without: Without) {
    this.random = random
    this.without = without
    this.world = drawWorld(random, without)
  }

  #is(share: number): boolean {
    return chance(this.random, share)
  }

  #pick<A>(values: ReadonlyArray<A>): A {
    return pick(this.random, values)
  }

  #place(): Place {
    // RabbitMQ ends channels one after another: what one gives back reaches the next one, and quorum queues count that
    if (this.world.profile === "quorum") return { c: this.#pick([0, 0, 0, 1, 1, 2]), ch: 1 }
    const c = this.#pick([0, 0, 0, 0, 0, 0, 1, 1, 2])
    if (c !== 2) return { c, ch: this.#pick([1, 1, 1, 1, 2, 2, 3]) }
    return { c, ch: 1 }
  }

  /**
   * Where messages are taken: on one channel of a connection. Which of several ends first when their connection does is a
   * matter of chance on RabbitMQ, and what it gives back may reach the others.
   */
  #takingPlace({ c, ch } = this.#place()): Place {
    const taken = this.#takers.get(c) ?? ch
    this.#takers.set(c, taken)
    return { c, ch: taken }
  }

  #call(method: Method, place: Place = this.#place(), more: Partial<Call> = {}): void {
    this.operations.push({ kind: "call", ...place, method, ...more })
  }

  /** A queue's name: one of the world's, one that the server chose, seldom one that is none. */
  #queue(): string {
    if (this.#is(0.03)) return this.#pick(["%s0", "%s0", "%s1", ""])
    if (this.#is(0.015)) return this.#pick(["%nothing", "amq.rabbitmq.reply-to"])
    return this.#pick(this.world.queues).queue
  }

  #exchange(): string {
    if (this.#is(0.05)) return this.#pick(["amq.direct", "amq.direct", "amq.topic", "%nothing", ""])
    return this.#pick(this.world.exchanges).exchange
  }

  #typeOf(exchange: string): string {
    const plan = this.world.exchanges.find((one) => one.exchange === exchange)
    return plan?.type ?? exchange.replace("amq.", "")
  }

  /** A key to bind with, and the arguments of the binding. */
  #binding(source: string): readonly [string, Table] {
    const type = this.#typeOf(source)
    if (source.startsWith("amq.")) return [`${this.#pick(this.world.queues).queue}`, none]
    if (type !== "headers") return [this.#pick(type === "topic" ? patterns : keys), none]
    const match = this.#pick([undefined, "all", "any", "all", "any", "all-with-x", "any-with-x", "some"])
    const headers: Array<readonly [string, Field]> = match === undefined ? [] : [["x-match", longstr(match)]]
    return [this.#pick(keys), new Map([...headers, ...drawHeaders(this.random)])]
  }

  #properties(): Properties {
    const { profile } = this.world
    // an urgent message that expires waits, on RabbitMQ, until something else is done with its queue
    const hasPriorities = this.world.queues.some((queue) => queue.arguments.has("x-max-priority"))
    const expiration = hasPriorities
      ? undefined
      : profile === "timed" && this.#is(0.4)
      ? this.#pick([`${short}`, `${short}`, `${short}`, "0", `${long}`])
      : this.#is(0.04)
      ? this.#pick(["0", `${long}`])
      : this.#is(0.008)
      ? this.#pick(["soon", "-1", "", "99999999999", "1.5"])
      : undefined
    return {
      deliveryMode: this.#pick([undefined, 1, 2, 2]),
      expiration,
      headers: this.#headers(),
      contentType: this.#is(0.2) ? "text/plain" : undefined,
      priority: this.#is(0.2) ? this.random.between(0, 6) : undefined,
      correlationId: this.#is(0.1) ? "c" : undefined,
      type: this.#is(0.1) ? "é" : undefined,
      timestamp: this.#is(0.1) ? 1_700_000_000 : undefined,
      userId: this.#is(0.006) ? "nobody" : undefined,
      replyTo: this.#is(0.01) ? "amq.rabbitmq.reply-to" : undefined,
    }
  }

  #headers(): Table | undefined {
    if (!this.#is(0.5)) return undefined
    const headers = new Map(drawHeaders(this.random))
    if (this.without.has("cc") || overtakes(this.world) || !this.#is(0.06)) return headers
    const more = () => this.#is(0.5) ? this.#pick(keys) : this.#pick(this.world.queues).queue
    const value = Array.from({ length: this.random.between(0, 2) }, () => longstr(more()))
    return headers.set(this.#pick(["CC", "CC", "BCC"]), this.#is(0.9) ? { type: "array", value } : longstr("a"))
  }

  #publishTo(exchange: string, routingKey: string, place = this.#place(), more: Properties = {}): void {
    const body = `m${++this.#messages}`
    const padding = this.#is(0.05) ? this.#pick([200, 5_000, 150_000]) : 0
    const properties = { ...this.#properties(), ...more }
    // how many more than its limit a quorum queue takes before it refuses is a matter of time on RabbitMQ
    // and so is which of several ways is the shorter one
    const isMany = this.#is(0.25) && this.world.profile !== "quorum" && exchange === ""
    const times = isMany ? this.random.between(2, 5) : 1
    const mandatory = this.#is(0.25)
    const immediate = this.#is(0.004)
    const at = this.#confirming.length > 0 && this.#is(0.4) ? this.#pick(this.#confirming) : place
    this.#call({ name: "basic.publish", exchange, routingKey, mandatory, immediate }, at, {
      content: { properties, body, padding },
      times,
    })
  }

  #publish(): void {
    const direct = this.#is(0.6) || overtakes(this.world)
    const exchange = direct ? "" : this.#exchange()
    const named = exchange === "" || exchange.startsWith("amq.")
    const isReply = this.#is(0.02)
    const key = isReply ? "%r0" : named ? this.#queue() : this.#pick(keys)
    this.#publishTo(isReply ? "" : exchange, key)
  }

  #declareQueue(plan: QueuePlan, place = this.#place()): void {
    const changed = this.#is(0.12) ? this.#odd(plan) : plan
    this.#call({ name: "queue.declare", ...changed, passive: false, noWait: this.#is(0.05) }, place)
  }

  /** Other than it usually is. */
  #odd(plan: QueuePlan): QueuePlan {
    const args = new Map(plan.arguments)
    switch (this.random.between(0, 6)) {
      case 0:
        return { ...plan, durable: !plan.durable }
      case 1:
        return { ...plan, exclusive: !plan.exclusive }
      case 2:
        return { ...plan, autoDelete: !plan.autoDelete }
      case 3:
        return { ...plan, queue: this.#pick(["amq.reserved", "amq.rabbitmq.reply-to.x", "amq.gen-x"]) }
      case 4:
        for (const name of args.keys()) {
          args.delete(name)
          break
        }
        return { ...plan, arguments: args }
      default: {
        const [name, value] = this.#pick(oddArguments)
        return { ...plan, arguments: args.set(name, value) }
      }
    }
  }

  #declareServerNamed(): void {
    const place = this.#takingPlace()
    this.#call({
      name: "queue.declare",
      queue: "",
      passive: false,
      durable: false,
      exclusive: this.#is(0.8),
      autoDelete: this.#is(0.3),
      noWait: false,
      arguments: none,
    }, place)
    if (this.#is(0.5)) this.#bind(place, "")
    if (this.#is(0.5)) this.#consume(place, "")
  }

  #declareExchange(plan: ExchangePlan, place = this.#place()): void {
    const odd: ReadonlyArray<Partial<ExchangePlan>> = [
      { durable: !plan.durable },
      { autoDelete: !plan.autoDelete },
      { internal: !plan.internal },
      { type: this.#pick(["direct", "topic", "fanout", "headers"]) },
      { type: "x-unheard-of" },
      { exchange: this.#pick(["amq.reserved", "", "amq.direct"]) },
      { arguments: new Map([["alternate-exchange", this.#pick([longstr("%nothing"), whole(this.random, 1)])]]) },
      { arguments: new Map([["x-unheard-of", longstr("x")]]) },
    ]
    const changed = this.#is(0.2) ? { ...plan, ...this.#pick(odd) } : plan
    this.#call({ name: "exchange.declare", ...changed, passive: false, noWait: this.#is(0.05) }, place)
  }

  #bind(place = this.#place(), queue = this.#queue()): void {
    const exchange = this.#exchange()
    const [routingKey, args] = this.#binding(exchange)
    this.#call({ name: "queue.bind", queue, exchange, routingKey, noWait: this.#is(0.05), arguments: args }, place)
  }

  /** Takes back a binding that was asked for, mostly. */
  #unbind(kind: "queue.bind" | "exchange.bind"): void {
    const binds = this.operations.flatMap((one) => one.kind === "call" && one.method.name === kind ? [one.method] : [])
    const bind = binds.length > 0 ? this.#pick(binds) : undefined
    if (kind === "queue.bind") {
      const { queue, exchange, routingKey, arguments: args } = bind?.name === "queue.bind"
        ? bind
        : { queue: this.#queue(), exchange: this.#exchange(), routingKey: "a", arguments: none }
      const key = this.#is(0.1) ? "b" : routingKey
      return this.#call({ name: "queue.unbind", queue, exchange, routingKey: key, arguments: args })
    }
    const { destination, source, routingKey, arguments: args } = bind?.name === "exchange.bind"
      ? bind
      : { destination: this.#exchange(), source: this.#exchange(), routingKey: "a", arguments: none }
    this.#call({
      name: "exchange.unbind",
      destination,
      source,
      routingKey: this.#is(0.1) ? "b" : routingKey,
      noWait: this.#is(0.05),
      arguments: args,
    })
  }

  #bindExchange(): void {
    const source = this.#exchange()
    const [routingKey, args] = this.#binding(source)
    const destination = this.#exchange()
    this.#call({ name: "exchange.bind", destination, source, routingKey, noWait: this.#is(0.05), arguments: args })
  }

  #consume(where = this.#place(), queue = this.#queue(), noAck = this.#is(0.15)): void {
    // whoever needs no ack is alone on a connection: what another channel gives back at its end would reach it, and be lost
    const isReplies = queue.startsWith("amq.")
    const place = isReplies ? where : noAck ? { c: 2, ch: 1 } : this.#takingPlace(where)
    const args: Array<readonly [string, Field]> = []
    if (this.#is(0.15)) args.push(["x-priority", whole(this.random, this.random.between(0, 3))])
    if (this.#is(0.02)) args.push(["x-priority", longstr("high")])
    if (this.#is(0.02)) args.push(["x-cancel-on-ha-failover", { type: "bool", value: true }])
    const tag = this.#is(0.12) ? "" : `t${this.random.between(0, 5)}`
    this.#receiving.push(place)
    if (tag !== "") this.#consumers.push({ ...place, tag })
    this.#call({
      name: "basic.consume",
      queue,
      consumerTag: tag,
      noLocal: this.#is(0.05),
      noAck: queue === "amq.rabbitmq.reply-to" ? !this.#is(0.1) : noAck,
      exclusive: this.#is(0.06),
      noWait: tag !== "" && this.#is(0.05),
      arguments: new Map(args),
    }, place)
  }

  #cancel(): void {
    const one = this.#consumers.length > 0 && !this.#is(0.1)
      ? this.#pick(this.#consumers)
      : { ...this.#place(), tag: this.#pick(["t0", "nobody", "%t0"]) }
    this.#call({ name: "basic.cancel", consumerTag: one.tag, noWait: this.#is(0.05) }, { c: one.c, ch: one.ch })
  }

  #get(): void {
    const place = this.#takingPlace()
    this.#receiving.push(place)
    this.#call({ name: "basic.get", queue: this.#queue(), noAck: this.#is(0.2) }, place)
  }

  #settle(verb: Settle["verb"]): void {
    const place = this.#receiving.length > 0 ? this.#pick(this.#receiving) : this.#place()
    const which = this.#is(0.02)
      ? "unknown"
      : this.#is(0.02)
      ? "again"
      : this.#is(0.05)
      ? "all"
      : this.#pick([0, 0, 0, 1, 2, 3])
    const multiple = which === "all" ? this.#is(0.9) : this.#is(0.35)
    this.operations.push({ kind: "settle", ...place, verb, which, multiple, requeue: this.#is(0.5) })
  }

  #receivingPlace(): Place {
    return this.#receiving.length > 0 && this.#is(0.7) ? this.#pick(this.#receiving) : this.#place()
  }

  #transactingPlace(): Place {
    const there = this.#transacting.length > 0
    if (!there && this.#is(0.9)) {
      const place = this.#receivingPlace()
      this.#transacting.push(place)
      this.#call({ name: "tx.select" }, place)
      return place
    }
    return there && this.#is(0.95) ? this.#pick(this.#transacting) : this.#place()
  }

  #confirm(): void {
    const place = this.#place()
    const isSame = ({ c, ch }: Place) => c === place.c && ch === place.ch
    if (this.#transacting.some(isSame) && this.#is(0.9)) return
    this.#confirming.push(place)
    this.#call({ name: "confirm.select", noWait: this.#is(0.1) }, place)
  }

  /** A request and a reply over direct reply-to. */
  #rpc(): void {
    const place = this.#place()
    this.#consume(place, "amq.rabbitmq.reply-to", true)
    this.#publishTo("", this.#pick(this.world.queues).queue, place, { replyTo: "amq.rabbitmq.reply-to" })
    this.#get()
    this.#publishTo("", "%r0")
  }

  /** One operation, or some that belong together; how often each comes. */
  #kinds = (): ReadonlyArray<readonly [weight: number, draw: () => void]> => [
    [21, () => this.#publish()],
    [7, () => this.#consume()],
    [6, () => this.#get()],
    [9, () => this.#settle("basic.ack")],
    [9, () => this.#settle("basic.nack")],
    [7, () => this.#settle("basic.reject")],
    [2.2, () => this.#cancel()],
    [2.6, () => {
      const prefetchSize = this.#is(0.02) ? 1 : 0
      const prefetchCount = this.#pick([0, 1, 1, 2, 2, 3])
      this.#call({ name: "basic.qos", prefetchSize, prefetchCount, global: this.#is(0.3) }, this.#receivingPlace())
    }],
    [1.2, () => this.#call({ name: "basic.recover", requeue: !this.#is(0.05) }, this.#receivingPlace())],
    [1.1, () => this.#call({ name: "basic.recover-async", requeue: !this.#is(0.05) }, this.#receivingPlace())],
    [1.2, () => this.#confirm()],
    [5, () => this.#declareQueue(this.#pick(this.world.queues))],
    [0.9, () => this.#declareServerNamed()],
    [1.6, () => {
      const queue = this.#queue()
      const flags = { durable: this.#is(0.5), exclusive: false, autoDelete: false, noWait: false, arguments: none }
      this.#call({ name: "queue.declare", queue, passive: true, ...flags })
    }],
    [1.6, () => {
      const [ifUnused, ifEmpty, noWait] = [this.#is(0.2), this.#is(0.2), this.#is(0.05)]
      this.#call({ name: "queue.delete", queue: this.#queue(), ifUnused, ifEmpty, noWait })
    }],
    [1.5, () => this.#call({ name: "queue.purge", queue: this.#queue(), noWait: this.#is(0.05) })],
    [2, () => this.#bind()],
    [1.6, () => this.#unbind("queue.bind")],
    [1.8, () => this.#declareExchange(this.#pick(this.world.exchanges))],
    [1.5, () => {
      const [type, durable, internal] = [this.#pick(["direct", "x-unheard-of"]), this.#is(0.5), false]
      const rest = { autoDelete: false, internal, noWait: false, arguments: none }
      this.#call({ name: "exchange.declare", exchange: this.#exchange(), type, passive: true, durable, ...rest })
    }],
    [1.4, () => {
      const [ifUnused, noWait] = [this.#is(0.3), this.#is(0.05)]
      this.#call({ name: "exchange.delete", exchange: this.#exchange(), ifUnused, noWait })
    }],
    [2.5, () => this.#bindExchange()],
    [1.5, () => this.#unbind("exchange.bind")],
    [1.4, () => this.#call({ name: "channel.close", replyCode: 200, replyText: "", classId: 0, methodId: 0 })],
    [1.4, () => this.#call({ name: "channel.flow", active: !this.#is(0.05) })],
    [1.4, () => {
      const flags = { exclusive: false, passive: true, active: true, write: true, read: true }
      this.#call({ name: "access.request", realm: "/data", ...flags })
    }],
    [1, () => this.operations.push({ kind: "close", c: this.#place().c })],
    [1, () => this.operations.push({ kind: "drop", c: this.#place().c })],
    [1.1, () => this.operations.push({ kind: "dial", c: this.#place().c, how: this.#pick(greetings) })],
    [1.1, () => this.operations.push({ kind: "rude", ...this.#place(), what: this.#pick(rudenesses) })],
    [0.5, () => this.#rpc()],
    [this.world.profile === "timed" ? 3 : 0, () => this.operations.push({ kind: "wait" })],
    [this.without.has("tx") ? 0 : 0.8, () => {
      const place = this.#receivingPlace()
      this.#transacting.push(place)
      this.#call({ name: "tx.select" }, place)
    }],
    [this.without.has("tx") ? 0 : 1, () => this.#call({ name: "tx.commit" }, this.#transactingPlace())],
    [this.without.has("tx") ? 0 : 1, () => this.#call({ name: "tx.rollback" }, this.#transactingPlace())],
  ]

  /** What most sequences begin with. */
  begin(): void {
    const place: Place = { c: 0, ch: 1 }
    const { exchanges, queues } = this.world
    for (const plan of exchanges) if (this.#is(0.9)) this.#declareExchange(plan, this.#is(0.8) ? place : this.#place())
    for (const plan of queues) if (this.#is(0.95)) this.#declareQueue(plan, this.#is(0.8) ? place : this.#place())
    for (let i = this.random.between(2, 5); i > 0; i--) this.#bind(place)
    if (this.#is(0.4)) this.#bindExchange()
    if (this.#is(0.3)) this.#confirm()
    for (let i = this.random.between(0, 2); i > 0; i--) this.#consume()
  }

  /** Some more. */
  go(count: number): void {
    const kinds = this.#kinds()
    const sum = kinds.reduce((all, [weight]) => all + weight, 0)
    for (let i = 0; i < count; i++) {
      let at = this.random.next() * sum
      const found = kinds.find(([weight]) => (at -= weight) < 0)
      found?.[1]()
    }
  }
}

/** See the top of the file. */
export const drawSequence = (seed: number, index: number, without: Without): Sequence => {
  const source = makeRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35))
  const drawing = new Drawing(source, without)
  drawing.begin()
  drawing.go(source.between(40, 90))
  const wait = (1 + timedQueues(drawing.world)) * short + 150
  const operations = drawing.operations.filter((one) => one.kind !== "call" || !without.has(one.method.name))
  return { seed, index, world: drawing.world, operations, wait }
}
