/**
 * What is recorded, against a model: after every group the disk knows exactly what is there, and whoever was told that
 * something is stored finds it there, whatever fails in between.
 */
import assert from "node:assert/strict"
import fc from "fast-check"
import { describe, test } from "#test"
import { SqliteError } from "../../../../adapters/runtime/mod.ts"
import type { Group, MessageRow } from "../../../../adapters/embedded/store/Changes.ts"
import { Recorder } from "../../../../adapters/embedded/store/Recorder.ts"
import { entry, form, type Note, note } from "../support.ts"

const nothing = { exchanges: [], queues: [], bindings: [], messages: [] }

const full = new SqliteError({ path: "queues.db", operation: "write", reason: "full", detail: "database is full" })

/** A disk of maps, with the same rules as the tables. */
class Disk {
  readonly things = new Map<string, string>()
  readonly contents = new Map<number, string>()
  readonly messages = new Map<number, MessageRow>()
  isFull = false
  written = 0

  readonly write = (group: Group): void => {
    if (this.isFull) throw full
    for (const { kind, name, spec } of group.things) {
      if (spec === undefined) this.things.delete(`${kind} ${name}`)
      else this.things.set(`${kind} ${name}`, spec)
    }
    for (const { id, ...content } of group.contents) this.contents.set(id, form.read(content).text)
    for (const row of group.messages) this.messages.set(row.id, row)
    this.written += group.messages.length
    for (const { id, ...mark } of group.marks) {
      const row = this.messages.get(id)
      assert.ok(row !== undefined, "a mark is for a message that is there")
      this.messages.set(id, { ...row, ...mark })
    }
    for (const id of group.goneMessages) assert.ok(this.messages.delete(id), "what goes was there")
    for (const id of group.goneContents) assert.ok(this.contents.delete(id), "what goes was there")
  }
}

const make = () => {
  const disk = new Disk()
  let calls = 0
  const recorder = new Recorder({ form, loaded: nothing, write: disk.write, onWork: () => calls++ })
  return { disk, recorder, calls: () => calls }
}

type Op =
  | { readonly do: "publish"; readonly queues: ReadonlyArray<number>; readonly persistent: boolean }
  | { readonly do: "hand" | "return" | "leave"; readonly nth: number }
  | { readonly do: "declare" | "delete"; readonly queue: number }
  | { readonly do: "flush"; readonly isFull: boolean }

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    do: fc.constant("publish" as const),
    queues: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
    persistent: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom("hand" as const, "return" as const, "leave" as const), nth: fc.nat() }),
  fc.record({ do: fc.constantFrom("declare" as const, "declare" as const, "delete" as const), queue: fc.nat(3) }),
  fc.record({ do: fc.constant("flush" as const), isFull: fc.boolean() }),
)

/** What is known of a message that is kept. */
interface Known {
  readonly queue: string
  readonly text: string
  redelivered: boolean
  /** How often it came back, and whether it lies in a hand. */
  returns: number
  isHeld: boolean
}

// odd ones are quorum queues, which keep everything
const nameOf = (queue: number) => `q${queue}`
const isQuorum = (name: string) => Number(name.slice(1)) % 2 === 1

/** Does what it is told to, and knows what must be on the disk afterwards. */
class Model {
  readonly queues = new Set<string>()
  readonly known = new Map<number, Known>()
  /** Texts of messages that somebody was told to be stored, and that have not left since. */
  readonly promised = new Map<number, string>()
  readonly disk: Disk
  readonly recorder: Recorder<Note>
  next = 1

  constructor({ disk, recorder }: ReturnType<typeof make>) {
    this.disk = disk
    this.recorder = recorder
  }

  run(one: Op): void {
    const { recorder, known, queues, promised } = this
    switch (one.do) {
      case "publish": {
        const packet = note(`n${this.next}`, one.persistent)
        for (const queue of one.queues.map(nameOf).filter((name) => queues.has(name))) {
          const id = this.next++
          const isKept = recorder.entered(entry(queue, id, packet))
          assert.equal(isKept, one.persistent || isQuorum(queue))
          if (!isKept) continue
          known.set(id, { queue, text: packet.text, redelivered: false, returns: 0, isHeld: false })
          recorder.whenStored(
            recorder.recorded(),
            (isStored) => isStored && known.has(id) ? void promised.set(id, packet.text) : undefined,
          )
        }
        return
      }
      case "declare": {
        const name = nameOf(one.queue)
        if (queues.has(name)) return
        queues.add(name)
        return recorder.queueDeclared({ name, type: isQuorum(name) ? "quorum" : "classic" })
      }
      case "delete": {
        const name = nameOf(one.queue)
        if (!queues.delete(name)) return
        recorder.queueDeleted(name)
        for (const [id, { queue }] of known) if (queue === name && known.delete(id)) promised.delete(id)
        return
      }
      case "flush":
        return this.#flush(one.isFull)
      default:
        return this.#change(one.do, [...known.keys()][one.nth % Math.max(1, known.size)])
    }
  }

