/**
 * The messages that docs/protocol.md shows, made by the code that sends them, in the form in which the page shows them.
 *
 * A message is told as AMQP has it: exchange, routing key, properties, headers, and the JSON of its body.
 */
import { Result, Schema } from "effect"
import { fromPacket } from "../../adapters/amqp/properties.ts"
import { api, call, event, jsonSchema } from "../../src/mod.ts"
import { tickType } from "../../src/runtime/Schedules.ts"
import { writeServerTrail } from "../../src/runtime/Trail.ts"
import type { Packet, Route } from "../../src/transport/mod.ts"
import {
  type Announcement,
  callPacket,
  cancelPacket,
  deadCopy,
  deriveId,
  encodeHops,
  encodeNotice,
  encodeTold,
  eventPacket,
  formatFollow,
  formatLaneAddress,
  formatReplyAddress,
  Header,
  type HopNotice,
  hopPacket,
  makeTokens,
  noticePacket,
  parseTraceparent,
  QueueName,
  replyPacket,
  retryCopy,
  revivedCopy,
  routeTo,
  toBytes,
} from "../../src/wire/mod.ts"

/** No such part. */
class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }) {}

/** The api that the page tells of. */
export const Sales = api("sales", {
  orderPlaced: event({
    orderId: Schema.String,
    customer: Schema.String,
    sku: Schema.String.annotate({ examples: ["P-100"] }),
    quantity: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })),
  }),
  quote: call({ sku: Schema.String, quantity: Schema.Int }, {
    returns: { sku: Schema.String, quantity: Schema.Int, total: Schema.Int },
    fails: UnknownPart,
  }),
})

const now = 1_790_000_000_123
const instance = "01a0c4f1-5c00-7000-8000-0123456789ab"
const trace = {
  ...parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")!,
  state: "vendor=t61rcWkgMzE",
}

/** Who follows what the page shows. */
const key = "01a0c4f1-5c70-7777-8000-0123456789ab"
const follow = formatFollow({ instance, key })

const bytes = (value: unknown): Uint8Array => Result.getOrThrow(toBytes(value))

const origin = (type: "orderPlaced" | "quote", id: string, cause?: string) => ({
  id,
  type: `sales.${type}`,
  app: "sales",
  now,
  trace,
  version: "1",
  schema: jsonSchema(Sales).members[type]!.fingerprint,
  cause,
  follow: cause === undefined ? undefined : follow,
})

const placed = eventPacket(
  origin("orderPlaced", "01a0c4f1-5c7b-7123-8abc-0123456789ab", "01a0c4f1-5c70-7456-9def-0123456789ab"),
  bytes({ orderId: "o1", customer: "c1", sku: "P-100", quantity: 2 }),
)
/** ms on the clock that nobody sets. */
const uptime = 86_400_123

const quote = callPacket(
  origin("quote", "01a0c4f1-5c7b-7abc-b123-0123456789ab", "01a0c4f1-5c70-7456-9def-0123456789ab"),
  bytes({ sku: "P-100", quantity: 2 }),
  QueueName.replies(instance),
  now + 5_000,
  false,
  uptime,
)
/** The same call where the reply may come past the broker; sent once more, and followed on its way. */
const straight = {
  ...quote,
  headers: {
    ...quote.headers,
    [Header.attempt]: 2,
    [Header.hops]: "1",
    [Header.reply]: formatReplyAddress(
      formatLaneAddress({ endpoint: "zmq+tcp://10.0.0.5:40123", instance }),
      makeTokens((bytes) => bytes.fill(0xab))(),
    ),
  },
}
const trail = writeServerTrail({
  handler: "sales.quote",
  instance,
  host: "sales-1",
  pid: 4711,
  hops: [{ at: 0, what: "arrived", detail: "through the broker" }, { at: 0.2, what: "started" }, {
    at: 1.5,
    what: "handled",
  }],
  calls: [],
})

const announcement: Announcement = {
  instance,
  apps: [{
    app: "sales",
    handlers: [{
      name: "quote",
      kind: "call",
      subject: "sales.quote",
      queue: QueueName.call("sales.quote"),
      schema: jsonSchema(Sales).members["quote"]!.fingerprint,
      version: "1",
      idempotent: false,
    }],
  }],
  emits: ["sales.orderPlaced"],
  calls: [],
  host: "sales-1",
  pid: 4711,
  runtime: "python 3.11",
  version: "2.0",
  startedAt: now - 60_000,
  state: "running",
  every: 5_000,
  inHand: 1,
  handled: 12,
  failed: 1,
  lastHandled: now - 1_000,
  lastError: "sales.quote: no such part",
  direct: formatLaneAddress({ endpoint: "zmq+tcp://10.0.0.7:40200", instance }),
}

/** What one that handles nothing says of itself. */
const caller: Announcement = {
  instance: "01a0c4f1-5c02-7000-8000-0123456789ab",
  apps: [],
  emits: [],
  calls: ["sales.quote"],
  host: "web-1",
  pid: 4713,
  runtime: "node 24.21.0",
  version: "",
  startedAt: now - 30_000,
  state: "running",
  every: 15_000,
  inHand: 0,
  handled: 0,
  failed: 0,
}

