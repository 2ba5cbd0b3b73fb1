/**
 * Messages of other programs in a listener's queue, on RabbitMQ: handled by what they say or dead-lettered with the reason;
 * never redelivered for ever, and the worker goes on.
 *
 * What a port can carry is tried on every transport in `src/testing/runtimeSuiteForeign.ts`; here is what only AMQP can say.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { gzipSync } from "node:zlib"
import { QueueName } from "../../src/wire/mod.ts"
import { nested, type Oddity } from "../support/foreign.ts"
import { circle, everyType, huge } from "../support/oddities.ts"
import { skip } from "../support/rabbit.ts"
import { bad, oddWorld } from "./oddWorld.ts"

const { app, noted, followed, entries, until, toListener, toServer, dead, goesOn } = oddWorld()

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
