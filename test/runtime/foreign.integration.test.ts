/**
 * Messages of other programs in every queue that Warren has, on RabbitMQ: handled by what they say, dead-lettered with the
 * reason, or counted; never redelivered for ever, and the worker goes on.
 *
 * What a port can carry is tried on every transport in `src/testing/runtimeSuiteForeign.ts`; here is what only AMQP can say.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import { Effect, Exit, Logger, Result, Schema, Scope } from "effect"
import { api, call, event } from "../../src/contract/mod.ts"
import { launch, type Launched } from "../../src/launch/mod.ts"
import { CurrentJournal, type Entry, every, type Fact, handle, on, readModule } from "../../src/runtime/mod.ts"
import { Exchange, QueueName } from "../../src/wire/mod.ts"
import { testBroker } from "../../scripts/rabbitmq.ts"
import { type Foreigner, nested, type Oddity, startForeigner } from "../support/foreign.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined

const app = `f${crypto.randomUUID().slice(0, 8)}`
const Odd = api(app, {
  happened: event({ n: Schema.Int }),
  followed: event({ n: Schema.Int }),
  ask: call({ n: Schema.Int }, { returns: Schema.Int }),
  again: call({ n: Schema.Int }, { returns: Schema.Int, idempotent: true }),
})
const noted: Array<number> = []
const followed: Array<number> = []
const ticked: Array<number> = []
/** Payloads from here on fail their handler. */
const bad = 1_000

const worker = {
  note: on(Odd.happened, async ({ n }, { emit }) => {
    noted.push(n)
    if (n >= bad) throw new Error("it is bad")
    await emit(Odd.followed({ n }))
  }, { retry: { attempts: 2, delays: "1 second" } }),
  follow: on(Odd.followed, ({ n }) => void followed.push(n), { dedupe: true }),
  ask: handle(Odd.ask, ({ n }) => n + 1),
  again: handle(Odd.again, ({ n }) => n + 1),
  tick: every("0 0 1 1 *", ({ due }) => void ticked.push(due)),
}

const entries: Array<Entry> = []
let broker: Awaited<ReturnType<typeof testBroker>>
let them: Foreigner
let us: Launched
let scope: Scope.Closeable
/** Where the foreign program awaits replies. */
const replies = `${app}.replies`

/** One process of ours. */
const serve = (scope: Scope.Scope): Promise<Launched> =>
  launch({
    broker: broker?.url,
    apps: [Result.getOrThrow(readModule(worker, { file: "odd.ts", app }))],
  }).pipe(
    Effect.provideService(CurrentJournal, { record: (entry) => void entries.push(entry) }),
    Effect.provide(Logger.layer([])),
    Scope.provide(scope),
    Effect.runPromise,
  )

beforeAll(async () => {
  broker = await testBroker()
  if (broker === undefined) return
  scope = Effect.runSync(Scope.make())
  us = await serve(scope)
  them = await startForeigner(broker.url)
  await them.channel.assertQueue(replies, { expires: 60_000 })
})
afterAll(async () => {
  if (broker === undefined) return
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await them.close()
  await broker.stop()
})

const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
  for (let waited = 0; !(await holds()); waited += 10) {
    if (waited > ms) throw new Error(`It did not happen that ${what}; the last facts: ${show(entries.slice(-10))}`)
    await delay(10)
  }
}
const show = (facts: ReadonlyArray<Entry>): string =>
  facts.map(({ fact, id, error }) => `${fact} ${id} ${error ?? ""}`).join("\n")

const count = (fact: Fact, error?: RegExp): number =>
  entries.filter((one) => one.fact === fact && (error === undefined || error.test(one.error ?? ""))).length

let last = 0
/** A good event and a good call go through, and nothing is left in the queues. */
const goesOn = async (): Promise<void> => {
  const n = bad - ++last
  await them.publish(Exchange.events, Odd.happened.type, `{"n":${n}}`)
  await until("a good event is handled", () => noted.includes(n) && followed.includes(n))
  assert.equal(await Effect.runPromise(us.bus.call(Odd.ask({ n }))), n + 1)
  assert.equal(us.host.isReady(), true)
  await until("nothing is in hand", () => us.host.stations.every(({ inHand }) => inHand() === 0))
  for (const { queue } of us.host.stations) assert.equal((await them.channel.checkQueue(queue)).messageCount, 0, queue)
}

const toListener = (body: string | Uint8Array, odd?: Oddity) =>
  them.publish(Exchange.events, Odd.happened.type, body, odd)
