/**
 * `tracestate`: what fits is carried as it is, what does not is dropped, and every packet hands it on.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  callPacket,
  deadCopy,
  eventPacket,
  Header,
  nextTrace,
  parseTracestate,
  readMeta,
  replyPacket,
  retryCopy,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const id = "01934d3a-7e2b-7c31-9d4f-0123456789ab"
const state = "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE"
const body = new Uint8Array([0x7b, 0x7d])
const origin = (tracestate: string | undefined) => ({
  id,
  type: "sales.quote",
  app: "sales",
  now: 1,
  trace: nextTrace(
    {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      sampled: true,
      ...(tracestate !== undefined && { state: tracestate }),
    },
    id,
  ),
  version: "1",
  schema: "",
  cause: undefined,
})

describe("parseTracestate()", () => {
  test("takes what the standard allows, as it is", () => {
    const long = `k=${"v".repeat(256)}`
    for (const good of ["a=1", state, "tenant@system=x", "0a@b=x", "a=1,,b=2", 'a*/_-=~!"#', long]) {
      assert.equal(parseTracestate(good), good)
    }
  })

  test("drops the rest", () => {
    const many = Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(",")
    const bad = [
      "",
      ",",
      "a",
      "=1",
      "a=",
      "A=1",
      "a=1,b",
      "a=\u00e9",
      "a=1\n",
      "a=1\n,b=2",
      "a=b=c",
      "0a=1",
      "a@b@c=1",
      many,
    ]
    for (const header of bad) assert.equal(parseTracestate(header), undefined, header)
    for (const header of [undefined, 1, true, null, {}, `a=${"x".repeat(600)}`, `a=${"x".repeat(257)}`]) {
      assert.equal(parseTracestate(header), undefined)
    }
  })

  test("never throws, and never gives anything else than it was given", () =>
    properties(fc.property(fc.string({ maxLength: 600 }), (header) => {
      const read = parseTracestate(header)
      assert.ok(read === undefined || read === header)
    })))
})

describe("packets", () => {
  test("carry it from step to step, into replies, retry and dead copies", () => {
    const call = callPacket(origin(state), body, "replies", 10)
    const event = eventPacket(origin(state), body)
    for (const packet of [call, event, replyPacket(call, "parts", 2, { _tag: "Value", body })]) {
      assert.equal(packet.headers[Header.tracestate], state)
      assert.equal(readMeta(packet).trace?.state, state)
    }
    const first = { traceId: "a".repeat(32), spanId: "c".repeat(16), sampled: true }
    const retry = retryCopy(event, 2, first)
    assert.equal(retry.headers[Header.tracestate], state)
    assert.equal(retry.headers[Header.firstAttempt], `00-${"a".repeat(32)}-${"c".repeat(16)}-01`)
    assert.equal(retryCopy(retry, 3).headers[Header.firstAttempt], retry.headers[Header.firstAttempt])
    const dead = deadCopy(retry, { reason: "failed", error: "e", handler: "a.b", attempt: 2, now: 7 })
    assert.equal(dead.headers[Header.tracestate], state)
    assert.equal(nextTrace(readMeta(dead).trace, id).state, state)
  })

  test("have none where there was none, or a malformed one", () => {
    assert.equal(Header.tracestate in eventPacket(origin(undefined), body).headers, false)
    const call = callPacket(origin(undefined), body, "replies", 10)
    const foreign = { ...call, headers: { ...call.headers, [Header.tracestate]: "no state at all" } }
    assert.equal(readMeta(foreign).trace?.state, undefined)
    assert.equal(Header.tracestate in replyPacket(foreign, "parts", 2, { _tag: "Value", body }).headers, false)
  })
})
