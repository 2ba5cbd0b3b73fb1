/**
 * Notices of presence: what is written is read again, and no foreign JSON passes for one or does harm.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  type Announcement,
  decodeNotice,
  encodeNotice,
  encodeTold,
  type Hearsay,
  type Notice,
  presenceLimits,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes("__proto__"))
const text = fc.string({ maxLength: 20 }).filter((one) => !one.includes("__proto__"))
const count = fc.nat()

const announcement: fc.Arbitrary<Announcement> = fc.record({
  instance: name,
  apps: fc.array(
    fc.record({
      app: name,
      handlers: fc.array(
        fc.record({
          name,
          kind: fc.constantFrom("call" as const, "listener" as const, "schedule" as const),
          subject: text,
          queue: text,
          schema: text,
          version: text,
          idempotent: fc.boolean(),
        }),
        { maxLength: 4 },
      ),
    }),
    { maxLength: 3 },
  ),
  emits: fc.array(text, { maxLength: 3 }),
  calls: fc.array(text, { maxLength: 3 }),
  host: text,
  pid: count,
  runtime: text,
  version: text,
  startedAt: count,
  state: fc.constantFrom("running" as const, "draining" as const, "gone" as const),
  every: fc.integer({ min: 50, max: 3_600_000 }),
  inHand: count,
  handled: count,
  failed: count,
}).chain((one) =>
  fc.record({ lastHandled: count, lastError: text }, { requiredKeys: [] }).map((more) => ({ ...one, ...more }))
)

const hearsay: fc.Arbitrary<Hearsay> = fc.record({ announcement, ago: count }).chain((one) =>
  fc.record({ sent: count, at: count }, { requiredKeys: [] }).map((more) => ({ ...one, ...more }))
)

const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record({ instance: name, callers: fc.boolean(), left: count, heard: fc.array(hearsay, { maxLength: 3 }) }).map((
    told,
  ) => ({
    kind: "told" as const,
    told,
  })),
  announcement.map((announcement) => ({ kind: "announce" as const, announcement })),
  fc.record({ kind: fc.constantFrom("ask" as const, "ping" as const), instance: name }),
  fc.record({ kind: fc.constant("ask" as const), instance: name, callers: fc.constant(true) }),
  fc.record({ kind: fc.constant("tell" as const), instance: name, callers: fc.boolean() }),
)

const sample = (part: Partial<Record<keyof Announcement, unknown>> = {}) => ({
  v: 1,
  kind: "announce",
  instance: "i1",
  apps: [],
  emits: [],
  calls: [],
  host: "h",
  pid: 1,
  runtime: "bun 1",
  version: "",
  startedAt: 1,
  state: "running",
  every: 5_000,
  inHand: 0,
  handled: 0,
  failed: 0,
  ...part,
})

describe("decodeNotice()", () => {
  test("reads what encodeNotice() wrote", () =>
    properties(fc.property(notice, (one) => {
      const body = encodeNotice(one)
      assert.ok(body !== undefined)
      // records of fast-check have no prototype
      assert.deepEqual(decodeNotice(body), JSON.parse(JSON.stringify(one)))
    })))

  test("never throws, and what it reads could be written again, for any bytes and any JSON", () =>
    properties(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.jsonValue().map(bytes),
          fc.dictionary(fc.constantFrom(...Object.keys(sample())), fc.jsonValue()).map(bytes),
          // a good one with one field replaced, which is what foreign programs get wrong
          fc.tuple(announcement, fc.constantFrom(...Object.keys(sample())), fc.jsonValue()).map(([one, key, value]) =>
            bytes({ v: 1, kind: "announce", ...one, [key]: value })
          ),
        ),
        (body) => {
          const read = decodeNotice(body)
          if (read !== undefined) assert.deepEqual(decodeNotice(encodeNotice(read) ?? new Uint8Array(0)), read)
        },
      ),
      2_000,
    ))

  test("takes a good one, with fields that it does not know, and nothing beyond its limits", () => {
    const { bytes: most, handlers, apps, text } = presenceLimits
    const handler = {
      name: "h",
      kind: "call",
      subject: "a.b",
      queue: "q",
      schema: "s",
      version: "1",
      idempotent: false,
    }
    const many = (length: number) => [{ app: "a", handlers: Array.from({ length }, () => handler) }]
    const isRead = (part: Parameters<typeof sample>[0]) => decodeNotice(bytes(sample(part))) !== undefined
    assert.ok(isRead({ later: 1 } as Parameters<typeof sample>[0]))
    assert.ok(isRead({ apps: many(handlers) }))
    assert.ok(!isRead({ apps: many(handlers + 1) }))
    assert.ok(!isRead({ apps: [...many(handlers), ...many(1)] }))
    assert.ok(isRead({ apps: Array.from({ length: apps }, (_, i) => ({ app: `a${i}`, handlers: [] })) }))
    assert.ok(!isRead({ apps: Array.from({ length: apps + 1 }, (_, i) => ({ app: `a${i}`, handlers: [] })) }))
    assert.ok(isRead({ host: "h".repeat(text) }))
    assert.ok(!isRead({ host: "h".repeat(text + 1) }))
    assert.ok(!isRead({ later: "x".repeat(most) } as Parameters<typeof sample>[0]))
    for (const every of [0, 49, 3_600_001, 1.5, "5000", null]) assert.ok(!isRead({ every }), `every: ${every}`)
    for (const pid of [-1, 1.5, 2 ** 60]) assert.ok(!isRead({ pid }), `pid: ${pid}`)
    assert.ok(!isRead({ instance: "" }))
    assert.equal(decodeNotice(bytes({ ...sample(), v: 2 })), undefined)
  })
})

describe("encodeNotice()", () => {
  test("refuses what nobody would read", () => {
    const read = decodeNotice(bytes(sample()))
    assert.ok(read?.kind === "announce")
    const { announcement } = read
    assert.equal(
      encodeNotice({ kind: "announce", announcement: { ...announcement, host: "h".repeat(600) } }),
      undefined,
    )
    assert.equal(encodeNotice({ kind: "announce", announcement: { ...announcement, every: 1 } }), undefined)
    assert.equal(encodeNotice({ kind: "ask", instance: "" }), undefined)
  })
})

describe("encodeTold()", () => {
  const known = (instance: string, part: Partial<Announcement> = {}): Hearsay => ({
    announcement: decode(bytes(sample({ instance, ...part }))),
    ago: 7,
  })
  const decode = (body: Uint8Array): Announcement => {
    const said = decodeNotice(body)
    assert.ok(said?.kind === "announce")
    return said.announcement
  }
  const parts = (heard: ReadonlyArray<Hearsay>) =>
    encodeTold("teller", true, heard).map((body) => {
      const said = decodeNotice(body)
      assert.ok(said?.kind === "told", "each part is read")
      return said.told
    })

  test("tells nobody in one part, and many in as many as it takes, the last one with none left", () => {
    assert.deepEqual(parts([]), [{ instance: "teller", callers: true, left: 0, heard: [] }])
    const heard = Array.from({ length: presenceLimits.told + 1 }, (_, i) => known(`i${i}`))
    const told = parts(heard)
    assert.deepEqual(told.map(({ left }) => left), [2, 1, 0])
    assert.deepEqual(told.flatMap((one) => one.heard), heard)
  })

  test("makes smaller parts of what is large, and leaves out what would be too large alone", () => {
    const texts = Array.from({ length: presenceLimits.names }, (_, i) => String(i).padEnd(400, "x"))
    const heard = [known("a", { emits: texts }), known("b", { calls: texts }), known("small")]
    assert.deepEqual(
      parts(heard).map(({ left, heard }) => [left, heard.map(({ announcement }) => announcement.instance)]),
      [
        [1, ["a"]],
        [0, ["b", "small"]],
      ],
    )
    const tooLarge = { ...known("large"), announcement: { ...known("large").announcement, emits: texts, calls: texts } }
    assert.deepEqual(parts([tooLarge, known("small")]).flatMap((one) => one.heard), [known("small")])
  })
})