const toServer = (body: string | Uint8Array, odd: Oddity, type = Odd.ask.type) =>
  them.publish(Exchange.calls, type, body, { replyTo: replies, correlationId: "c", ...odd })

const dead = async () => {
  const { content, properties: { headers = {}, messageId } } = await them.take(QueueName.dead(app))
  return { content, messageId: messageId as unknown, headers: headers as Readonly<Record<string, unknown>> }
}
const huge = (start: string, end: string): Buffer => {
  const body = Buffer.alloc(20 * 1024 * 1024, " ")
  body.write(start)
  body.write(end, body.length - Buffer.byteLength(end))
  return body
}

/** Headers of every AMQP type, and names that are traps; RabbitMQ ends a connection that sends NaN or an infinity. */
const everyType = {
  "text": "t",
  "none": null,
  "yes": true,
  "byte": { "!": "byte", value: -1 },
  "octet": { "!": "uint8", value: 255 },
  "short": { "!": "short", value: -300 },
  "ushort": { "!": "uint16", value: 65_535 },
  "int": { "!": "int", value: -70_000 },
  "uint": { "!": "uint32", value: 4_294_967_295 },
  "long": { "!": "int64", value: 2 ** 60 },
  "float": { "!": "float", value: 1.5 },
  "double": { "!": "double", value: -1e300 },
  "decimal": { "!": "decimal", value: { places: 2, digits: 314 } },
  "time": { "!": "timestamp", value: 2 ** 63 },
  "bytes": Buffer.from([0xff, 0xfe, 0]),
  "list": [1, "two", [true, { deep: null }]],
  "table": { a: { b: { c: [Buffer.from("x")] } } },
  ["__proto__"]: { "warren-attempt": 7, "x-death": [{}] },
  "__PROTO__": { polluted: true },
  "constructor": { prototype: { polluted: true } },
  "toString": "a text",
  "valueOf": { "!": "long", value: 1 },
  "": "no name",
  ["n".repeat(255)]: "a long name",
  ["İ".repeat(127)]: "a name that grows in lower case",
  "CC": ["nobody", app],
}

