/**
 * An engine and its store together: whatever was done to it, an engine that reads the file back is as the first one would be
 * if its consumers had been lost at the last group.
 */
import assert from "node:assert/strict"
import { copyFileSync, existsSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, test } from "#test"
import { openStore, type Store } from "../../../../adapters/embedded/store/Store.ts"
import { type Consumer, type Content, Engine, type Hand, kept, type QueueSpec } from "../../../../src/broker/mod.ts"
import { makeContent, payload } from "../../../../src/broker/server/Content.ts"
import { effect, folder } from "../support.ts"

const queues: ReadonlyArray<QueueSpec> = [
  { name: "quorum", type: "quorum", deliveryLimit: 3, deadLetterExchange: "", deadLetterKey: "dead" },
  { name: "classic", type: "classic" },
  { name: "brief", type: "classic", messageTtl: 50, deadLetterExchange: "dead", deadLetterKey: "dead" },
  { name: "short", type: "classic", maxLength: 2, overflow: "drop-head" },
  { name: "important", type: "classic", maxPriority: 3 },
  { name: "fleeting", type: "classic", durable: false },
  { name: "dead", type: "quorum" },
]

const names = queues.map(({ name }) => name)

type Op =
  | {
    readonly do: "publish"
    readonly to: string
    readonly persistent: boolean
    readonly expiration: number | undefined
  }
  | { readonly do: "consume"; readonly from: string; readonly prefetch: number }
  | { readonly do: "settle"; readonly nth: number; readonly verdict: "ack" | "requeue" | "dead" }
  | { readonly do: "lose" | "cancel" | "wait" | "purge" | "delete" | "write"; readonly nth: number }

const name = fc.constantFrom(...names)

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      to: fc.oneof(name, fc.constant("#all")),
      persistent: fc.boolean(),
      expiration: fc.option(fc.nat(100), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("consume" as const), from: name, prefetch: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      nth: fc.nat(),
      verdict: fc.constantFrom("ack" as const, "requeue" as const, "dead" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("lose", "cancel", "wait", "wait", "purge", "delete", "write", "write"),
      nth: fc.nat(),
    }) as fc.Arbitrary<Op>,
  },
)

/** An engine, and whoever uses it. */
class World {
  now = 1_000
  readonly engine: Engine<Content>
  readonly #store: Store<Content>
  readonly #hands: Array<Hand<Content>> = []
  readonly #consumers: Array<Consumer<Content>> = []
  #published = 0

  constructor(store: Store<Content>, now: number) {
    this.now = now
    this.#store = store
    this.engine = new Engine<Content>({ payload, now: () => this.now, journal: store.journal })
    assert.deepEqual(this.engine.load(store.loaded()), [])
  }

  declare(): void {
    for (const spec of queues) {
      this.engine.declareQueue(spec)
      this.engine.bind({ exchange: "amq.fanout", queue: spec.name, key: "", arguments: new Map() })
    }
  }

  open(): void {
    this.engine.declareExchange({ name: "amq.fanout", type: "fanout" })
    this.engine.declareExchange({ name: "dead", type: "direct" })
    this.declare()
    this.engine.bind({ exchange: "dead", queue: "dead", key: "dead" })
  }

