/**
 * Enquiries: what is written is read again, and no foreign JSON passes for one or does harm.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  type Answered,
  decodeAnswer,
  decodeEnquiry,
  encodeAnswer,
  encodeEnquiry,
  type Enquiry,
  enquiryLimits,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const text = fc.string({ maxLength: 20 }).filter((one) => !one.includes("__proto__"))
const figure = fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((one) =>
  Object.is(one, -0) ? 0 : one
)

const enquiry: fc.Arbitrary<Enquiry> = fc.record({
  asker: text,
  number: fc.nat(),
  question: fc.oneof(
    fc.record({ kind: fc.constantFrom("ping" as const, "info" as const, "stats" as const) }),
    fc.record({ kind: fc.constant("find" as const), id: text }),
  ),
})

const mishap = fc.record({ at: figure, id: text, error: text })
const recent = fc.record({ count: figure, p50: figure, p99: figure, perSecond: figure })

const handler = fc.record({
  app: text,
  name: text,
  kind: fc.constantFrom("call" as const, "listener" as const, "schedule" as const),
  subject: text,
  queue: text,
  schema: text,
  held: fc.boolean(),
  concurrency: figure,
  prefetch: figure,
  inHand: figure,
  running: figure,
  halted: figure,
  handled: figure,
  failed: figure,
  retried: figure,
  dead: figure,
  skipped: figure,
  returned: figure,
  recent,
}).chain((one) =>
  fc.record({ lastFailed: mishap, oldest: figure }, { requiredKeys: [] }).map((more) => ({ ...one, ...more }))
)

const answered: fc.Arbitrary<Answered> = fc.record({
  instance: text,
  number: fc.nat(),
  answer: fc.oneof(
    fc.record({ kind: fc.constant("ping" as const), now: figure }),
    fc.record({
      kind: fc.constant("find" as const),
      now: figure,
      sightings: fc.array(fc.record({ fact: text, at: figure }), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("stats" as const),
      now: figure,
      apps: fc.array(text, { maxLength: 3 }),
      startedAt: figure,
      state: text,
      connection: fc.record({ state: text }),
      waiting: figure,
      handlers: fc.array(handler, { maxLength: 3 }),
      sent: fc.array(
        fc.record({
          type: text,
          kind: fc.constantFrom("event" as const, "call" as const),
          schema: text,
          done: figure,
          unheard: figure,
          failed: figure,
          recent,
        }),
        { maxLength: 3 },
      ),
    }),
  ),
})

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** fast-check makes records without a prototype. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("enquiries", () => {
  test("what is written is read again", () => {
    properties(
      fc.property(
        enquiry,
        (one) => assert.deepEqual(plain(decodeEnquiry(encodeEnquiry(one)!)), plain({ v: 1, ...one })),
      ),
    )
    properties(
      fc.property(
        answered,
        (one) => assert.deepEqual(plain(decodeAnswer(encodeAnswer(one)!)), plain({ v: 1, ...one })),
      ),
    )
  })

  test("any bytes and any JSON give nothing or what fits, and never throw", () => {
    properties(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        decodeEnquiry(body)
        decodeAnswer(body)
      }),
    )
    properties(
      fc.property(fc.jsonValue(), (json) => {
        assert.equal(decodeEnquiry(bytes({ v: 2, ...Object(json) })), undefined)
        decodeAnswer(bytes({ v: 1, instance: "i", number: 1, answer: json }))
      }),
    )
  })

  test("what is too long is neither written nor read", () => {
    const long = { asker: "a", number: 1, question: { kind: "find" as const, id: "x".repeat(enquiryLimits.enquiry) } }
    assert.equal(encodeEnquiry(long), undefined)
    assert.equal(decodeEnquiry(bytes({ v: 1, ...long })), undefined)
  })
})