describe("a listener's queue", () => {
  const good: ReadonlyArray<readonly [what: string, odd: Oddity]> = [
    ["another content type", { contentType: "image/png" }],
    ["another type", { type: "sales.orderPlaced" }],
    ["an encoding it does not have", { contentEncoding: "utf-16" }],
    ["a priority, a user and a cluster", { priority: 255, userId: "guest", type: "x".repeat(255) }],
    ["attempt -5", { headers: { "warren-attempt": -5 } }],
    ["attempt 1e9", { headers: { "warren-attempt": 1e9 } }],
    ["no number of attempts", { headers: { "warren-attempt": "NaN" } }],
    ["a deadline in the past", { headers: { "warren-deadline": 1, "warren-timeout": -1 } }],
    ["the longest texts", { correlationId: "c".repeat(255), replyTo: "r".repeat(255), appId: "a".repeat(255) }],
    ["a time in nanoseconds", { timestamp: 1_700_000_000_000_000_000 }],
    ["every type of header", { headers: everyType }],
    ["a large header", { headers: { large: "x".repeat(60_000) } }],
    ["headers nested for ever", { headers: nested(12_500) }],
    ["a death that is none", { headers: { "x-death": [{ count: { toString: "a", valueOf: "b" } }, "no", null] } }],
    ["deaths in a circle", {
      headers: { "x-death": circle([QueueName.listener(app, "note"), QueueName.retry("1s"), QueueName.dead(app)]) },
    }],
    ["counts of the broker", { headers: { "x-delivery-count": 99, "x-first-death-queue": "q" } }],
  ]

  test("gives its handler what has the right body, whatever its properties", { skip }, async () => {
    for (const [i, [what, odd]] of good.entries()) {
      const before = entries.length
      await toListener(`{"n":${i}}`, odd)
      await until(`${what} is handled`, () => followed.includes(i))
      assert.deepEqual(noted.filter((n) => n === i), [i], what)
      assert.deepEqual(entries.slice(before).filter(({ fact }) => fact === "dead"), [], what)
    }
    assert.deepEqual(({} as { polluted?: boolean }).polluted, undefined)
    await goesOn()
  })

  test("events that follow messages without an id are different ones", { skip }, async () => {
    await Promise.all([100, 101, 102].map((n) => toListener(`{"n":${n}}`)))
    await until("all followed", () => [100, 101, 102].every((n) => followed.includes(n)))
  })

  const broken: ReadonlyArray<readonly [what: string, body: string | Uint8Array, odd: Oddity, error: RegExp]> = [
    ["0 bytes", "", {}, /the payload is null, expected/],
    ["half of it", '{"n":1', { contentType: "application/json" }, /Cannot read the body as JSON: /],
    ["invalid UTF-8", Buffer.from([0x22, 0xc3, 0x28, 0x22]), {}, /it is not valid UTF-8/],
    ["gzip", gzipSync('{"n":1}'), { contentEncoding: "gzip" }, /it is not valid UTF-8/],
    ["a key __proto__", '{"n":1,"__proto__":{}}', { headers: everyType }, /a key named "__proto__"/],
    ["a message id of 255 bytes", "[]", { messageId: "m".repeat(255) }, /the payload is \[\], expected/],
    ["a large header", "{}", { headers: { large: "x".repeat(50_000) } }, /field "n" is undefined/],
    ["deaths in a circle", "{}", { headers: { "x-death": circle([QueueName.dead(app)]) } }, /field "n" is undefined/],
    ["a text that looks like the reason", "{}", { headers: { "warren-dead-reason": "mine" } }, /field "n"/],
  ]

  test("dead-letters what cannot be read at once, with the reason and the body", { skip }, async () => {
    for (const [what, body, odd, error] of broken) {
      await toListener(body, odd)
      const letter = await dead()
      assert.equal(letter.headers["warren-dead-reason"], "undecodable", what)
      assert.match(String(letter.headers["warren-dead-error"]), error, what)
      assert.equal(letter.headers["warren-dead-handler"], `${app}.note`, what)
      assert.deepEqual(letter.content, Buffer.from(body), what)
      assert.equal(letter.messageId ?? "", odd.messageId ?? "", what)
    }
    await goesOn()
  })

  test(
    "dead-letters as it is what is too large to be copied, and handles what is large and good",
    { skip },
    async () => {
      for (const [start, end] of [["{", "x"], ['"', '"']] as const) {
        await toListener(huge(start, end))
        const letter = await dead()
        assert.equal(letter.content.length, 20 * 1024 * 1024)
        assert.deepEqual([letter.headers["x-first-death-reason"], letter.headers["x-first-death-queue"]], [
          "rejected",
          QueueName.listener(app, "note"),
        ])
      }
      assert.ok(entries.filter(({ fact }) => fact === "dead").every(({ error = "" }) => error.length <= 4_200))
      await toListener(huge('{"n":200,', '"pad":""}'))
      await until("it is handled", () => followed.includes(200))
      await goesOn()
    },
  )

  test("retries what fails as often as its policy says, whatever came with it", { skip }, async () => {
    const odds: ReadonlyArray<Oddity> = [
      { headers: { "warren-attempt": -5 } },
      { headers: { "x-death": circle([QueueName.retry("1s"), QueueName.listener(app, "note")]) } },
      { expiration: "60000", timestamp: 2 ** 63 },
      { headers: { ...everyType, ["İ".repeat(127)]: undefined }, contentEncoding: "gzip" },
    ]
    for (const [i, odd] of odds.entries()) await toListener(`{"n":${bad + i}}`, odd)
    await toListener(`{"n":${bad + 100}}`, { headers: { "warren-attempt": 1e9 } })
    const letters = new Map<string, unknown>()
    for (let i = 0; i <= odds.length; i++) {
      const { content, headers } = await dead()
      assert.equal(headers["warren-dead-error"], "Error: it is bad")
      letters.set(content.toString(), headers["warren-attempt"])
    }
    assert.equal(letters.get(`{"n":${bad + 100}}`), 1e9)
    for (const i of odds.keys()) {
      assert.deepEqual([letters.get(`{"n":${bad + i}}`), noted.filter((n) => n === bad + i).length], [2, 2], `${i}`)
    }
    await goesOn()
  })

  test("what the broker itself refuses never comes", { skip }, async () => {
    await assert.rejects(toListener('{"n":1}', { expiration: "abc" }), /PRECONDITION_FAILED/)
    await assert.rejects(toListener('{"n":1}', { userId: "somebody" }), /PRECONDITION_FAILED/)
    await assert.rejects(toServer('{"n":1}', { replyTo: "amq.rabbitmq.reply-to" }), /PRECONDITION_FAILED/)
    await goesOn()
  })
})