  run(one: Op): void {
    const { engine } = this
    switch (one.do) {
      case "publish": {
        const body = new TextEncoder().encode(`m${++this.#published}`)
        const properties = {
          deliveryMode: one.persistent ? 2 : 1,
          priority: this.#published % 5,
          ...(one.expiration !== undefined && { expiration: String(one.expiration) }),
        }
        if (one.to === "#all") engine.publish("amq.fanout", "", makeContent(properties, body))
        else engine.publish("", one.to, makeContent(properties, body))
        return
      }
      case "consume": {
        const options = {
          owner: {},
          prefetch: one.prefetch,
          deliver: (hand: Hand<Content>) => void this.#hands.push(hand),
        }
        const consumer = engine.consume(one.from, options)
        if (consumer._tag === "Consumer") this.#consumers.push(consumer)
        return
      }
      case "settle": {
        const [hand] = this.#hands.splice(one.nth % Math.max(1, this.#hands.length), 1)
        if (hand !== undefined) engine.settle(hand, one.verdict === "dead" ? "reject" : one.verdict)
        return
      }
      case "lose":
      case "cancel": {
        const consumer = this.#consumers[one.nth % Math.max(1, this.#consumers.length)]
        if (consumer === undefined) return
        if (one.do === "cancel") engine.cancel(consumer)
        else engine.loseConsumer(consumer)
        return
      }
      case "wait":
        this.now += one.nth % 40
        for (let due = engine.nextDue(); due !== undefined && due <= this.now; due = engine.nextDue()) engine.tick()
        return
      case "purge":
        engine.purge(names[one.nth % names.length]!)
        return
      case "delete":
        engine.deleteQueue(names[one.nth % names.length]!)
        return this.declare()
      case "write":
        return Effect.runSync(this.#store.flush)
    }
  }
}

/** What outlives the process, in a form that can be compared. */
const keptOf = (engine: Engine<Content>) => {
  const { queues, bindings, messages } = engine.snapshot()
  const isDurable = new Set(queues.filter(({ durable }) => durable !== false).map((queue) => queue.name))
  const isQuorum = new Set(queues.filter(({ type }) => type === "quorum").map((queue) => queue.name))
  return {
    queues: [...isDurable].sort(),
    bindings: bindings.filter(({ queue }) => isDurable.has(queue)).map((one) => `${one.exchange} ${one.queue}`).sort(),
    messages: messages
      .filter(({ queue, packet }) => isDurable.has(queue) && (isQuorum.has(queue) || kept.isPersistent(packet)))
      .map(({ packet, ...one }) => ({ ...one, ...packet, body: new TextDecoder().decode(packet.body) }))
      // those over their limit die as they come back, and those whose time was up in somebody's hand
      .filter(({ queue, deliveryCount, remaining }) => !(queue === "quorum" && deliveryCount > 3) && remaining !== 0),
  }
}

/** The messages of a queue; in which order they came back to a quorum queue is not written down. */
const settled = (all: ReturnType<typeof keptOf>["messages"], queue: string) => {
  const messages = all.filter((one) => one.queue === queue)
  return queue === "quorum" ? messages.sort((a, b) => a.body < b.body ? -1 : 1) : messages
}

describe("an engine with a store", () => {
  test(
    "comes back as it was at the last group, those in consumers' hands marked",
    () =>
      effect(Effect.gen(function* () {
        const root = yield* folder
        let runs = 0
        let messages = 0
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(op, { minLength: 20, maxLength: 120 }), (ops) =>
              effect(Effect.gen(function* () {
                const path = join(root, `q${++runs}.db`)
                const store = yield* openStore<Content>({ path, form: kept })
                const world = new World(store, 1_000)
                world.open()
                for (const one of ops) world.run(one)
                yield* store.flush
                const before = keptOf(world.engine)
                // the process is gone: nothing more is written
                for (const end of ["", "-wal"]) {
                  if (existsSync(path + end)) copyFileSync(path + end, `${path}.copy${end}`)
                }
                const other = yield* openStore<Content>({ path: `${path}.copy`, form: kept })
                const again = new World(other, world.now)
                const after = keptOf(again.engine)
                assert.deepEqual(after.queues, before.queues)
                assert.deepEqual(after.bindings, before.bindings)
                for (const queue of names.filter((one) => one !== "dead" && one !== "short")) {
                  assert.deepEqual(settled(after.messages, queue), settled(before.messages, queue), queue)
                }
                messages += after.messages.length
                // and it can be written and read once more
                again.open()
                for (const one of ops.slice(0, 20)) again.run(one)
                yield* other.flush
              }))),
            { numRuns: 60 },
          )
        )
        assert.ok(messages > 300, `only ${messages} messages came back`)
      })),
  )
})