/** What the listener tells of the event. */
const hops: HopNotice = {
  key,
  instance: "01a0c4f1-5c01-7000-8000-0123456789ab",
  host: "warranty-1",
  pid: 4712,
  sent: 7_200_003.5,
  missed: 0,
  hops: [
    {
      at: 7_200_001,
      fact: "delivered",
      id: placed.id,
      type: placed.type,
      app: "warranty",
      handler: "warranty.register",
      queue: QueueName.listener("warranty", "register"),
    },
    {
      at: 7_200_003,
      fact: "handled",
      id: placed.id,
      type: placed.type,
      app: "warranty",
      handler: "warranty.register",
      ms: 2,
    },
  ],
}

const due = 1_790_000_000_000
const digits = due.toString(16).padStart(12, "0")
const tick = tickType("warranty", "expire")

const replied = (reply: Parameters<typeof replyPacket>[3]) => replyPacket(quote, "sales", now + 20, reply)
const notice = (kind: "announce" | "ask" | "ping", expiration: number) =>
  noticePacket(
    "01a0c4f1-5c7b-7def-9456-0123456789ab",
    "sales",
    now,
    expiration,
    encodeNotice(kind === "announce" ? { kind, announcement } : { kind, instance })!,
    kind === "announce" ? uptime : undefined,
  )
const replyRoute = routeTo.queue(quote.replyTo!)
const listener = QueueName.listener("warranty", "register")
const dead = deadCopy(retryCopy(placed, 5, trace), {
  reason: "failed",
  error: "Error: the database is down",
  stack: "at register (workers/warranty.ts:17:9)",
  handler: "warranty.register",
  attempt: 5,
  now: now + 156_000,
  by: "4712@warranty-1",
})
const misfit = { field: "quantity", value: '"two"', expected: "an integer" }

/** Every message that the page shows or describes, by the name of its kind. */
export const packets: Readonly<Record<string, readonly [Route, Packet]>> = {
  event: [routeTo.event("sales.orderPlaced"), placed],
  retry: [routeTo.retry(1_000, listener), retryCopy(placed, 2, trace)],
  dead: [routeTo.queue(QueueName.dead("warranty")), dead],
  "event-edited": [
    routeTo.queue(listener),
    revivedCopy(dead, {
      body: bytes({ orderId: "o1", customer: "c1", sku: "P-100", quantity: 3 }),
      schema: jsonSchema(Sales).members["orderPlaced"]!.fingerprint,
      now: now + 600_000,
    }),
  ],
  call: [routeTo.call("sales.quote"), quote],
  "call-straight": [routeTo.call("sales.quote"), straight],
  reply: [replyRoute, replied({ _tag: "Value", body: bytes({ sku: "P-100", quantity: 2, total: 2500 }) })],
  "reply-declared": [replyRoute, replied({ _tag: "Declared", body: bytes({ _tag: "UnknownPart", sku: "P-100" }) })],
  "reply-failed": [
    replyRoute,
    replied({ _tag: "Failure", tag: "InvalidPayload", body: bytes({ ...misfit, misfits: [misfit] }) }),
  ],
  "reply-followed": [
    replyRoute,
    replyPacket(straight, "sales", now + 20, {
      _tag: "Value",
      body: bytes({ sku: "P-100", quantity: 2, total: 2500 }),
    }, trail),
  ],
  cancel: [routeTo.cancel("sales.quote"), cancelPacket(quote.id, "sales.quote", "sales", now + 100, now + 5_000)],
  announce: [routeTo.presence("announce"), notice("announce", 3 * announcement.every)],
  ask: [routeTo.presence("ask"), notice("ask", 5_000)],
  told: [
    routeTo.queue(QueueName.control("01a0c4f1-5c01-7000-8000-0123456789ab")),
    noticePacket(
      "01a0c4f1-5c7b-7def-9456-0123456789ab",
      "sales",
      now,
      15_000,
      encodeTold(instance, true, [{ announcement: caller, ago: 812, sent: 7_200_000, at: now - 810 }])[0]!,
      uptime,
    ),
  ],
  ping: [routeTo.queue(QueueName.control(instance)), notice("ping", 900)],
  hop: [
    routeTo.queue(QueueName.control(instance)),
    hopPacket("01a0c4f1-5c7b-7def-9456-0123456789ab", "warranty", now + 3, encodeHops(hops)!),
  ],
  tick: [
    routeTo.queue(QueueName.schedule("warranty", "expire")),
    eventPacket({
      id: deriveId(`${digits.slice(0, 8)}-${digits.slice(8)}`, tick, 0),
      type: tick,
      app: "warranty",
      now: due + 7,
      trace: { traceId: trace.traceId, spanId: trace.spanId, sampled: true },
      version: "1",
      schema: "",
      cause: undefined,
    }, bytes({ due, missed: 1 })),
  ],
}

const decoder = new TextDecoder()

/** A property's name in AMQP: `message_id`. */
export const amqpName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A message as the page shows it. */
export const told = ([{ exchange, key }, packet]: readonly [Route, Packet]): unknown => {
  const { headers, ...properties } = fromPacket(packet)
  const set = Object.entries(properties).filter(([, value]) => value !== undefined)
  return {
    exchange,
    routing_key: key,
    properties: Object.fromEntries(set.map(([name, value]) => [amqpName(name), value])),
    headers,
    ...(packet.body.length > 0 && { body: JSON.parse(decoder.decode(packet.body)) as unknown }),
  }
}