describe("a call's queue", () => {
  test("answers what can be answered", { skip }, async () => {
    const odds: ReadonlyArray<readonly [what: string, body: string | Uint8Array, odd: Oddity, error?: string]> = [
      ["no more than it needs", '{"n":1}', {}],
      ["an id of 255 bytes", '{"n":1}', { messageId: "m".repeat(255), correlationId: "ü".repeat(127) }],
      ["every type of header", '{"n":1}', { headers: everyType }],
      ["headers nested for ever", '{"n":1}', { headers: nested(12_500) }],
      ["a death that is none", '{"n":1}', { headers: { "x-death": [{ count: { toString: "a", valueOf: "b" } }] } }],
      ["another type and content type", '{"n":1}', { type: "sales.quote", contentType: "text/html" }],
      ["a deadline in the past", '{"n":1}', { headers: { "warren-deadline": 1 } }],
      ["the year 9999", '{"n":1}', { headers: { "warren-deadline": Date.UTC(9999, 0), "warren-timeout": 1e15 } }],
      ["NaN in words", '{"n":1}', { headers: { "warren-deadline": "NaN", "warren-timeout": "-1" } }],
      ["negative", '{"n":1}', { headers: { "warren-deadline": { "!": "double", value: -1e300 } } }],
      ["attempt -5", '{"n":1}', { headers: { "warren-attempt": -5 }, priority: 9 }],
      ["20 MiB", huge('{"n":1,', '"x":0}'), {}],
      ["0 bytes", "", {}, "InvalidPayload"],
      ["half of it", '{"n":', {}, "InvalidPayload"],
      ["gzip", gzipSync('{"n":1}'), { contentEncoding: "gzip" }, "InvalidPayload"],
      ["20 MiB of nothing", huge("{", "x"), {}, "InvalidPayload"],
      ["20 MiB of text", huge('{"n":"', '"}'), {}, "InvalidPayload"],
    ]
    for (const [what, body, odd, error] of odds) {
      await toServer(body, odd)
      const { properties, content } = await them.take(replies)
      assert.equal(properties.correlationId, odd.correlationId ?? "c", what)
      assert.equal((properties.headers as Record<string, unknown>)["warren-error"], error, what)
      if (error === undefined) assert.equal(content.toString(), "2", what)
      else assert.ok(content.length < 20_000, `${what}: ${content.length} bytes`)
    }
    await goesOn()
  })

  test("counts what it skips: no way back, or no time left", { skip }, async () => {
    const before = count("skipped")
    const odds: ReadonlyArray<Oddity> = [
      { replyTo: "" },
      { headers: { "warren-timeout": -5 } },
      { headers: { "warren-deadline": Date.UTC(9999, 0), "warren-timeout": -5 } },
    ]
    for (const odd of odds) await toServer('{"n":1}', odd)
    for (const odd of [{}, { replyTo: replies }, { correlationId: "c" }]) {
      await them.publish(Exchange.calls, Odd.ask.type, '{"n":1}', odd)
    }
    await until("all are skipped", () => count("skipped") === before + odds.length + 3)
    await goesOn()
  })

  test("counts replies that nobody takes, and is not harmed by them", { skip }, async () => {
    const own = await startForeigner(broker?.url ?? "")
    const { queue: full } = await own.channel.assertQueue("", {
      exclusive: true,
      arguments: { "x-max-length": 0, "x-overflow": "reject-publish" },
    })
    const { queue: exclusive } = await own.channel.assertQueue("", { exclusive: true })
    const before = count("stray-reply")
    // of a queue that belongs to another one's connection everybody may say the name
    await toServer('{"n":1}', { replyTo: exclusive })
    assert.equal((await own.take(exclusive)).content.toString(), "2")
    for (const replyTo of ["no such queue", "r".repeat(255), full]) await toServer('{"n":1}', { replyTo })
    await until("three are counted", () => count("stray-reply") === before + 3)
    assert.equal(count("stray-reply", /full/), 1)
    // to Warren's own queues: a call is no reply, and a reply is no event
    const skipped = count("skipped")
    await toServer('{"n":1}', { replyTo: QueueName.call(Odd.ask.type) })
    await until("it is skipped", () => count("skipped") === skipped + 1)
    await toServer('{"n":1}', { replyTo: QueueName.listener(app, "note") })
    assert.match(String((await dead()).headers["warren-dead-error"]), /the payload is 2, expected/)
    await own.close()
    await goesOn()
  })

  test("takes RabbitMQ's direct reply-to, and one that crashes the broker's channel only once", { skip }, async () => {
    const stray = count("stray-reply")
    const own = await startForeigner(broker?.url ?? "")
    const direct: Array<string> = []
    const noAck = { noAck: true }
    await own.channel.consume("amq.rabbitmq.reply-to", (one) => direct.push(one?.content.toString() ?? ""), noAck)
    own.channel.publish(Exchange.calls, Odd.ask.type, Buffer.from('{"n":1}'), {
      replyTo: "amq.rabbitmq.reply-to",
      correlationId: "d",
    })
    await until("the reply comes directly", () => direct.length === 1)
    assert.deepEqual([direct, count("stray-reply")], [["2"], stray])
    await own.close()
    // with another server the queue, and the call in it, outlive a lost connection
    const other = Effect.runSync(Scope.make())
    const second = await serve(other)
    const both = [us, second]
    const areReady = () => until("both are ready", () => both.every(({ host }) => host.isReady()))
    for (const type of [Odd.ask.type, Odd.again.type]) {
      for (const end of ["", "zzz", "g1h2AA5yZXBseUA.abc==", "ü"]) {
        const [before, id] = [entries.length, `${type} ${end}`]
        await toServer('{"n":1}', { replyTo: `amq.rabbitmq.reply-to.${end}`, correlationId: "c", messageId: id }, type)
        const its = () => entries.slice(before).filter((one) => one.id === id).map(({ fact }) => fact)
        await until(`"${end}" has run`, () => its().includes("handled"))
        await delay(200)
        await areReady()
        const facts = its()
        assert.ok(facts.filter((fact) => fact === "started").length === 1, facts.join())
        if (facts.includes("stray-reply")) await until(`"${end}" came again`, () => its().includes("skipped"))
      }
    }
    assert.ok(count("skipped", /its reply_to is direct/) > 0)
    await Effect.runPromise(Scope.close(other, Exit.void))
    await goesOn()
  })
})

