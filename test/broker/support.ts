/**
 * What the broker's tests share: packets, queues, and an engine whose time is turned by hand.
 *
 * Beside the tests of `src/broker`; asserts nothing.
 */
import { type ConsumerOptions, Engine, type EngineOptions, type Hand, packets } from "../../src/broker/mod.ts"
import type { Packet, QueueSpec, Topology } from "../../src/transport/mod.ts"

/** A packet with this id. */
export const packet = (id: string, more: Partial<Packet> = {}): Packet => ({
  id,
  type: "test.message",
  app: "test",
  timestamp: 0,
  contentType: "application/json",
  persistent: true,
  headers: {},
  body: new TextEncoder().encode(id),
  ...more,
})

/** A quorum queue, unless said otherwise. */
export const queue = (name: string, more: Partial<QueueSpec> = {}): QueueSpec => ({ name, type: "quorum", ...more })

/** A topology of queues only. */
export const queues = (...specs: ReadonlyArray<QueueSpec>): Topology => ({ exchanges: [], queues: specs, bindings: [] })

/** An engine at time 0, which `at` moves; due work is done as the owner would do it. */
export const clocked = (options: Partial<EngineOptions> = {}) => {
  let now = 0
  const engine = new Engine({ payload: packets, now: () => now, ...options })
  const at = (time: number) => {
    now = time
    for (let due = engine.nextDue(); due !== undefined && due <= now; due = engine.nextDue()) engine.tick()
  }
  return { engine, at }
}

/** Publishes packets of these ids to a queue; says what became of each. */
export const publish = (engine: Engine, name: string, ...ids: ReadonlyArray<string>) =>
  ids.map((id) => engine.publish("", name, packet(id))._tag)

/** A consumer that keeps what it gets. */
export const collect = (engine: Engine, name: string, more: Partial<ConsumerOptions> = {}) => {
  const hands: Array<Hand> = []
  const consumer = engine.consume(name, { owner: engine, prefetch: 0, deliver: (hand) => hands.push(hand), ...more })
  if (consumer._tag !== "Consumer") throw new Error(`Cannot consume "${name}": ${consumer._tag}`)
  return { consumer, hands, ids: () => hands.map((hand) => hand.packet.id) }
}

/** The counts of a queue that tell where its messages are. */
export const counts = (engine: Engine, name: string): readonly [ready: number, unacked: number] => {
  const view = engine.queue(name)
  return [view?.ready ?? -1, view?.unacked ?? -1]
}
