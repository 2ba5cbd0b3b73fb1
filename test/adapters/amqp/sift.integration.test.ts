/**
 * Many messages of a real broker's queue: read without disturbing, and chosen ones taken out without losing any.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { Effect } from "effect"
import type { Browsed, BrowseLimits, Copy, Peeked, Steward } from "../../../src/transport/mod.ts"
import { parse } from "../../../adapters/amqp/Address.ts"
import { connect } from "../../../adapters/amqp/Connection.ts"
import { sift } from "../../../adapters/amqp/sift.ts"
import { rabbit, skip } from "../../support/rabbit.ts"
import { makeQueues } from "./queues.ts"

const url = rabbit()
const { steward, reasonOf, foreign, filled, idsIn } = makeQueues(url)

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `m${from + i}`)

/** The ids that a browse reads, and what it says. */
const read = async (queue: string, limits: BrowseLimits) => {
  const ids: Array<string> = []
  const browsed = await steward((one) => one.browse(queue, limits, ({ packet }) => ids.push(packet.id)))
  return { ids, browsed }
}

const whole: BrowseLimits = { messages: 1_000_000, bytes: 1e9 }

describe("browse()", () => {
  const kinds: Readonly<Record<string, Readonly<Record<string, number | boolean>>>> = {
    "a queue": {},
    "a queue with a delivery limit": { "x-delivery-limit": 1_000_000_000 },
    "a queue of one consumer at a time": { "x-single-active-consumer": true },
  }
  for (const [kind, more] of Object.entries(kinds)) {
    test(
      `of ${kind} reads all of it in order, and leaves it there in order`,
      { skip },
      () =>
        filled(8_000, async (queue) => {
          for (let i = 0; i < 2; i++) {
            const { ids, browsed } = await read(queue, whole)
            assert.deepEqual(browsed, { ready: 8_000, read: 8_000, others: 0 })
            assert.deepEqual(ids, names(0, 8_000))
          }
        }, more),
    )
  }

  test("reads no more than it may", { skip }, () =>
    filled(50, async (queue) => {
      // their bodies are "0", "1", …: one byte each
      assert.deepEqual(await read(queue, { messages: 50, bytes: 5 }), {
        ids: names(0, 5),
        browsed: { ready: 50, read: 5, others: 0 },
      })
      assert.deepEqual((await read(queue, { messages: 7, bytes: 1e9 })).ids, names(0, 7))
      assert.equal((await steward((one) => one.look(queue)))?.ready, 50)
      await foreign((channel) => channel.purgeQueue(queue))
      assert.deepEqual(await read(queue, whole), { ids: [], browsed: { ready: 0, read: 0, others: 0 } })
      assert.match(await reasonOf((one) => one.browse(`${queue}-not`, whole, () => {})), /^NotFound: Cannot browse/)
    }))

  const large = "Bun" in globalThis ? skip : "tested on Bun; it takes some seconds"
  test(
    "reads more than one consumer can have in hand",
    { skip: large, timeout: 120_000 },
    () =>
      filled(66_000, async (queue) => {
        const { ids, browsed } = await read(queue, whole)
        assert.deepEqual(browsed, { ready: 66_000, read: 66_000, others: 0 })
        assert.equal(new Set(ids).size, 66_000)
        assert.equal((await steward((one) => one.look(queue)))?.ready, 66_000)
      }, { "x-delivery-limit": 1_000_000_000 }),
  )

  test("waits for another one to end, and sees what that one saw", { skip }, () =>
    filled(3_000, async (queue) => {
      let second: Promise<Browsed> | undefined
      // it has them all in hand when the second one begins
      const begin = () => void (second ??= steward((one) => one.browse(queue, whole, () => {})))
      const first = await steward((one) => one.browse(queue, whole, begin))
      assert.deepEqual([first.read, (await second)?.read], [3_000, 3_000])
    }))

  test("says who else has messages in hand", { skip }, () =>
    filled(5, (queue) =>
      foreign(async (channel) => {
        await channel.prefetch(2)
        await channel.consume(queue, () => {})
        const browsed = await steward((one) => one.browse(queue, whole, () => {}))
        assert.deepEqual(browsed, { ready: 3, read: 3, others: 1 })
      })))
})

