/**
 * A store that keeps in memory what an engine's journal is told, as a store on disk would.
 *
 * Below the tests of the broker. It fails when it is told what cannot be: twice the same, or of what it does not know.
 */
import * as assert from "node:assert/strict"
import type { Binding, Entry, ExchangeBinding, ExchangeSpec, Journal, Loaded, QueueSpec } from "../../src/broker/mod.ts"
import type { Packet } from "../../src/transport/mod.ts"

/** See the top of the file. */
export class Mirror implements Journal<Packet> {
  readonly exchanges = new Map<string, ExchangeSpec>()
  readonly queues = new Map<string, QueueSpec>()
  readonly bindings: Array<Binding | ExchangeBinding> = []
  readonly entries = new Map<number, Entry<Packet>>()
  #highest = 0

  exchangeDeclared(spec: ExchangeSpec): void {
    assert.ok(!this.exchanges.has(spec.name))
    this.exchanges.set(spec.name, spec)
  }

  exchangeDeleted(name: string): void {
    assert.ok(this.exchanges.delete(name))
    assert.ok(this.bindings.every((one) => one.exchange !== name && !("target" in one && one.target === name)))
  }

  queueDeclared(spec: QueueSpec): void {
    assert.ok(!this.queues.has(spec.name))
    this.queues.set(spec.name, spec)
  }

  queueDeleted(name: string): void {
    assert.ok(this.queues.delete(name))
    assert.ok(this.bindings.every((one) => !("queue" in one && one.queue === name)))
    for (const [id, { queue }] of this.entries) if (queue === name) this.entries.delete(id)
  }

  bound(binding: Binding | ExchangeBinding): void {
    assert.equal(this.#indexOf(binding), -1)
    this.bindings.push(binding)
  }

  unbound(binding: Binding | ExchangeBinding): void {
    const index = this.#indexOf(binding)
    assert.notEqual(index, -1)
    this.bindings.splice(index, 1)
  }

  entered(entry: Entry<Packet>): boolean {
    assert.ok(entry.id > this.#highest, "every number is new")
    this.#highest = entry.id
    assert.ok(this.queues.has(entry.queue))
    if (entry.packet.persistent) this.entries.set(entry.id, entry)
    return entry.packet.persistent
  }

  handed(queue: string, id: number): void {
    this.entries.set(id, { ...this.#entry(queue, id), redelivered: true })
  }

  returned(queue: string, id: number, returns: number): void {
    this.entries.set(id, { ...this.#entry(queue, id), redelivered: true, returns })
  }

  left(queue: string, id: number): void {
    this.#entry(queue, id)
    this.entries.delete(id)
  }

  /** What is there, as it would be read back. */
  read(): Loaded<Packet> {
    return {
      exchanges: [...this.exchanges.values()],
      queues: [...this.queues.values()],
      bindings: [...this.bindings],
      messages: [...this.entries.values()].reverse(),
    }
  }

  #entry(queue: string, id: number): Entry<Packet> {
    const entry = this.entries.get(id)
    assert.ok(entry?.queue === queue, `message ${id} is in ${queue}`)
    return entry
  }

  #indexOf(binding: Binding | ExchangeBinding): number {
    return this.bindings.findIndex((one) => JSON.stringify(one) === JSON.stringify(binding))
  }
}
