/**
 * Random sequences of operations, on the engine and on a naive model of it at once.
 *
 * Checks after every step: each copy is in exactly one place and every count says so, queues deliver their head,
 * prefetch is kept, alone and shared, nobody waits while there is work, nothing comes after its time or beyond its delivery
 * limit, and what a store was told is what there is. Seeds are fixed; a failure prints the shortest sequence found.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { type Consumer, type Engine, type Hand, Share } from "../../src/broker/mod.ts"
import type { QueueSpec } from "../../src/transport/mod.ts"
import { Mirror } from "./Mirror.ts"
import { Model } from "./Model.ts"
import { clocked, packet, queue } from "./support.ts"

const specs: ReadonlyArray<QueueSpec> = [
  queue("plain"),
  queue("limited", { deliveryLimit: 2, deadLetterExchange: "", deadLetterKey: "dead" }),
  queue("short", { type: "classic", maxLength: 3 }),
  queue("work", { messageTtl: 70, deadLetterExchange: "", deadLetterKey: "wait" }),
  queue("wait", { messageTtl: 20, deadLetterExchange: "", deadLetterKey: "work" }),
  queue("single", { singleActiveConsumer: true }),
  queue("latest", {
    type: "classic",
    maxLength: 2,
    overflow: "drop-head",
    deadLetterExchange: "",
    deadLetterKey: "dropped",
  }),
  queue("dropped"),
  queue("soft", { maxLength: 1 }),
  queue("dead"),
]

/** Which queues a key leads to, by the bindings below. */
const bindings: ReadonlyArray<readonly [queue: string, key: string]> = [
  ["plain", "#"],
  ["limited", "sales.*"],
  ["short", "*.placed"],
  ["work", "sales.placed"],
  ["single", "#.placed.#"],
  ["latest", "sales.quoted"],
  ["soft", "parts.placed"],
]
const routes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "sales.placed": ["plain", "limited", "short", "work", "single"],
  "sales.quoted": ["plain", "limited", "latest"],
  "parts.placed": ["plain", "short", "single", "soft"],
  "": ["plain"],
}

type Step =
  | {
    readonly act: "publish"
    readonly key: string
    readonly expiration: number | undefined
    readonly persistent: boolean
  }
  | {
    readonly act: "consume"
    readonly queue: string
    readonly prefetch: number
    readonly eager: boolean
    readonly noAck: boolean
    readonly share: number | undefined
  }
  | { readonly act: "get"; readonly queue: string; readonly noAck: boolean }
  | { readonly act: "settle"; readonly which: number; readonly verdict: "ack" | "requeue" | "reject" }
  | { readonly act: "settleAll"; readonly which: number; readonly verdict: "ack" | "requeue" | "reject" }
  | { readonly act: "abandon"; readonly which: number }
  | { readonly act: "adjust"; readonly share: number; readonly limit: number; readonly stopped: boolean }
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
      persistent: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("consume" as const),
      queue: name,
      prefetch: fc.integer({ min: 1, max: 4 }),
      eager: fc.boolean(),
      noAck: fc.nat(9).map((n) => n === 0),
      share: fc.constantFrom(undefined, undefined, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant("get" as const), queue: name, noAck: fc.nat(3).map((n) => n === 0) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("adjust" as const),
      share: fc.nat(1),
      limit: fc.nat(4),
      stopped: fc.nat(3).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("abandon" as const), which: fc.nat() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constantFrom("settle" as const, "settle" as const, "settle" as const, "settleAll" as const),
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
  /** Absent: somebody who gets single messages. */
  readonly consumer: Consumer | undefined
  readonly share: number | undefined
  readonly hands: Set<Hand>
  open: boolean
}

interface Shared {
  readonly share: Share
  limit: number
  stopped: boolean
}

/** Engine and model side by side. */
class Pair {
  readonly model = new Model(specs)
  readonly parties: Array<Party> = []
  readonly engine: Engine
  readonly mirror = new Mirror()
  readonly #shares: ReadonlyArray<Shared> = [2, 3].map((limit) => ({ share: new Share(limit), limit, stopped: false }))
  readonly #at: (time: number) => void
  /** What went wrong inside a consumer. */
  readonly #defects: Array<unknown> = []
  #published = 0
  #unroutable = 0