describe("sift()", () => {
  const copy = (to: string): Copy => ({ to, set: { seen: 1 }, unset: ["gone"] })

  test(
    "takes as many passes as it needs, and each message once",
    { skip },
    () =>
      filled(700, (from) =>
        filled(0, async (to) => {
          const done: Array<string> = []
          const even = ({ packet }: Peeked) => Number(packet.id.slice(1)) % 2 === 0
          const sifting = {
            most: 700,
            decide: (message: Peeked) => even(message) ? copy(to) : "keep" as const,
            done: ({ packet }: Peeked) => void done.push(packet.id),
          }
          const [address] = parse(url(), {})!
          const connecting = connect(address!, { name: "sifts", instance: undefined, apps: [], role: "looks" }, {
            onBlocked: () => {},
            onUnblocked: () => {},
          })
          await Effect.runPromise(
            Effect.scoped(
              Effect.flatMap(
                connecting,
                (connection) => sift(connection, from, sifting, { messages: 60, bytes: 1e6, seconds: 60 }),
              ),
            ),
          )
          const expected = names(0, 700).filter((_, i) => i % 2 === 0)
          assert.deepEqual(done.toSorted(), expected.toSorted())
          assert.deepEqual((await idsIn(to, 800)).toSorted(), expected.toSorted())
          assert.equal((await idsIn(from, 800)).length, 350)
        })),
  )

  test(
    "takes chosen ones out: drops some, copies some, and keeps the others in order",
    { skip, timeout: 60_000 },
    () =>
      filled(1_500, (from) =>
        filled(0, async (to) => {
          const done: Array<string> = []
          await steward((one) =>
            one.sift(from, {
              most: 1_500,
              decide: ({ packet }) => {
                const number = Number(packet.id.slice(1))
                return number % 3 === 0 ? copy(to) : number % 3 === 1 ? "drop" : "keep"
              },
              done: ({ packet }) => done.push(packet.id),
            })
          )
          assert.equal(new Set(done).size, 1_000)
          assert.equal(done.length, 1_000)
          const numbers = Array.from({ length: 500 }, (_, i) => i * 3)
          assert.deepEqual(await idsIn(to, 1_000), numbers.map((i) => `m${i}`))
          assert.deepEqual((await idsIn(from, 1_000)).toSorted(), numbers.map((i) => `m${i + 2}`).toSorted())
        })),
  )

  test(
    "looks at no more than it is told, so that what came later stays",
    { skip },
    () =>
      filled(10, async (from) => {
        const seen: Array<string> = []
        const decide = ({ packet }: Peeked) => {
          seen.push(packet.id)
          return "drop" as const
        }
        await steward((one) => one.sift(from, { most: 4, decide, done: () => {} }))
        assert.deepEqual(seen, ["m0", "m1", "m2", "m3"])
        assert.equal((await steward((one) => one.look(from)))?.ready, 6)
      }),
  )

  test(
    "changes what it is told of a copy, and nothing else",
    { skip },
    () =>
      filled(0, (from) =>
        filled(0, async (to) => {
          await foreign((channel) =>
            Promise.resolve(channel.sendToQueue(from, Buffer.from("before"), {
              messageId: "a",
              type: "shop.sold",
              correlationId: "c",
              priority: 3,
              expiration: "3600000",
              contentType: "text/plain",
              headers: { Gone: 1, "x-death": [{ queue: "q" }], kept: { deep: ["x"] }, ratio: 0.5 },
            }))
          )
          await steward((one) =>
            one.sift(from, { most: 1, decide: () => ({ ...copy(to), body: Buffer.from("after") }), done: () => {} })
          )
          const message = await foreign((channel) => channel.get(to))
          assert.ok(message !== false)
          const { messageId, type, correlationId, priority, expiration, contentType, deliveryMode, headers } =
            message.properties
          assert.equal(message.content.toString(), "after")
          assert.deepEqual(
            { messageId, type, correlationId, priority, expiration, contentType, deliveryMode },
            {
              messageId: "a",
              type: "shop.sold",
              correlationId: "c",
              priority: 3,
              expiration: undefined,
              contentType: "text/plain",
              deliveryMode: 2,
            },
          )
          const { "x-delivery-count": _, ...others } = headers ?? {}
          assert.deepEqual(others, { kept: { deep: ["x"] }, ratio: 0.5, seen: 1 })
        })),
  )

  test(
    "to a queue that is not there, or takes nothing, leaves every message",
    { skip },
    () =>
      filled(300, async (from) => {
        const sift = (to: string) => (one: Steward) =>
          one.sift(from, { most: 300, decide: () => copy(to), done: () => assert.fail("nothing is through") })
        assert.match(await reasonOf(sift(`${from}-not`)), /^NotFound: Cannot sift .*-not" does not exist/)
        await foreign((channel) =>
          channel.assertQueue(`${from}-full`, {
            durable: true,
            arguments: { "x-max-length": 0, "x-overflow": "reject-publish" },
          })
        )
        assert.match(await reasonOf(sift(`${from}-full`)), /takes nothing more/)
        await foreign((channel) => channel.deleteQueue(`${from}-full`))
        assert.equal((await idsIn(from, 400)).length, 300)
      }),
  )

  test("keeps its rate", { skip }, () =>
    filled(12, (from) =>
      filled(0, async (to) => {
        const began = performance.now()
        await steward((one) => one.sift(from, { most: 12, decide: () => copy(to), done: () => {}, perSecond: 10 }))
        // never faster; how much slower is the machine's business
        assert.ok(performance.now() - began > 1_000, `${performance.now() - began} ms`)
        assert.equal((await idsIn(to, 20)).length, 12)
      })))

  test("that is interrupted loses nothing", { skip }, () =>
    filled(2_000, (from) =>
      filled(0, async (to) => {
        let through = 0
        await steward((one) =>
          Effect.raceFirst(
            one.sift(from, { most: 2_000, decide: () => copy(to), done: () => through++ }),
            Effect.gen(function* () {
              while (through < 500) yield* Effect.sleep(1)
            }),
          )
        )
        const [left, copied] = [await idsIn(from, 3_000), await idsIn(to, 3_000)]
        assert.ok(copied.length >= through && copied.length < 2_000, `${copied.length} of ${through}`)
        assert.equal(new Set([...left, ...copied]).size, 2_000)
        assert.equal(left.length, 2_000 - through)
      })))
})
