/**
 * What two brokers are told in a differential run: drawn again from a seed, of every kind, and made short.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { allowed } from "../../../scripts/differential/allowed.ts"
import { describeOperation } from "../../../scripts/differential/describe.ts"
import { drawSequence } from "../../../scripts/differential/draw.ts"
import { Names } from "../../../scripts/differential/Names.ts"
import { shrink } from "../../../scripts/differential/shrink.ts"
import { describeKind } from "../../../scripts/differential/Side.ts"
import { methods } from "../../../src/broker/amqp/mod.ts"

const everything: ReadonlySet<string> = new Set()

describe("drawSequence()", () => {
  test("draws the same again, and another one for another number or seed", () => {
    const lines = (seed: number, index: number) =>
      drawSequence(seed, index, everything).operations.map(describeOperation).join("\n")
    assert.equal(lines(1, 5), lines(1, 5))
    assert.notEqual(lines(1, 5), lines(1, 6))
    assert.notEqual(lines(1, 5), lines(2, 5))
  })

  test("draws every method that a client may send", () => {
    const drawn = new Set<string>()
    for (let index = 0; index < 100; index++) {
      for (const one of drawSequence(3, index, everything).operations) {
        if (one.kind === "call") drawn.add(describeKind(one.method))
        else if (one.kind === "settle") drawn.add(one.verb)
      }
    }
    const ofServers = /-ok$|get-empty|deliver|return|^connection\./
    const missing = Object.keys(methods).filter((name) => !ofServers.test(name) && !drawn.has(name))
    // `access.request` has a flag of that name, and channels are opened when they are needed
    assert.deepEqual(missing, ["channel.open", "access.request"])
    assert.ok(drawn.has("access.request passive") && drawn.has("queue.declare passive"))
  })

  test("leaves out what a server does not do", () => {
    const without = new Set(["tx", "basic.get"])
    const lines = Array.from({ length: 60 }, (_, index) => drawSequence(4, index, without).operations)
      .flat().filter((one) => one.kind === "call").map(({ method }) => method.name)
    assert.ok(lines.length > 1_000)
    assert.deepEqual(lines.filter((name) => name.startsWith("tx.") || name === "basic.get"), [])
  })
})

describe("shrink()", () => {
  test("leaves what is needed and nothing else", async () => {
    const all = Array.from({ length: 50 }, (_, i) => i)
    let tries = 0
    const fails = (numbers: ReadonlyArray<number>) => {
      tries++
      return Promise.resolve([3, 17, 42].every((one) => numbers.includes(one)))
    }
    assert.deepEqual(await shrink(all, fails), [3, 17, 42])
    assert.ok(tries < 100, String(tries))
  })

  test("keeps everything where everything is needed", async () => {
    const all = [0, 1, 2, 3]
    assert.deepEqual(await shrink(all, (numbers) => Promise.resolve(numbers.length === 4)), all)
  })
})

describe("Names", () => {
  test("gives its own name to what a server chose, and takes both for the same", () => {
    const names = new Names("d7.")
    assert.equal(names.outside("%q0"), "d7.q0")
    assert.equal(names.inside("d7.q0"), "%q0")
    assert.equal(names.outside("%s0"), "d7.s0")
    assert.equal(names.inside("amq.gen-abc"), "%s0")
    assert.equal(names.inside("amq.gen-xyz"), "%s1")
    assert.equal(names.outside("%s0"), "amq.gen-abc")
    assert.equal(names.inside("amq.direct"), "amq.direct")
  })
})

test("few differences are allowed, each for a reason", () => {
  assert.ok(allowed.length <= 10, `${allowed.length}`)
  for (const { name, reason } of allowed) assert.ok(name.length > 10 && reason.length > 40, name)
})
