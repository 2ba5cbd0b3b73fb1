/**
 * Messages of other programs in a call's queue, on RabbitMQ: answered, or counted and skipped; never redelivered for ever, and
 * the worker goes on.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { setTimeout as delay } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import { Effect, Exit, Scope } from "effect"
import { Exchange, QueueName } from "../../src/wire/mod.ts"
import { nested, type Oddity } from "../support/foreign.ts"
import { everyType, huge } from "../support/oddities.ts"
import { skip } from "../support/rabbit.ts"
import { oddWorld } from "./oddWorld.ts"

const { app, Odd, entries, replies, serve, until, another, us, them, count, toServer, dead, goesOn } = oddWorld()

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
      const { properties, content } = await them().take(replies)
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
      await them().publish(Exchange.calls, Odd.ask.type, '{"n":1}', odd)
    }
    await until("all are skipped", () => count("skipped") === before + odds.length + 3)
    await goesOn()
  })

  test("does not run what is late by warren-sent, unless its time of day says that it is not", { skip }, async () => {
    const other = `${replies}.other`
    await them().channel.assertQueue(other, { expires: 60_000 })
    /** How late it is, ms, on the clock that nobody sets and on that of the day; absent: it does not say. */
    interface Late {
      readonly clock?: number
      readonly day?: number
      readonly replyTo?: string
    }
    const odds: ReadonlyArray<readonly [what: string, runs: boolean, late: Late]> = [
      ["the first one, which shows what is quick", true, { clock: 0 }],
      ["a late one", false, { clock: 10_000 }],
      ["one that has time left", true, { clock: 500 }],
      ["one that says nothing", true, {}],
      ["one that does not say when on its clock", true, { day: 10_000 }],
      ["a late one from elsewhere, of whom nothing is known", true, { clock: 10_000, replyTo: other }],
      ["the first with a time of day", true, { clock: 0, day: 0 }],
      ["one whose machine has slept", true, { clock: 10_000, day: 0 }],
      ["one whose time was set", true, { clock: 0, day: 10_000 }],
      ["one that is late by both", false, { clock: 10_000, day: 10_000 }],
      ["one that is in time again", true, { clock: 0, day: 0 }],
    ]
    for (const [what, runs, { clock, day, replyTo = replies }] of odds) {
      const skipped = () => count("skipped", /its deadline (had )?passed/)
      const before = skipped()
      const at = day === undefined ? undefined : Date.now() - day
      await toServer('{"n":1}', {
        replyTo,
        ...(at === undefined ? {} : { timestamp: Math.floor(at / 1_000) }),
        headers: {
          "warren-timeout": 2_000,
          "warren-timestamp": at,
          "warren-sent": clock === undefined ? undefined : Math.round(1e8 + performance.now() - clock),
        },
      })
      if (runs) assert.equal((await them().take(replyTo)).content.toString(), "2", what)
      else await until(`${what} is skipped`, () => skipped() === before + 1)
    }
    await goesOn()
  })

  test("counts replies that nobody takes, and is not harmed by them", { skip }, async () => {
    const own = await another()
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
    const own = await another()
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
    const both = [us(), second]
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
