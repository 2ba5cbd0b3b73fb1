/**
 * A stage for conversations in AMQP, on which the server of this project and RabbitMQ act the same plays.
 *
 * A play sends methods and bytes over connections of its own; what comes back is written down as text, the same text wherever
 * it is played, but for names and times that differ each time. A broker is reached by a `Wire`: in memory, or over TCP.
 */
import {
  type Field,
  type Frame,
  FrameReader,
  isWireError,
  type Method,
  type Properties,
  protocolHeader,
  type Table,
  writeContent,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"

/** One connection to a broker. */
export interface Wire {
  readonly write: (bytes: Uint8Array) => void
  /** What has come since it was last asked. */
  readonly take: () => ReadonlyArray<Uint8Array>
  readonly isClosed: () => boolean
}

/** Where plays are acted. */
export interface Place {
  readonly connect: () => Promise<Wire>
  /** Waits until nothing more comes. */
  readonly settle: () => Promise<void>
  /** Lets time pass, ms. */
  readonly wait: (ms: number) => Promise<void>
}

/** A play by its name. */
export interface Play {
  readonly name: string
  readonly run: (stage: Stage) => Promise<void>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A value as a field, as clients of JavaScript would send it. */
export const field = (value: unknown): Field => {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? { type: "signedint", value } : { type: "double", value }
    case "string":
      return { type: "longstr", value }
    case "boolean":
      return { type: "bool", value }
    default:
      if (value === null) return { type: "void", value: undefined }
      if (Array.isArray(value)) return { type: "array", value: value.map(field) }
      return value as Field
  }
}

/** A table of such values. */
export const tableOf = (values: Readonly<Record<string, unknown>>): Table =>
  new Map(Object.entries(values).map(([name, value]) => [name, field(value)]))

const show = (value: unknown): string => {
  if (value instanceof Map) {
    return `{${[...value].map(([name, { type, value }]) => `${name}: ${type} ${show(value)}`).join(", ")}}`
  }
  if (value instanceof Uint8Array) {
    return value.length > 40 ? `${value.length} bytes` : JSON.stringify(decoder.decode(value))
  }
  if (Array.isArray(value)) return `[${value.map(({ type, value }) => `${type} ${show(value)}`).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).map(([name, one]) => `${name}=${show(one)}`).join(" ")
  }
  return typeof value === "string" ? `'${value}'` : String(value)
}

/** Of what a server says of itself that by which clients choose what they do; the last part of its version is its own. */
const showStart = (properties: Table): string => {
  const [product, version] = ["product", "version"].map((key) => String(properties.get(key)?.value))
  return `connection.start ${product} ${version?.replace(/^(\d+\.\d+)\..*/, "$1")}`
}

const showFrame = (frame: Frame): string => {
  switch (frame.type) {
    case "method": {
      if (frame.method.name === "connection.start") {
        return `${frame.channel} ${showStart(frame.method.serverProperties)}`
      }
      const { name, ...rest } = frame.method
      return `${frame.channel} ${name} ${show(rest)}`.trim()
    }
    case "header":
      return `${frame.channel} header ${frame.size} ${show(frame.properties)}`.trim()
    case "body":
      return `${frame.channel} body ${show(frame.body)}`
    default:
      return frame.type
  }
}

/** What differs each time. */
const blurred = (line: string): string =>
  line
    .replace(/amq\.(gen|ctag)-[\w-]{22}/g, "amq.$1-…")
    .replace(/amq\.rabbitmq\.reply-to\.[\w+/=.-]+/g, "amq.rabbitmq.reply-to.…")
    .replace(/timestamp \d+/g, "timestamp …")
    // what is wrong with bytes is put in words of one's own
    .replace(/(replyText='(?:FRAME_ERROR|UNEXPECTED_FRAME)) - .*(' classId)/, "$1$2")

/** What declares a queue besides its name. */
export interface QueueFlags {
  readonly passive?: boolean
  readonly durable?: boolean
  readonly exclusive?: boolean
  readonly autoDelete?: boolean
  readonly noWait?: boolean
  readonly args?: Readonly<Record<string, unknown>>
}

/** What declares an exchange besides its name and type. */
export interface ExchangeFlags {
  readonly passive?: boolean
  readonly durable?: boolean
  readonly autoDelete?: boolean
  readonly internal?: boolean
  readonly noWait?: boolean
  readonly args?: Readonly<Record<string, unknown>>
}

/** One connection of a play; what it does is sent, and what comes back is written down. */
export class Actor {
  readonly name: string
  readonly #stage: Stage
  readonly #wire: Wire
  readonly #reader = new FrameReader({ frameMax: 0, expectsGreeting: false })
  #isClosed = false
  #hasLeft = false
  /** The channel it speaks on. */
  channel = 1
  /** Whether what comes is written down. */
  isHeard = true
  /** The last queue name and the last address for replies that came. */
  lastQueue = ""
  lastReplyTo = ""

  constructor(name: string, stage: Stage, wire: Wire) {
    this.name = name
    this.#stage = stage
    this.#wire = wire
  }

  /** Reads what has come. */
  listen(): void {
    for (const bytes of this.#wire.take()) {
      this.#reader.push(bytes)
      for (let next = this.#reader.next(); next !== undefined; next = this.#reader.next()) {
        if (isWireError(next)) {
          this.#hear(`bytes ${show(bytes)}`)
          break
        }
        if (next.type === "method" && next.method.name === "queue.declare-ok") this.lastQueue = next.method.queue
        if (next.type === "header" && next.properties.replyTo !== undefined) this.lastReplyTo = next.properties.replyTo
        if (next.type === "method" && next.method.name === "connection.close-ok") this.#hasLeft = true
        if (next.type !== "heartbeat") this.#hear(showFrame(next))
      }
    }
    if (!this.#isClosed && this.#wire.isClosed()) {
      this.#isClosed = true
      // after a goodbye either side may be the first
      if (!this.#hasLeft) this.#hear("closed")
    }
  }

  #hear(line: string): void {
    if (this.isHeard) this.#stage.lines.push(blurred(`${this.name} ${line}`))
  }

  /** Sends bytes and waits for what they bring. */
  async bytes(bytes: Uint8Array): Promise<void> {
    this.#wire.write(bytes)
    await this.#stage.settle()
  }

  /** Sends a method. */
  send(method: Method, channel = this.channel): Promise<void> {
    return this.bytes(writeMethod(channel, method))
  }

  /** Sends a method with content. */
  sendContent(method: Method, properties: Properties, body: Uint8Array | string, frameMax = 4096): Promise<void> {
    const bytes = typeof body === "string" ? encoder.encode(body) : body
    return this.bytes(writeContent(this.channel, method, properties, bytes, frameMax))
  }

  async open(channel = this.channel): Promise<void> {
    await this.send({ name: "channel.open" }, channel)
    this.channel = channel
  }

  queue(queue: string, { args = {}, ...flags }: QueueFlags = {}): Promise<void> {
    return this.send({
      name: "queue.declare",
      queue,
      passive: false,
      durable: false,
      exclusive: false,
      autoDelete: false,
      noWait: false,
      ...flags,
      arguments: tableOf(args),
    })
  }

  exchange(exchange: string, type: string, { args = {}, ...flags }: ExchangeFlags = {}): Promise<void> {
    return this.send({
      name: "exchange.declare",
      exchange,
      type,
      passive: false,
      durable: false,
      autoDelete: false,
      internal: false,
      noWait: false,
      ...flags,
      arguments: tableOf(args),
    })
  }

  bind(queue: string, exchange: string, routingKey = "", args: Readonly<Record<string, unknown>> = {}): Promise<void> {
    return this.send({ name: "queue.bind", queue, exchange, routingKey, noWait: false, arguments: tableOf(args) })
  }

  unbind(queue: string, exchange: string, routingKey = "", args: Readonly<Record<string, unknown>> = {}) {
    return this.send({ name: "queue.unbind", queue, exchange, routingKey, arguments: tableOf(args) })
  }

  link(source: string, destination: string, routingKey = "", args: Readonly<Record<string, unknown>> = {}) {
    return this.send({
      name: "exchange.bind",
      source,
      destination,
      routingKey,
      noWait: false,
      arguments: tableOf(args),
    })
  }

  unlink(source: string, destination: string, routingKey = "", args: Readonly<Record<string, unknown>> = {}) {
    return this.send({
      name: "exchange.unbind",
      source,
      destination,
      routingKey,
      noWait: false,
      arguments: tableOf(args),
    })
  }

  purge(queue: string): Promise<void> {
    return this.send({ name: "queue.purge", queue, noWait: false })
  }

  deleteQueue(queue: string, flags: { readonly ifUnused?: boolean; readonly ifEmpty?: boolean } = {}): Promise<void> {
    return this.send({ name: "queue.delete", queue, ifUnused: false, ifEmpty: false, noWait: false, ...flags })
  }

  deleteExchange(exchange: string, ifUnused = false): Promise<void> {
    return this.send({ name: "exchange.delete", exchange, ifUnused, noWait: false })
  }

  qos(prefetchCount: number, global = false, prefetchSize = 0): Promise<void> {
    return this.send({ name: "basic.qos", prefetchSize, prefetchCount, global })
  }

  consume(
    queue: string,
    consumerTag: string,
    { args = {}, ...flags }: {
      readonly noLocal?: boolean
      readonly noAck?: boolean
      readonly exclusive?: boolean
      readonly noWait?: boolean
      readonly args?: Readonly<Record<string, unknown>>
    } = {},
  ): Promise<void> {
    return this.send({
      name: "basic.consume",
      queue,
      consumerTag,
      noLocal: false,
      noAck: false,
      exclusive: false,
      noWait: false,
      ...flags,
      arguments: tableOf(args),
    })
  }

  cancel(consumerTag: string): Promise<void> {
    return this.send({ name: "basic.cancel", consumerTag, noWait: false })
  }

  publish(
    exchange: string,
    routingKey: string,
    body: Uint8Array | string,
    properties: Properties = {},
    flags: { readonly mandatory?: boolean; readonly immediate?: boolean } = {},
  ): Promise<void> {
    return this.sendContent(
      { name: "basic.publish", exchange, routingKey, mandatory: false, immediate: false, ...flags },
      properties,
      body,
    )
  }

  get(queue: string, noAck = false): Promise<void> {
    return this.send({ name: "basic.get", queue, noAck })
  }

  ack(deliveryTag: number, multiple = false): Promise<void> {
    return this.send({ name: "basic.ack", deliveryTag, multiple })
  }

  nack(deliveryTag: number, multiple = false, requeue = true): Promise<void> {
    return this.send({ name: "basic.nack", deliveryTag, multiple, requeue })
  }

  reject(deliveryTag: number, requeue = true): Promise<void> {
    return this.send({ name: "basic.reject", deliveryTag, requeue })
  }

  confirm(): Promise<void> {
    return this.send({ name: "confirm.select", noWait: false })
  }
}

/** How a connection is opened. */
export interface Opening {
  readonly channel?: number | undefined
  readonly capabilities?: ReadonlyArray<string>
  readonly user?: string
  readonly password?: string
  readonly mechanism?: string
  readonly response?: Uint8Array
  readonly tune?: { readonly channelMax?: number; readonly frameMax?: number; readonly heartbeat?: number }
  readonly vhost?: string
  /** Writes down what is said meanwhile, too. */
  readonly isHeard?: boolean
}

/** What most clients can. */
export const capabilities = [
  "consumer_cancel_notify",
  "connection.blocked",
  "authentication_failure_close",
  "basic.nack",
  "publisher_confirms",
]

/** Where one play is acted, and what was heard. */
export class Stage {
  readonly lines: Array<string> = []
  readonly #place: Place
  readonly #play: string
  readonly #actors: Array<Actor> = []

  constructor(place: Place, play: string) {
    this.#place = place
    this.#play = play
  }

  /** A name that no other play uses. */
  name(name: string): string {
    return `${this.#play}/${name}`
  }

  /** A bare connection. */
  async connect(): Promise<Actor> {
    const actor = new Actor("ABCDEFGH"[this.#actors.length]!, this, await this.#place.connect())
    this.#actors.push(actor)
    return actor
  }

  /** A connection that was opened, with one channel unless it is told otherwise. */
  async open(opening: Opening = {}): Promise<Actor> {
    const { user = "guest", password = "guest", mechanism = "PLAIN", tune = {}, vhost = "/", channel = 1 } = opening
    const actor = await this.connect()
    actor.isHeard = opening.isHeard ?? false
    await actor.bytes(protocolHeader as Uint8Array)
    await actor.send({
      name: "connection.start-ok",
      clientProperties: tableOf({
        capabilities: {
          type: "table",
          value: tableOf(Object.fromEntries((opening.capabilities ?? capabilities).map((one) => [one, true]))),
        },
      }),
      mechanism,
      response: opening.response ?? encoder.encode(`\0${user}\0${password}`),
      locale: "en_US",
    }, 0)
    await actor.send({ name: "connection.tune-ok", channelMax: 2047, frameMax: 131_072, heartbeat: 0, ...tune }, 0)
    await actor.send({ name: "connection.open", virtualHost: vhost }, 0)
    if (channel > 0) await actor.open(channel)
    actor.isHeard = true
    return actor
  }

  /** Writes a line of the play's own. */
  say(line: string): void {
    this.lines.push(`- ${line}`)
  }

  /** Waits until nothing more comes, and writes it down. */
  async settle(): Promise<void> {
    await this.#place.settle()
    for (const actor of this.#actors) actor.listen()
  }

  /** Lets time pass, ms. */
  async wait(ms: number): Promise<void> {
    await this.#place.wait(ms)
    await this.settle()
  }
}

/** Acts a play; what was heard. */
export const act = async ({ name, run }: Play, place: Place): Promise<ReadonlyArray<string>> => {
  const stage = new Stage(place, name)
  await run(stage)
  await stage.settle()
  return stage.lines
}
