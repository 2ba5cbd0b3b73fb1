/**
 * Headers and packets: what is written is read again; foreign headers never hurt; deadlines under clock skew.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import { callDeadline } from "../../src/runtime/deadline.ts"
import type { HeaderValue, Packet } from "../../src/transport/mod.ts"
import {
  callPacket,
  cancelPacket,
  deadCopy,
  eventPacket,
  Header,
  nextTrace,
  readMeta,
  replyPacket,
  retryCopy,
  retryTiers,
  tierFor,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const origin = (id: string, now: number, cause: string | undefined) => ({
  id,
  type: "sales.quote",
  app: "sales",
  now,
  trace: nextTrace(undefined, id),
  version: "3",
  schema: "0123456789abcdef",
  cause,
})

const scalar: fc.Arbitrary<HeaderValue> = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean())
const body = new Uint8Array([0x7b, 0x7d])
const now = fc.integer({ min: 1, max: 4e12 })

describe("packets", () => {
  test("readMeta() reads what packets were made with", () =>
    properties(fc.property(fc.uuid(), now, fc.option(fc.uuid(), { nil: undefined }), (id, at, cause) => {
      const made = origin(id, at, cause)
      const { trace, version, schema } = made
      const event = readMeta(eventPacket(made, body))
      const none = { deadline: undefined, timeout: undefined, sent: undefined }
      assert.deepEqual(event, { trace, version, schema, ...none, attempt: 1, cause })
      const packet = callPacket(made, body, "replies", at + 500)
      const call = readMeta(packet)
      assert.deepEqual([call.deadline, call.timeout, packet.expiration], [at + 500, 500, 500])
      assert.deepEqual([packet.correlationId, packet.replyTo, packet.persistent], [id, "replies", false])
      assert.equal(readMeta(callPacket(made, body, "replies", at + 500, false, 77)).sent, 77)
    })))

  test("readMeta() takes any headers for what they are, or for absent", () =>
    properties(
      fc.property(fc.dictionary(fc.constantFrom(...Object.values(Header)), scalar), (headers) => {
        const meta = readMeta({ ...eventPacket(origin("x", 1, undefined), body), headers })
        assert.ok(Number.isInteger(meta.attempt) && meta.attempt >= 1)
        for (const time of [meta.deadline, meta.timeout, meta.sent]) {
          assert.ok(time === undefined || Number.isFinite(time))
        }
      }),
      500,
    ))

  test("retryCopy() and deadCopy() change what they say and nothing else, and drop the broker's death records", () =>
    properties(fc.property(
      fc.dictionary(
        fc.constantFrom(
          "x-death",
          "x-first-death-queue",
          "x-last-death-reason",
          "x-death-count",
          "mine",
          Header.traceparent,
        ),
        scalar,
      ),
      fc.integer({ min: 1, max: 99 }),
      (headers, attempt) => {
        const packet: Packet = { ...callPacket(origin("x", 1, "y"), body, "r", 9), headers }
        const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-")))
        const retry = retryCopy(packet, attempt)
        assert.deepEqual(retry.headers, { ...kept, [Header.attempt]: attempt })
        assert.deepEqual([retry.expiration, retry.persistent, retry.id, retry.body], [
          undefined,
          true,
          "x",
          packet.body,
        ])
        const error = "e".repeat(5_000)
        const dead = deadCopy(packet, { reason: "failed", error, handler: "a.b", attempt, now: 7 })
        assert.deepEqual(dead.headers, {
          ...kept,
          [Header.attempt]: attempt,
          [Header.deadReason]: "failed",
          [Header.deadError]: error.slice(0, 4096),
          [Header.deadHandler]: "a.b",
          [Header.deadAt]: 7,
        })
        assert.equal(dead.body, packet.body)
      },
    )))

  test("replies go with their call; a cancellation expires with it", () => {
    const call = callPacket(origin("x", 1, undefined), body, "r", 501)
    const declared = replyPacket(call, "parts", 2, { _tag: "Declared", body })
    assert.deepEqual([declared.correlationId, declared.headers[Header.error]], ["x", "declared"])
    assert.equal(declared.headers[Header.traceparent], call.headers[Header.traceparent])
    const failure = replyPacket(call, "parts", 2, { _tag: "Failure", tag: "HandlerDied", body })
    assert.equal(failure.headers[Header.error], "HandlerDied")
    assert.equal(replyPacket(call, "parts", 2, { _tag: "Value", body }).headers[Header.error], undefined)
    assert.equal(cancelPacket("x", "sales.quote", "web", 400, 501).expiration, 101)
    assert.equal(cancelPacket("x", "sales.quote", "web", 600, 501).expiration, 0)
  })
})

describe("tierFor()", () => {
  test("rounds up to the next tier, and stops at the longest", () =>
    properties(fc.property(fc.double({ min: 0, max: 1e8, noNaN: true }), (delay) => {
      const [, ms] = tierFor(delay)
      const longer = retryTiers.filter(([, tier]) => tier >= delay)
      assert.equal(ms, longer.length === 0 ? 3_600_000 : longer[0]![1])
    })))
})

describe("callDeadline()", () => {
  const at = (timeout: number, skew: number, transit: number, sent = 1_800_000_000_000) => {
    const packet = callPacket(origin("x", sent, undefined), body, "r", sent + timeout)
    const received = sent + transit + skew
    return { ...callDeadline(packet, readMeta(packet), received), received }
  }
  const timeouts = fc.integer({ min: 1, max: 60_000 })

  test("is the sender's deadline where the clocks agree", () =>
    properties(fc.property(timeouts, fc.nat(900), (timeout, transit) => {
      const { deadline, skew, received } = at(timeout, 0, Math.min(transit, timeout))
      assert.equal(skew, undefined)
      assert.equal(deadline - received, timeout - Math.min(transit, timeout))
    })))

  test("a timeout of more than a day is no sign of another clock", () => {
    const day = 86_400_000
    assert.deepEqual(at(30 * day, 0, 20), {
      deadline: 1_800_000_000_020 + day,
      skew: undefined,
      received: 1_800_000_000_020,
    })
  })

  test("never grants more than was asked for, and neither kills nor revives under skew", () =>
    properties(fc.property(timeouts, fc.integer({ min: -1e8, max: 1e8 }), fc.nat(50), (timeout, skew, transit) => {
      const told = at(timeout, skew, transit)
      const left = told.deadline - told.received
      assert.ok(left <= timeout, "never longer than its timeout")
      // a skew that is larger than any life of the call is seen, and the duration counts
      if (Math.abs(skew) > timeout + 2_000) {
        assert.equal(left, timeout)
        assert.ok(told.skew !== undefined)
        assert.equal(Math.sign(told.skew), Math.sign(skew))
      }
    })))

  test("is at most a day from now, whatever a foreign call says", () =>
    properties(
      fc.property(scalar, scalar, fc.option(fc.double(), { nil: undefined }), (deadline, timeout, expiration) => {
        const packet: Packet = {
          ...callPacket(origin("x", 0, undefined), body, "r", 1),
          headers: { [Header.deadline]: deadline, [Header.timeout]: timeout },
          expiration: Number.isFinite(expiration) ? expiration : undefined,
        }
        const told = callDeadline(packet, readMeta(packet), 1_800_000_000_000)
        assert.ok(told.deadline <= 1_800_000_000_000 + 86_400_000)
      }),
      500,
    ))
})