  constructor(budget: number) {
    const { engine, at } = clocked({ budget, journal: this.mirror, onDefect: (defect) => this.#defects.push(defect) })
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
        return this.#publish(step.key, step.expiration, step.persistent)
      case "consume":
        return this.#consume(step)
      case "get":
        return this.#get(step.queue, step.noAck)
      case "settleAll": {
        // of all who take from one queue, in the order they were given
        const chosen = this.parties[step.which % (this.parties.length || 1)]
        if (chosen === undefined) return
        const hands = [...chosen.hands]
        chosen.hands.clear()
        this.model.settle(chosen.queue, hands.map(({ packet }) => packet.id), step.verdict)
        assert.equal(this.engine.settleAll(hands, step.verdict), hands.length)
        assert.equal(this.engine.settleAll(hands, "ack"), 0)
        return this.#release(chosen, hands.length)
      }
      case "abandon": {
        const leaving = this.parties.filter((_, i) => (step.which >> (i % 16)) % 2 === 1)
        const [consuming, getting] = [true, false].map((is) =>
          leaving.filter((one) => (one.consumer !== undefined) === is)
        )
        const hands = [...consuming ?? [], ...getting ?? []].flatMap((party) => [...party.hands])
        for (const name of this.model.queues.keys()) {
          this.model.lose(name, hands.filter(({ queue }) => queue === name).map(({ packet }) => packet.id))
        }
        for (const party of leaving) {
          party.open = false
          party.hands.clear()
        }
        return this.engine.abandon({ consumers: leaving.flatMap(({ consumer }) => consumer ?? []), hands })
      }
      case "adjust": {
        const shared = this.#shares[step.share]
        if (shared === undefined) return
        shared.limit = step.limit
        shared.stopped = step.stopped
        return this.engine.adjust(shared.share, { limit: step.limit, stopped: step.stopped })
      }
      case "settle": {
        const hands = this.parties.flatMap((party) => [...party.hands].map((hand) => [party, hand] as const))
        const chosen = hands[step.which % (hands.length || 1)]
        if (chosen === undefined) return
        const [party, hand] = chosen
        party.hands.delete(hand)
        this.model.settle(party.queue, [hand.packet.id], step.verdict)
        assert.equal(this.engine.settle(hand, step.verdict), "applied")
        assert.notEqual(this.engine.settle(hand, "requeue"), "applied")
        return this.#release(party, 1)
      }
      case "cancel": {
        const party = open[step.which % (open.length || 1)]
        if (party?.consumer === undefined) return
        party.open = false
        return this.engine.cancel(party.consumer)
      }
      case "lose": {
        // cancelled ones too: what they hold is still theirs to lose
        const party = this.parties[step.which % (this.parties.length || 1)]
        if (party?.consumer === undefined) return
        party.open = false
        this.model.lose(party.queue, [...party.hands].map(({ packet }) => packet.id))
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
    if (this.#defects.length > 0) throw this.#defects[0]
    const view = this.engine.view()
    for (const { name, ready, unacked, consumers, counters } of view.queues) {
      const expected = this.model.queue(name)
      const { entered, acked, expired, rejected, delivery_limit, deadLettered, dropped, purged } = counters
      const { spec: _, next: __, nextReturn: ___, isClosed: ____, isKnown: _____, ready: waiting, held, ...counted } = {
        ...expected,
      }
      assert.deepEqual(
        { ready, unacked, ...counters },
        { ready: waiting.length, unacked: held.size, ...counted },
        name,
      )
      assert.equal(
        entered,
        ready + unacked + acked + expired + rejected + counters.maxlen + delivery_limit + purged,
        `each copy that entered ${name} is in one place`,
      )
      assert.equal(expired + rejected + delivery_limit + counters.maxlen, deadLettered + dropped)
      const open = this.parties.filter((party) => party.open && party.queue === name)
      assert.equal(consumers, open.length)
      const serving = expected.spec.singleActiveConsumer ? open.slice(0, 1) : open
      if (ready > 0) {
        for (const party of serving) assert.ok(!this.#hasRoom(party), "nobody waits while there is work")
      }
    }
    const all = [...this.model.queues.values()].flatMap(({ ready, held }) => [...ready, ...held.values()])
    assert.equal(this.engine.messages, all.length)
    assert.equal(this.engine.bytes > 0, all.length > 0)
    const { published, unroutable, circles, defects } = view.counters
    assert.deepEqual([published, unroutable, circles, defects], [
      this.#published,
      this.#unroutable,
      this.model.circles,
      0,
    ])
  }

  /** Whether one more delivery would be allowed. */
  #hasRoom(party: Party): boolean {
    if (party.hands.size >= party.prefetch) return false
    const shared = party.share === undefined ? undefined : this.#shares[party.share]
    if (shared === undefined) return true
    return !shared.stopped && this.#heldIn(party.share) < (shared.limit || Infinity)
  }

  #release({ share }: Party, count: number): void {
    const shared = this.#shares[share ?? -1]
    if (shared !== undefined) this.engine.settleGroups([], { share: shared.share, counts: [count] })
  }

  #heldIn(share: number | undefined): number {
    return this.parties.filter((one) => one.share === share).reduce((sum, { hands }) => sum + hands.size, 0)
  }

  /** What is written down is what is there, and an engine that begins with it has it all. */
  checkStore(): void {
    const told = this.mirror.read()
    // at time 0, when nothing has expired yet
    const next = clocked()
    assert.deepEqual(next.engine.load(told), [])
    const view = next.engine.view()
    const here = this.engine.view()
    assert.deepEqual([view.exchanges, view.bindings], [here.exchanges, here.bindings])
    const essence = (engine: Engine, passed: number) =>
      engine.snapshot().messages.filter(({ packet }) => packet.persistent).map((message) =>
        [
          message.queue,
          message.packet.id,
          message.redelivered,
          message.key,
          message.remaining === undefined ? undefined : Math.max(0, message.remaining - passed),
        ] as const
      ).sort(([queue, a], [other, b]) =>
        // in which order messages came back to a quorum queue is not written down: they stand as they were published again
        queue === other && this.model.queue(queue).spec.type === "quorum" ? Number(a) - Number(b) : 0
      )
    assert.deepEqual(essence(next.engine, this.model.now), essence(this.engine, 0))
  }

  #get(name: string, noAck: boolean): void {
    const spec = this.model.queue(name).spec
    if (spec.singleActiveConsumer === true) {
      return assert.equal(this.engine.get(name, { owner: this, noAck })?._tag, "Locked")
    }
    this.model.sweep()
    const head = this.model.queue(name).ready[0]?.id
    const copy = head === undefined ? undefined : this.model.delivered(name, head)
    // what was behind it may have expired; a quorum queue counts it all the same
    const waiting = this.model.queue(name).ready.length
    this.model.sweep()
    const got = this.engine.get(name, { owner: this, noAck })
    if (got === undefined || copy === undefined) return assert.deepEqual([got, copy], [undefined, undefined])
    assert.ok(got._tag === "Got")
    const { hand, left } = got
    assert.equal(hand.packet.id, head)
    assert.deepEqual([hand.redelivered, hand.deliveryCount], [copy.redelivered, copy.returns])
    assert.equal(left, spec.type === "quorum" && !noAck ? waiting : this.model.queue(name).ready.length)
    if (noAck) this.model.settle(name, [hand.packet.id], "ack")
    else {
      const party = { queue: name, prefetch: Infinity, consumer: undefined, share: undefined, open: false }
      this.parties.push({ ...party, hands: new Set([hand]) })
    }
  }

  #publish(key: string, expiration: number | undefined, persistent: boolean): void {
    const id = String(this.#published++)
    const refused = this.model.publish(id, routes[key] ?? [], expiration)
    const result = this.engine.publish("events", key, packet(id, { expiration, persistent }))
    assert.equal(result._tag, refused.length === 0 ? "Routed" : "Rejected")
    if (result._tag === "Rejected") assert.deepEqual([...result.queues].sort(), [...refused].sort())
  }

  #consume({ queue: name, prefetch: most, eager, noAck, share }: Extract<Step, { readonly act: "consume" }>): void {
    const hands = new Set<Hand>()
    const prefetch = noAck ? Infinity : most
    // what needs no ack is not limited, though it can be stopped
    const shared = noAck ? undefined : this.#shares[share ?? -1]
    const consumer = this.engine.consume(name, {
      owner: this,
      prefetch: most,
      noAck,
      ...(shared === undefined ? {} : { shares: [shared.share] }),
      deliver: (hand) => {
        const copy = this.model.delivered(name, hand.packet.id)
        hands.add(hand)
        const { redelivered, deliveryCount } = hand
        assert.deepEqual({ redelivered, deliveryCount }, {
          redelivered: copy.redelivered,
          deliveryCount: copy.returns,
        })
        assert.ok(hands.size <= prefetch, "prefetch is kept")
        if (shared !== undefined) {
          assert.ok(!shared.stopped, "nothing comes while it is stopped")
          const others = this.parties.filter((one) => one.share === share && one.hands !== hands)
          const held = others.reduce((sum, { hands }) => sum + hands.size, hands.size)
          assert.ok(held <= (shared.limit || Infinity), "the shared prefetch is kept")
        }
        assert.ok(deliveryCount <= (this.model.queue(name).spec.deliveryLimit ?? Infinity), "the limit is kept")
        if (this.model.queue(name).spec.singleActiveConsumer === true) {
          const first = this.parties.find((party) => party.open && party.queue === name)
          assert.ok(first === undefined || first.hands === hands, "one consumer is active")
        }
        if (!eager && !noAck) return
        hands.delete(hand)
        this.model.settle(name, [hand.packet.id], "ack")
        assert.equal(this.engine.settle(hand, "ack"), noAck ? "late" : "applied")
        if (shared !== undefined) this.engine.settleGroups([], { share: shared.share, counts: [1] })
      },
    })
    assert.ok(consumer._tag === "Consumer")
    this.parties.push({
      queue: name,
      prefetch,
      consumer,
      share: shared === undefined ? undefined : share,
      hands,
      open: true,
    })
  }
}

describe("Engine", () => {
  for (const [budget, seed] of [[Infinity, 1], [2, 2]] as const) {
    test(`agrees with a naive broker, ${budget} deliveries at a time`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
          const pair = new Pair(budget)
          steps.forEach((step) => {
            pair.run(step)
            pair.check()
            pair.model.rest()
          })
          pair.checkStore()
        }),
        { seed, numRuns: 200 },
      )
    })
  }
})
