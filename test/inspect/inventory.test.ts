/**
 * Whose a queue is: names read back, orphans told from what is in use, stale bindings, fingerprints that differ.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { differences, type Known, readQueueName, sortQueues } from "../../src/inspect/mod.ts"
import type { Instance, Life } from "../../src/runtime/mod.ts"
import type { QueueFacts, Survey } from "../../src/transport/mod.ts"
import { QueueName } from "../../src/wire/mod.ts"

const known: Known = {
  apps: ["stock"],
  handlers: [{
    app: "stock",
    name: "swap",
    subject: "shop.returned",
    queue: "warren.on.stock.swap",
    schema: "new",
  }],
  queues: ["warren.on.stock.swap", "warren.dead.stock", "warren.calls.stock.count"],
  bindings: [{ exchange: "warren.events", queue: "warren.on.stock.swap", key: "shop.returned" }],
}

const queue = (name: string, consumers: number | null = 0): QueueFacts => ({
  name,
  type: "quorum",
  ready: 3,
  unacked: 0,
  consumers,
})

const survey = (queues: ReadonlyArray<QueueFacts>, bindings: Survey["bindings"] = []): Survey => ({
  complete: true,
  queues,
  bindings,
})

const instance = (name: string, subject: string, life: Life = "running", schema = "old"): Instance => ({
  instance: "i1",
  apps: [{
    app: "stock",
    handlers: [{
      name,
      kind: subject.startsWith("every") ? "schedule" : "listener",
      subject,
      queue: subject.startsWith("every") ? `warren.every.stock.${name}` : `warren.on.stock.${name}`,
      schema: subject.startsWith("every") ? "" : schema,
      version: "1",
      idempotent: false,
    }],
  }],
  emits: [],
  calls: [],
  host: "h",
  pid: 7,
  runtime: "bun",
  version: "",
  startedAt: 0,
  state: "running",
  every: 1_000,
  inHand: 0,
  handled: 0,
  failed: 0,
  life,
  lastHeard: 0,
  goneAt: undefined,
  isSelf: false,
})

const names = (queues: ReadonlyArray<{ readonly name: string }>) => queues.map(({ name }) => name)

describe("readQueueName()", () => {
  test("reads back every name that the wire makes", () => {
    const roles = {
      listener: QueueName.listener("stock", "swap"),
      call: QueueName.call("stock.count"),
      schedule: QueueName.schedule("stock", "tick"),
      token: QueueName.token("stock", "tick"),
      replies: QueueName.replies("i1"),
      control: QueueName.control("i1"),
      tap: QueueName.tap("i1", "k"),
      retry: QueueName.retry("1h"),
      dead: QueueName.dead("stock"),
      directory: QueueName.directory,
      ledger: QueueName.ledger,
      contracts: QueueName.contracts,
    }
    // a kind of queue that is new in the wire wants to be known here
    assert.deepEqual(Object.keys(roles).sort(), Object.keys(QueueName).sort())
    for (const [role, name] of Object.entries(roles)) {
      assert.equal(readQueueName(name).role, role === "contracts" ? "ledger" : role, name)
    }
    assert.deepEqual(readQueueName("warren.on.stock.a.b"), { role: "listener", app: "stock", rest: "a.b" })
    for (const name of ["orders", "warren.on.stock", "warren.on..x", "warren.on.x.", "warren.new.x", ""]) {
      assert.equal(readQueueName(name).role, "foreign", name)
    }
  })
})

describe("sortQueues()", () => {
  const old = queue("warren.on.stock.old")
  test("an orphan is of an app that is here, without handler, consumer and process", () => {
    const bound = [{ exchange: "warren.events", queue: old.name, key: "shop.sold" }]
    const { orphans, missing, others, common, derived, dead } = sortQueues(
      known,
      survey([
        old,
        queue("warren.every.stock.tick"),
        queue("warren.on.other.old"),
        queue("warren.calls.other.count"),
        queue("warren.dead.stock"),
        queue("warren.dead.other"),
        queue("warren.on.stock.swap"),
        queue("warren.odd"),
      ], bound),
      [],
    )
    assert.deepEqual(orphans.map(({ name, events }) => [name, events]), [
      ["warren.every.stock.tick", []],
      [old.name, ["shop.sold"]],
    ])
    assert.deepEqual(names(others), ["warren.on.other.old"])
    assert.deepEqual(names(common), ["warren.calls.other.count", "warren.odd"])
    assert.deepEqual(names(derived), ["warren.dead.stock", "warren.on.stock.swap"])
    assert.deepEqual(names(dead), ["warren.dead.other", "warren.dead.stock"])
    assert.deepEqual(missing, ["warren.calls.stock.count"])
  })

  test("a consumer, or a process that serves it, keeps a queue; one that is gone does not", () => {
    const consumed = sortQueues(known, survey([{ ...old, consumers: 2 }]), [])
    assert.deepEqual([consumed.orphans, consumed.inUse[0]?.why], [[], "2 consumers that said nothing"])
    for (const life of ["running", "draining", "missing"] as const) {
      const { orphans, inUse } = sortQueues(known, survey([old]), [instance("old", "shop.sold", life)])
      assert.deepEqual([orphans, inUse[0]?.why], [[], 'served by instance i1 (host "h", pid 7)'], life)
    }
    assert.deepEqual(names(sortQueues(known, survey([old]), [instance("old", "shop.sold", "gone")]).orphans), [
      old.name,
    ])
    const self = { ...instance("old", "shop.sold"), isSelf: true }
    assert.deepEqual(names(sortQueues(known, survey([old]), [self]).orphans), [old.name])
  })

  test("a schedule that is served keeps its ticks and its token", () => {
    const queues = [queue("warren.every.stock.tick"), queue("warren.token.stock.tick")]
    const { orphans, inUse } = sortQueues(known, survey(queues), [instance("tick", "every 1m")])
    assert.deepEqual([orphans.length, inUse.length], [0, 2])
  })

  test("events of bindings that cannot be seen are not known, rather than none", () => {
    const { orphans, stale } = sortQueues(known, { complete: false, queues: [old], bindings: undefined }, [])
    assert.deepEqual([orphans[0]?.events, stale], [null, []])
  })

  const swap = "warren.on.stock.swap"
  const both = ["shop.sold", "shop.returned"].map((key) => ({ exchange: "warren.events", queue: swap, key }))

  test("a binding to an event that the listener does not take is stale", () => {
    const { stale } = sortQueues(known, survey([queue(swap)], both), [])
    assert.deepEqual(stale, [{ ...both[0]!, handler: "stock.swap", listensTo: ["shop.returned"] }])
    const now = sortQueues(known, survey([queue(swap, 1)], both), [instance("swap", "shop.returned")])
    assert.equal(now.stale.length, 1)
  })

  test("it is not while a process serves that event, or nobody knows what the consumer takes", () => {
    const served = sortQueues(known, survey([queue(swap, 1)], both), [instance("swap", "shop.sold")])
    const unknown = sortQueues(known, survey([queue(swap, 1)], both), [])
    assert.deepEqual([served.stale, unknown.stale], [[], []])
  })
})

describe("differences()", () => {
  test("names who reads a contract by which schema, in processes and modules", () => {
    const found = differences(known, [instance("swap", "shop.returned"), instance("old", "shop.sold")])
    assert.deepEqual(found, [{
      type: "shop.returned",
      schemas: [
        { fingerprint: "new", readers: [{ handler: "stock.swap", where: "the modules" }] },
        { fingerprint: "old", readers: [{ handler: "stock.swap", where: 'instance i1, host "h", pid 7' }] },
      ],
    }])
    assert.deepEqual(differences(known, [instance("swap", "shop.returned", "gone")]), [])
    assert.deepEqual(differences(known, [instance("swap", "shop.returned", "running", "new")]), [])
  })
})
