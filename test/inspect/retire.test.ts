/**
 * Retiring an orphan, on a steward of this file: what is kept, moved, dropped, and put back when somebody comes between.
 */
import assert from "node:assert/strict"
import { Effect, Result } from "effect"
import { describe, test } from "#test"
import { type Orphan, type Policy, type Preview, previewOrphans, retireOrphan } from "../../src/inspect/mod.ts"
import {
  Disconnected,
  InUse,
  NotEmpty,
  type Peeked,
  type QueueFacts,
  type Steward,
  StewardError,
} from "../../src/transport/mod.ts"

const name = "warren.on.stock.old"

const orphan = (more: Partial<Orphan> = {}): Orphan => ({
  name,
  type: "quorum",
  ready: 0,
  unacked: 0,
  consumers: 0,
  role: "listener",
  app: "stock",
  rest: "old",
  events: ["shop.sold"],
  ...more,
})

const facts = (queue: string, ready: number, consumers = 0): QueueFacts => ({
  name: queue,
  type: null,
  ready,
  unacked: null,
  consumers,
})

const peeked = (key: string): Peeked => ({
  packet: {
    id: "m",
    type: "t",
    app: "a",
    timestamp: 0,
    contentType: "",
    persistent: true,
    headers: {},
    body: new Uint8Array(0),
  },
  key,
  redelivered: false,
  deliveryCount: 0,
})

/** A broker of one queue; `arrivals`: messages that come in right before each removal. */
const broker = (queue: { ready: number; consumers?: number; arrivals?: Array<number>; startsLate?: boolean }) => {
  const said: Array<string> = []
  const refuse = (reason: StewardError["reason"]) =>
    Effect.fail(new StewardError({ operation: "remove", target: name, reason }))
  const steward: Steward = {
    source: "test",
    survey: () => Effect.die("not asked"),
    look: (one) => Effect.sync(() => one === name ? facts(one, queue.ready, queue.consumers) : undefined),
    peek: () => Effect.succeed([]),
    browse: () => Effect.die("not browsed"),
    sift: () => Effect.die("not sifted"),
    move: (_, to, headers) =>
      Effect.sync(() => {
        const { ready } = queue
        said.push(`move ${ready} to ${to} as ${headers["warren-dead-reason"]} of ${headers["warren-dead-handler"]}`)
        queue.ready = 0
        return ready
      }),
    receive: () => Effect.die("not received"),
    bind: ({ key }) => Effect.sync(() => void said.push(`bind ${key}`)),
    unbind: ({ key }) => Effect.sync(() => void said.push(`unbind ${key}`)),
    remove: (_, most) =>
      Effect.suspend(() => {
        queue.ready += queue.arrivals?.shift() ?? 0
        if (queue.startsLate === true) return refuse(new InUse({ consumers: 1 }))
        if (queue.ready > most) return refuse(new NotEmpty({ ready: queue.ready }))
        said.push("remove")
        return Effect.succeed(queue.ready)
      }),
  }
  return { steward, said }
}

const retire = (steward: Steward, policy: Policy, preview: Partial<Preview> = {}) =>
  Effect.runPromise(retireOrphan(steward, { orphan: orphan(), first: [], retries: 0, ...preview }, policy, 5))

