/**
 * The steward of a broker in this process over many messages: it reads them as they are, and takes chosen ones out.
 */
import assert from "node:assert/strict"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { describe, test } from "#test"
import { Engine, makeSteward, packets } from "../../src/broker/mod.ts"
import type { Copy, Packet, Peeked, Sifting, Steward } from "../../src/transport/mod.ts"

const packet = (id: string): Packet => ({
  id,
  type: "shop.sold",
  app: "shop",
  timestamp: 1,
  contentType: "application/json",
  persistent: false,
  expiration: 60_000,
  headers: { gone: 1, kept: "x", "x-death": "[]", "x-first-death-queue": "q" },
  body: new TextEncoder().encode(id),
})

/** A steward, its engine, and a queue `from` that holds so many messages. */
const filled = (count: number) => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  for (const name of ["from", "to"]) engine.declareQueue({ name, type: "quorum" })
  engine.declareQueue({ name: "full", type: "classic", maxLength: 0 })
  for (let i = 0; i < count; i++) engine.publish("", "from", packet(`m${i}`))
  const steward = makeSteward({ engine, clients: () => [] })
  const ids = (queue: string) => {
    const found = engine.peek(queue, 10_000)
    return "_tag" in found ? [] : found.map((one) => one.packet.id)
  }
  return { engine, steward, ids }
}

const copy: Copy = { to: "to", set: { seen: 1 }, unset: ["gone"] }

/** Sifts; gives the ids of those that are through, or why it failed. */
const sift = async (steward: Steward, sifting: Omit<Sifting, "done">) => {
  const done: Array<string> = []
  const told = ({ packet }: Peeked) => void done.push(packet.id)
  const result = await Effect.runPromise(Effect.result(steward.sift("from", { ...sifting, done: told })))
  return { done, failure: Result.isFailure(result) ? result.failure.message : undefined }
}

const third = ({ packet }: Peeked) => {
  const number = Number(packet.id.slice(1))
  return number % 3 === 0 ? copy : number % 3 === 1 ? "drop" as const : "keep" as const
}

describe("browse() in this process", () => {
  test("reads within its limits, and changes nothing", async () => {
    const { steward, engine } = filled(5)
    const read = async (messages: number, bytes: number) => {
      const seen: Array<string> = []
      const browsed = await Effect.runPromise(
        steward.browse("from", { messages, bytes }, ({ packet }) => void seen.push(packet.id)),
      )
      return [seen.join(" "), browsed]
    }
    assert.deepEqual(await read(10, 1e6), ["m0 m1 m2 m3 m4", { ready: 5, read: 5, others: 0 }])
    assert.deepEqual(await read(2, 1e6), ["m0 m1", { ready: 5, read: 2, others: 0 }])
    assert.deepEqual(await read(10, 5), ["m0 m1 m2", { ready: 5, read: 3, others: 0 }])
    const found = engine.peek("from", 5)
    assert.ok(
      !("_tag" in found) && found.every(({ deliveryCount, redelivered }) => deliveryCount === 0 && !redelivered),
    )
  })
})

describe("sift() in this process", () => {
  test("drops some, copies some, and keeps the others in order", async () => {
    const { steward, engine, ids } = filled(9)
    const { done, failure } = await sift(steward, { most: 100, decide: third })
    assert.equal(failure, undefined)
    assert.deepEqual(done, ["m0", "m1", "m3", "m4", "m6", "m7"])
    assert.deepEqual(ids("to"), ["m0", "m3", "m6"])
    assert.deepEqual(ids("from"), ["m2", "m5", "m8"])
    assert.equal(engine.queue("from")?.counters.acked, 6)
  })

  test("takes out what came back, too", async () => {
    const { steward, engine, ids } = filled(4)
    const owner = {}
    engine.consume("from", { owner, prefetch: 2, deliver: () => {} })
    engine.loseOwner(owner)
    await sift(steward, {
      most: 100,
      decide: ({ packet }) => packet.id === "m2" || packet.id === "m1" ? "drop" : "keep",
    })
    assert.deepEqual(ids("from"), ["m0", "m3"])
  })

  test("looks at no more than it is told", async () => {
    const { steward, ids } = filled(5)
    await sift(steward, { most: 2, decide: () => "drop" })
    assert.deepEqual(ids("from"), ["m2", "m3", "m4"])
  })

  test("changes what it is told of a copy, and nothing else", async () => {
    const { steward, engine } = filled(1)
    const body = new TextEncoder().encode("after")
    await sift(steward, { most: 1, decide: () => ({ ...copy, body }) })
    const found = engine.peek("to", 1)
    assert.ok(!("_tag" in found))
    const { expiration: _, ...rest } = packet("m0")
    assert.deepEqual(found[0]?.packet, { ...rest, persistent: true, headers: { kept: "x", seen: 1 }, body })
  })

  test("to a queue that is not there, or takes nothing, leaves every message", async () => {
    const { steward, ids } = filled(3)
    const away = (to: string) => sift(steward, { most: 3, decide: () => ({ ...copy, to }) })
    assert.deepEqual(await away("nowhere"), { done: [], failure: 'Cannot sift "from": "nowhere" does not exist' })
    assert.deepEqual(await away("full"), {
      done: [],
      failure: 'Cannot sift "from": not taken, "full" takes nothing more',
    })
    assert.deepEqual(ids("from"), ["m0", "m1", "m2"])
  })

  test("keeps its rate, and leaves what came meanwhile", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { steward, engine, ids } = filled(6)
        const decide = ({ packet }: Peeked) => packet.id === "m1" ? "keep" as const : copy
        const fiber = yield* Effect.forkChild(
          steward.sift("from", { most: 100, decide, done: () => {}, perSecond: 2 }),
          { startImmediately: true },
        )
        assert.deepEqual(ids("to"), ["m0"])
        engine.publish("", "from", packet("m6"))
        yield* TestClock.adjust("499 millis")
        assert.deepEqual(ids("to"), ["m0"])
        yield* TestClock.adjust("1 millis")
        assert.deepEqual(ids("to"), ["m0", "m2"])
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)
        assert.deepEqual(ids("to"), ["m0", "m2", "m3", "m4", "m5"])
        assert.deepEqual(ids("from"), ["m1", "m6"])
      }).pipe(Effect.provide(TestClock.layer())),
    ))
})
