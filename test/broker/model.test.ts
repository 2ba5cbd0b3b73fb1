/**
 * Random sequences of operations, on the engine and on a naive model of it at once.
 *
 * Checks after every step: each copy is in exactly one place and every count says so, queues deliver their head,
 * prefetch is kept, nobody waits while there is work, nothing comes after its time or beyond its delivery
 * limit. Seeds are fixed; a failure prints the shortest sequence found.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import type { Consumer, Engine, Hand } from "../../src/broker/mod.ts"
import type { QueueSpec } from "../../src/transport/mod.ts"
import { Model } from "./Model.ts"
import { clocked, packet, queue } from "./support.ts"

const specs: ReadonlyArray<QueueSpec> = [
  queue("plain"),
  queue("limited", { deliveryLimit: 2, deadLetterExchange: "", deadLetterKey: "dead" }),
  queue("short", { type: "classic", maxLength: 3 }),
  queue("work", { messageTtl: 70, deadLetterExchange: "", deadLetterKey: "wait" }),
  queue("wait", { messageTtl: 20, deadLetterExchange: "", deadLetterKey: "work" }),
  queue("single", { singleActiveConsumer: true }),
  queue("dead"),
]

/** Which queues a key leads to, by the bindings below. */
const bindings: ReadonlyArray<readonly [queue: string, key: string]> = [
  ["plain", "#"],
  ["limited", "sales.*"],
  ["short", "*.placed"],
  ["work", "sales.placed"],
  ["single", "#.placed.#"],
]
const routes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "sales.placed": ["plain", "limited", "short", "work", "single"],
  "sales.quoted": ["plain", "limited"],
  "parts.placed": ["plain", "short", "single"],
  "": ["plain"],
}

type Step =
  | { readonly act: "publish"; readonly key: string; readonly expiration: number | undefined }
  | { readonly act: "consume"; readonly queue: string; readonly prefetch: number; readonly eager: boolean }
  | { readonly act: "settle"; readonly which: number; readonly verdict: "ack" | "requeue" | "reject" }
  | { readonly act: "cancel" | "lose"; readonly which: number }
  | { readonly act: "wait"; readonly ms: number }
  | { readonly act: "purge"; readonly queue: string }

const name = fc.constantFrom(...specs.map((spec) => spec.name))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant("publish" as const),
      key: fc.constantFrom(...Object.keys(routes)),
      expiration: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("consume" as const),
      queue: name,
      prefetch: fc.integer({ min: 1, max: 4 }),
      eager: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant("settle" as const),
      which: fc.nat(),
      verdict: fc.constantFrom("ack" as const, "requeue" as const, "reject" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("cancel" as const, "lose" as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("purge" as const), queue: name }) },
)

interface Party {
  readonly queue: string
  readonly prefetch: number
  readonly consumer: Consumer
  readonly hands: Set<Hand>
  open: boolean
}

/** Engine and model side by side. */
class Pair {
  readonly model = new Model(specs)
  readonly parties: Array<Party> = []
  readonly engine: Engine
  readonly #at: (time: number) => void
  #published = 0
  #unroutable = 0

  constructor(budget: number) {
    const { engine, at } = clocked({ budget })
    this.engine = engine
    this.#at = at
    engine.declareExchange({ name: "events", type: "topic" })
    for (const spec of specs) engine.declareQueue(spec)
    for (const [queue, key] of bindings) engine.bind({ exchange: "events", queue, key })
  }

  run(step: Step): void {
    const open = this.parties.filter((party) => party.open)
    switch (step.act) {
      case "publish":
        return this.#publish(step.key, step.expiration)
      case "consume":
        return this.#consume(step.queue, step.prefetch, step.eager)
      case "settle": {
        const hands = this.parties.flatMap((party) => [...party.hands].map((hand) => [party, hand] as const))
        const chosen = hands[step.which % (hands.length || 1)]
        if (chosen === undefined) return
        const [party, hand] = chosen
        party.hands.delete(hand)
        this.model.settle(party.queue, hand.packet.id, step.verdict)
        assert.equal(this.engine.settle(hand, step.verdict), "applied")
        assert.notEqual(this.engine.settle(hand, "requeue"), "applied")
        return
      }
      case "cancel": {
        const party = open[step.which % (open.length || 1)]
        if (party === undefined) return
        party.open = false
        return this.engine.cancel(party.consumer)
      }
      case "lose": {
        // cancelled ones too: what they hold is still theirs to lose
        const party = this.parties[step.which % (this.parties.length || 1)]
        if (party === undefined) return
        party.open = false
        for (const hand of party.hands) this.model.lose(party.queue, hand.packet.id)
        party.hands.clear()
        return this.engine.loseConsumer(party.consumer)
      }
      case "wait":
        this.model.now += step.ms
        return this.#at(this.model.now)
      case "purge":
        this.model.purge(step.queue)
        this.engine.purge(step.queue)
    }
  }