describe("retireOrphan()", () => {
  test("takes its events away first, then removes it", async () => {
    const { steward, said } = broker({ ready: 0 })
    assert.deepEqual(await retire(steward, "keep"), {
      _tag: "Removed",
      queue: name,
      moved: 0,
      discarded: 0,
      retries: 0,
    })
    assert.deepEqual(said, ["unbind shop.sold", "remove"])
  })

  const kept: ReadonlyArray<
    readonly [what: string, Parameters<typeof broker>[0], Policy, Partial<Preview>, says: RegExp]
  > = [
    ["messages", { ready: 2 }, "keep", {}, /holds 2 messages: --to-dead .*warren\.dead\.stock, --discard/],
    ["a consumer", { ready: 0, consumers: 1 }, "discard", {}, /somebody consumes it now/],
    ["a retry", { ready: 0 }, "to-dead", { retries: 1 }, /1 message will come back/],
    ["retries of whom nobody knows", { ready: 0 }, "keep", { retries: null }, /more retries wait/],
  ]
  for (const [what, queue, policy, preview, says] of kept) {
    test(`${what}: it is kept, and nothing was touched`, async () => {
      const { steward, said } = broker(queue)
      const done = await retire(steward, policy, preview)
      assert.ok(done._tag === "Kept")
      assert.match(done.why, says)
      assert.deepEqual(said, [])
    })
  }

  test("what comes while it is moved is moved after it", async () => {
    const { steward, said } = broker({ ready: 3, arrivals: [2, 0] })
    const done = await retire(steward, "to-dead")
    assert.deepEqual(done, { _tag: "Removed", queue: name, moved: 5, discarded: 0, retries: 0 })
    const move = (count: number) => `move ${count} to warren.dead.stock as retired of stock.old`
    assert.deepEqual(said, ["unbind shop.sold", move(3), move(2), "remove"])
  })

  test("who always sends ends the moving, not the queue", async () => {
    const { steward, said } = broker({ ready: 1, arrivals: Array.from({ length: 50 }, () => 1) })
    const done = await retire(steward, "to-dead")
    assert.deepEqual([done._tag, done.moved], ["Kept", 10])
    assert.equal(said.at(-1), "bind shop.sold")
  })

  test("a message that comes at the last moment keeps it, unless it may be dropped", async () => {
    const { steward, said } = broker({ ready: 0, arrivals: [1] })
    const done = await retire(steward, "keep")
    assert.ok(done._tag === "Kept")
    assert.match(done.why, /holds 1 message since it was looked at/)
    assert.deepEqual(said, ["unbind shop.sold", "bind shop.sold"])
    const dropping = await retire(broker({ ready: 4, arrivals: [1] }).steward, "discard", { retries: 2 })
    assert.deepEqual(dropping, { _tag: "Removed", queue: name, moved: 0, discarded: 5, retries: 2 })
  })

  test("a process that starts at the last moment finds it bound as before", async () => {
    const { steward, said } = broker({ ready: 0, startsLate: true })
    const done = await retire(steward, "discard")
    assert.ok(done._tag === "Kept")
    assert.match(done.why, /has 1 consumer/)
    assert.deepEqual(said, ["unbind shop.sold", "bind shop.sold"])
  })

  test("so does a lost connection, as far as there is one", async () => {
    const { steward, said } = broker({ ready: 1 })
    const reason = new Disconnected({ detail: "gone" })
    const move = () => Effect.fail(new StewardError({ operation: "move", target: name, reason }))
    const preview = { orphan: orphan(), first: [], retries: 0 }
    const result = await Effect.runPromise(Effect.result(retireOrphan({ ...steward, move }, preview, "to-dead", 5)))
    assert.ok(Result.isFailure(result))
    assert.deepEqual(said, ["unbind shop.sold", "bind shop.sold"])
  })

  test("a token goes with its queue: it is nobody's message", async () => {
    const { steward } = broker({ ready: 1 })
    const token = orphan({ role: "token", events: [] })
    const done = await retire(steward, "keep", { orphan: token, retries: null })
    assert.deepEqual(done, { _tag: "Removed", queue: name, moved: 0, discarded: 0, retries: 0 })
  })
})

describe("previewOrphans()", () => {
  const { steward } = broker({ ready: 0 })
  const peeks: Array<string> = []
  const tiers = (ready: number): Steward => ({
    ...steward,
    look: (queue) => Effect.succeed(queue === "warren.retry.1h" ? facts(queue, ready) : undefined),
    peek: (queue, most) => {
      peeks.push(`${queue} ${most}`)
      return Effect.succeed(queue === "warren.retry.1h" ? [peeked(name), peeked("warren.on.other.x")] : [peeked("k")])
    },
  })
  const both = [orphan({ ready: 1 }), orphan({ name: "warren.on.stock.older" })]
  const preview = (ready: number) => Effect.runPromise(previewOrphans(tiers(ready), both))

  test("looks at few messages, and once for everybody's retries", async () => {
    const found = await preview(2)
    assert.deepEqual(found.map(({ first, retries }) => [first.length, retries]), [[1, 1], [0, 0]])
    assert.deepEqual(peeks, ["warren.retry.1h 500", `${name} 3`])
  })

  test("says that it does not know where there are too many retries", async () => {
    assert.deepEqual((await preview(501)).map(({ retries }) => retries), [null, null])
  })
})