  #change(what: "hand" | "return" | "leave", id: number | undefined): void {
    const message = id === undefined ? undefined : this.known.get(id)
    if (id === undefined || message === undefined) return
    if (what === "leave") {
      this.recorder.left(message.queue, id)
      this.known.delete(id)
      this.promised.delete(id)
    } else if (what === "hand" && !message.isHeld) {
      this.recorder.handed(message.queue, id)
      message.isHeld = message.redelivered = true
    } else if (what === "return" && message.isHeld) {
      message.isHeld = false
      if (isQuorum(message.queue)) this.recorder.returned(message.queue, id, ++message.returns)
    }
  }

  #flush(isFull: boolean): void {
    const { disk, recorder } = this
    disk.isFull = isFull
    const before = recorder.recorded()
    const error = recorder.flush()
    if (error !== undefined) return assert.equal(error, full)
    recorder.whenStored(before, (isStored) => assert.equal(isStored, true))
    assert.deepEqual([...disk.things.keys()].sort(), Array.from(this.queues, (name) => `queue ${name}`).sort())
    const expected = Array.from(this.known, ([id, { queue, text, redelivered, returns, isHeld }]) => ({
      id,
      queue,
      text,
      redelivered,
      returns: returns + (isHeld && isQuorum(queue) ? 1 : 0),
    }))
    const rows = [...disk.messages.values()].sort((a, b) => a.id - b.id)
    const found = rows.map(({ id, queue, content, redelivered, returns }) => ({
      id,
      queue,
      text: disk.contents.get(content),
      redelivered,
      returns,
    }))
    assert.deepEqual(found, expected)
    assert.deepEqual(new Set(disk.contents.keys()), new Set(rows.map(({ content }) => content)))
  }

  /** What somebody was told is there. */
  check(): void {
    for (const [id, text] of this.promised) {
      assert.equal(
        this.disk.contents.get(this.disk.messages.get(id)?.content ?? -1),
        text,
        "what was promised is there",
      )
    }
  }
}

describe("Recorder", () => {
  test("brings to the disk exactly what is there, and says so only then", () => {
    let flushed = 0
    fc.assert(
      fc.property(fc.array(op, { minLength: 10, maxLength: 80 }), (ops) => {
        const model = new Model(make())
        for (const one of ops) {
          model.run(one)
          model.check()
        }
        model.run({ do: "flush", isFull: false })
        model.check()
        flushed += model.promised.size
      }),
      { numRuns: 500 },
    )
    assert.ok(flushed > 100, `only ${flushed} messages were stored`)
  })

  test("never writes what left before the disk was asked", () => {
    const { disk, recorder, calls } = make()
    recorder.queueDeclared({ name: "q", type: "quorum" })
    const packet = note("gone")
    recorder.entered(entry("q", 1, packet))
    recorder.entered(entry("q", 2, packet))
    recorder.handed("q", 1)
    recorder.left("q", 1)
    assert.equal(recorder.flush(), undefined)
    assert.deepEqual([...disk.messages.keys()], [2])
    assert.equal(disk.written, 1)
    recorder.entered(entry("q", 3, note("gone too")))
    recorder.left("q", 3)
    assert.equal(recorder.flush(), undefined)
    assert.equal(disk.written, 1)
    assert.equal(calls(), 2, "asked once for each group")
  })

  test("writes a content of several queues once, and removes it with the last", () => {
    const { disk, recorder } = make()
    for (const name of ["a", "b"]) recorder.queueDeclared({ name, type: "quorum" })
    const packet: Note = note("both")
    recorder.entered(entry("a", 1, packet))
    recorder.entered(entry("b", 2, packet))
    recorder.flush()
    assert.deepEqual([...disk.contents], [[1, "both"]])
    recorder.left("a", 1)
    recorder.flush()
    assert.deepEqual([...disk.contents.keys()], [1])
    recorder.left("b", 2)
    recorder.flush()
    assert.equal(disk.contents.size + disk.messages.size, 0)
  })

  test("tells whoever waits that it is not stored, and everybody until it is", () => {
    const { disk, recorder } = make()
    const heard: Array<string> = []
    const wait = (name: string) =>
      recorder.whenStored(recorder.recorded(), (isStored) => void heard.push(`${name} ${isStored}`))
    wait("nothing")
    recorder.queueDeclared({ name: "q", type: "quorum" })
    wait("first")
    disk.isFull = true
    assert.equal(recorder.flush(), full)
    recorder.entered(entry("q", 1, note("x")))
    wait("second")
    assert.deepEqual(heard, ["nothing true", "first false", "second false"])
    disk.isFull = false
    assert.equal(recorder.flush(), undefined)
    recorder.entered(entry("q", 2, note("y")))
    wait("third")
    assert.equal(recorder.flush(), undefined)
    assert.deepEqual(heard.slice(3), ["third true"])
    assert.deepEqual([...disk.messages.keys()], [1, 2])
  })
})
