/**
 * Acks that wait for each other: whatever the order, the broker learns of each delivery once. No broker.
 */
import { describe, test } from "#test"
import fc from "fast-check"
import assert from "node:assert/strict"
import { Acks } from "../../../adapters/amqp/Acks.ts"

describe("Acks", () => {
  test("one ack stands for a run of deliveries, and only for those", () => {
    const acks = new Acks()
    for (const tag of [1, 3, 2, 5]) acks.owe(tag)
    assert.equal(acks.size, 4)
    // 4 is still in hand
    assert.deepEqual(acks.take(), [{ tag: 3, upTo: true }, { tag: 5, upTo: false }])
    assert.equal(acks.size, 0)
    assert.deepEqual(acks.take(), [])
    acks.owe(4)
    assert.deepEqual(acks.take(), [{ tag: 4, upTo: false }])
    for (const tag of [6, 7]) acks.owe(tag)
    assert.deepEqual(acks.take(), [{ tag: 7, upTo: true }])
  })

  test("an ack that stands for others names a delivery that was not given back", () => {
    const acks = new Acks()
    acks.owe(1)
    acks.owe(2)
    acks.passOver(3)
    assert.deepEqual(acks.take(), [{ tag: 2, upTo: true }])
    acks.owe(4)
    assert.deepEqual(acks.take(), [{ tag: 4, upTo: false }])
  })

  test("a broker that is strict about tags sees each delivery settled once", () => {
    const turns = fc.array(
      fc.record({ pick: fc.nat(), verdict: fc.constantFrom("ack", "ack", "ack", "requeue", "take") }),
    )
    fc.assert(fc.property(turns, (turns) => {
      const acks = new Acks()
      // what the broker waits for, and what the consumer has in hand
      const outstanding = new Set<number>()
      const inHand: Array<number> = []
      let next = 1
      const write = () => {
        for (const { tag, upTo } of acks.take()) {
          assert.ok(outstanding.has(tag), `${tag} is unknown to the broker`)
          for (const other of [...outstanding]) {
            if (other !== tag && !(upTo && other < tag)) continue
            assert.ok(!inHand.includes(other), `${other} is still in hand`)
            outstanding.delete(other)
          }
        }
      }
      for (const { pick, verdict } of turns) {
        while (inHand.length < 5) {
          inHand.push(next)
          outstanding.add(next++)
        }
        if (verdict === "take") {
          write()
          continue
        }
        const [tag = 0] = inHand.splice(pick % inHand.length, 1)
        if (verdict === "ack") acks.owe(tag)
        else {
          outstanding.delete(tag)
          acks.passOver(tag)
        }
      }
      for (const tag of inHand.splice(0)) acks.owe(tag)
      write()
      assert.deepEqual([...outstanding], [])
    }))
  })
})
