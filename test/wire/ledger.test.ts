/**
 * The ledger: joining is the same in any order and however often; what is written is read again; nothing foreign does harm.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  type Contracts,
  decodeContracts,
  decodeLedger,
  encodeContracts,
  encodeLedger,
  joinContracts,
  joinLedgers,
  type Ledger,
  ledgerLimits,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const now = 1_800_000_000_000
const time = fc.integer({ min: now - 1_000, max: now })
const name = fc.constantFrom("a", "b", "c")
const text = fc.constantFrom("x", "y", "")

const ledger: fc.Arbitrary<Ledger> = fc.array(
  fc.record({
    app: name,
    instances: fc.array(
      fc.record({
        instance: name,
        host: text,
        pid: fc.nat({ max: 3 }),
        runtime: text,
        version: text,
        since: fc.constant(1),
        seen: time,
      }).chain((one) => fc.boolean().map((isOver) => isOver ? { ...one, ended: one.seen } : one)),
      { maxLength: 3 },
    ),
    handlers: fc.array(
      fc.record({ name, kind: fc.constant("listener" as const), subject: name, queue: text, schema: text, seen: time }),
      { maxLength: 3 },
    ),
    sent: fc.array(fc.record({ type: name, kind: fc.constant("event" as const), schema: text, seen: time }), {
      maxLength: 3,
    }),
  }),
  { maxLength: 4 },
)

const contracts: fc.Arbitrary<Contracts> = fc.array(
  fc.record({
    type: name,
    kind: fc.constant("event" as const),
    fingerprint: name,
    version: fc.constant("1"),
    payload: fc.constant({ type: "object" }),
    apps: fc.uniqueArray(name, { maxLength: 2 }).map((some) => some.toSorted()),
    seen: time,
  }),
  { maxLength: 5 },
)

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const same = (one: unknown, other: unknown) => assert.deepEqual(plain(one), plain(other))

describe("joinLedgers()", () => {
  const join = (a: Ledger, b: Ledger) => joinLedgers(a, b, now)

  test("is the same in any order and however often", () => {
    properties(
      fc.property(ledger, ledger, ledger, (a, b, c) => {
        same(join(a, b), join(b, a))
        same(join(join(a, b), c), join(a, join(b, c)))
        const once = join(a, b)
        same(join(once, once), once)
        same(join(once, b), once)
      }),
      300,
    )
  })

  test("keeps the end of a process unless it was seen later, and forgets what was not seen for long", () => {
    const part = (seen: number, ended?: number): Ledger => [{
      app: "a",
      instances: [{
        instance: "i",
        host: "h",
        pid: 1,
        runtime: "bun",
        version: "",
        since: 1,
        seen,
        ...(ended !== undefined && { ended }),
      }],
      handlers: [],
      sent: [],
    }]
    assert.equal(join(part(now - 5, now - 5), part(now - 9))[0]?.instances[0]?.ended, now - 5)
    assert.equal(join(part(now - 5, now - 5), part(now - 2))[0]?.instances[0]?.ended, undefined)
    assert.deepEqual(join(part(now - ledgerLimits.memory - 1), []), [])
  })
})

describe("joinContracts()", () => {
  const join = (a: Contracts, b: Contracts) => joinContracts(a, b, now)

  test("is the same in any order and however often, and keeps few versions of each", () => {
    properties(
      fc.property(contracts, contracts, contracts, (a, b, c) => {
        same(join(a, b), join(b, a))
        same(join(join(a, b), c), join(a, join(b, c)))
        same(join(join(a, b), b), join(a, b))
      }),
      300,
    )
    const many: Contracts = Array.from({ length: 20 }, (_, i) => ({
      type: "a.b",
      kind: "event",
      fingerprint: `f${i}`,
      version: "1",
      payload: {},
      apps: ["a"],
      seen: now - i,
    }))
    assert.deepEqual(join(many, []).map(({ fingerprint }) => fingerprint), ["f0", "f1", "f2", "f3", "f4", "f5"])
  })
})

describe("the documents", () => {
  test("are read as they were written", () => {
    properties(fc.property(ledger, (one) => same(decodeLedger(encodeLedger(one)!), one)))
    properties(
      fc.property(
        contracts.filter((one) => one.length > 0),
        (one) => same(decodeContracts(encodeContracts(one)!), one),
      ),
    )
  })

  test("any bytes and any JSON are a document or nothing", () => {
    properties(fc.property(fc.uint8Array({ maxLength: 100 }), (body) => {
      assert.deepEqual([decodeLedger(body), decodeContracts(body)], [[], []])
    }))
    properties(fc.property(fc.jsonValue(), (json) => {
      decodeLedger(new TextEncoder().encode(JSON.stringify({ v: 1, apps: json })))
      decodeContracts(new TextEncoder().encode(JSON.stringify({ v: 1, contracts: [json] })))
    }))
  })
})