describe("a process's own queues", () => {
  test("count replies for nobody, and drop notices and cancellations that make no sense", { skip }, async () => {
    const before = count("stray-reply")
    const { instance } = us.core
    const bodies = ["", "{", '{"v":1,"kind":"ask"}', Buffer.from([0xff]), huge('{"v":1,"kind":"announce",', "}")]
    for (const body of bodies) {
      await them.publish("", QueueName.replies(instance), body, { correlationId: "nobody", headers: everyType })
      const odd = { type: "warren.presence", headers: nested(12_500) }
      await them.publish(Exchange.control, "presence.announce", body, odd)
      await them.publish("", QueueName.control(instance), body, odd)
      await them.publish(Exchange.control, "cancel.x", body, {
        correlationId: "c".repeat(255),
        headers: { ...everyType, "warren-deadline": { "!": "double", value: -1e300 } },
      })
      await them.publish(Exchange.control, "cancel.x", body, { headers: { "warren-deadline": 1e300 } })
    }
    await until("all are counted", () => count("stray-reply") === before + bodies.length)
    await goesOn()
  })

  test("a schedule's queues drop what is no token and dead-letter what is no tick", { skip }, async () => {
    const token = QueueName.token(app, "tick")
    const bodies = ["", "[]", '{"last":"noon"}', '{"last":1e300}', '{"since":-1}', Buffer.from([0xff]), "5", "null"]
    for (const body of bodies) await them.publish("", token, body, { headers: everyType })
    await until("they are gone", async () => (await them.channel.checkQueue(token)).messageCount === 0)
    for (const body of ["", "{}", '{"due":"noon"}', '{"due":1e999}', '{"due":1,"missed":"x"}', Buffer.from([0xff])]) {
      await them.publish("", QueueName.schedule(app, "tick"), body, { headers: everyType })
      const { headers } = await dead()
      assert.deepEqual([headers["warren-dead-reason"], headers["warren-dead-handler"]], ["undecodable", `${app}.tick`])
    }
    await them.publish("", QueueName.schedule(app, "tick"), '{"due":17}', { headers: nested(12_500) })
    await until("a tick is handled", () => ticked.includes(17))
    await goesOn()
  })

  test("keep nothing: all are empty once the process has gone", { skip }, async () => {
    await them.publish("", QueueName.dead(app), "their own", { headers: everyType })
    assert.equal((await dead()).content.toString(), "their own")
    await Effect.runPromise(Scope.close(scope, Exit.void))
    for (const { kind, queue } of us.host.stations) {
      if (kind !== "call") assert.equal((await them.channel.checkQueue(queue)).messageCount, 0, queue)
    }
    assert.equal((await them.channel.checkQueue(QueueName.dead(app))).messageCount, 0)
    assert.equal((await them.channel.checkQueue(QueueName.token(app, "tick"))).messageCount, 1)
  })
})

/** The broker's record of a message that has been through these queues. */
function circle(queues: ReadonlyArray<string>): ReadonlyArray<object> {
  return queues.map((queue) => ({
    queue,
    count: { "!": "long", value: 3 },
    reason: "expired",
    exchange: "",
    "routing-keys": [queue],
    time: { "!": "timestamp", value: 1 },
  }))
}