  /** Lets the owner's duties be done, then compares everything. */
  check(): void {
    while (this.engine.backlog > 0) this.engine.pump()
    this.#at(this.model.now)
    while (this.engine.backlog > 0) this.engine.pump()
    this.model.sweep()
    const view = this.engine.view()
    for (const { name, ready, unacked, consumers, counters } of view.queues) {
      const expected = this.model.queue(name)
      const { entered, acked, expired, rejected, delivery_limit, deadLettered, dropped, purged } = counters
      const { spec: _, next: __, ready: waiting, held, ...counted } = expected
      assert.deepEqual(
        { ready, unacked, ...counters },
        { ready: waiting.length, unacked: held.size, ...counted, maxlen: 0 },
        name,
      )
      assert.equal(
        entered,
        ready + unacked + acked + expired + rejected + counters.maxlen + delivery_limit + purged,
        `each copy that entered ${name} is in one place`,
      )
      assert.equal(expired + rejected + delivery_limit, deadLettered + dropped)
      const open = this.parties.filter((party) => party.open && party.queue === name)
      assert.equal(consumers, open.length)
      const serving = expected.spec.singleActiveConsumer ? open.slice(0, 1) : open
      if (ready > 0) {
        for (const party of serving) assert.equal(party.hands.size, party.prefetch, "nobody waits while there is work")
      }
    }
    const { published, unroutable, circles, defects } = view.counters
    assert.deepEqual([published, unroutable, circles, defects], [
      this.#published,
      this.#unroutable,
      this.model.circles,
      0,
    ])
  }

  #publish(key: string, expiration: number | undefined): void {
    const id = String(this.#published++)
    const refused = this.model.publish(id, routes[key] ?? [], expiration)
    const result = this.engine.publish("events", key, packet(id, { expiration }))
    assert.deepEqual(result, refused.length === 0 ? { _tag: "Routed" } : { _tag: "Rejected", queues: refused })
  }

  #consume(name: string, prefetch: number, eager: boolean): void {
    const hands = new Set<Hand>()
    const consumer = this.engine.consume(name, {
      owner: this,
      prefetch,
      deliver: (hand) => {
        const copy = this.model.delivered(name, hand.packet.id)
        hands.add(hand)
        const { redelivered, deliveryCount } = hand
        assert.deepEqual({ redelivered, deliveryCount }, {
          redelivered: copy.redelivered,
          deliveryCount: copy.returns,
        })
        assert.ok(hands.size <= prefetch, "prefetch is kept")
        assert.ok(deliveryCount <= (this.model.queue(name).spec.deliveryLimit ?? Infinity), "the limit is kept")
        if (this.model.queue(name).spec.singleActiveConsumer === true) {
          const first = this.parties.find((party) => party.open && party.queue === name)
          assert.ok(first === undefined || first.hands === hands, "one consumer is active")
        }
        if (!eager) return
        hands.delete(hand)
        this.model.settle(name, hand.packet.id, "ack")
        this.engine.settle(hand, "ack")
      },
    })
    assert.ok(consumer._tag === "Consumer")
    this.parties.push({ queue: name, prefetch, consumer, hands, open: true })
  }
}

describe("Engine", () => {
  for (const [budget, seed] of [[Infinity, 1], [2, 2]] as const) {
    test(`agrees with a naive broker, ${budget} deliveries at a time`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
          const pair = new Pair(budget)
          for (const step of steps) {
            pair.run(step)
            pair.check()
          }
        }),
        { seed, numRuns: 250 },
      )
    })
  }
})
