/**
 * The short form of `bun scripts/fuzz/main.ts zmtp`: some thousands of spoiled conversations, the same on each runtime.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { describeFinding, describeReport, isClean } from "../../../../scripts/fuzz/report.ts"
import { fuzz, inputAt, judge } from "../../../../scripts/fuzz/run.ts"
import type { Target } from "../../../../scripts/fuzz/Target.ts"
import { zmtp } from "../../../../scripts/fuzz/zmtp/target.ts"
import { bytes, hex } from "./support.ts"

const seed = 7

describe("sessions under spoiled conversations", () => {
  test("end or go on, the same however it is cut, and hold nothing for it", async () => {
    const report = await fuzz(zmtp, { seed, inputs: 3_000 })
    const found = report.findings.map((finding) => describeFinding("zmtp", seed, finding)).join("\n")
    assert.ok(isClean(report), `${found}\n${describeReport("zmtp", seed, report)}`)
    assert.equal(report.inputs, 3_000)
    // the inputs reach what they are meant to reach
    assert.ok(report.valid > 300, String(report.valid))
    assert.ok(report.endings.get("talks")! > 800)
    for (const kind of ["in clear", "after a CURVE handshake", "in a CURVE handshake"]) {
      assert.ok(report.kinds.get(kind)! > 5)
    }
    for (
      const reason of [
        /flags #/,
        /frame of # bytes; expected at most/,
        /command of # bytes; expected at most/,
        /more than # frames/,
        /before its handshake/,
        /expected READY/,
        /middle of a value/,
        /its key does not open/,
        /nonce # again/,
        /expected a MESSAGE/,
        /another's cookie/,
        /which is not ZMTP/,
        /refuses this socket/,
      ]
    ) assert.ok([...report.endings.keys()].some((ending) => reason.test(ending)), String(reason))
  })

  test("inputs are drawn from their seed and number alone", () => {
    const some = (seed: number) =>
      Array.from({ length: 50 }, (_, index) => {
        const { setup, bytes } = inputAt(zmtp, seed, index)
        return `${setup} ${hex(bytes)}`
      })
    assert.deepEqual(some(1), some(1))
    assert.notDeepEqual(some(1), some(2))
    assert.equal(new Set(some(1)).size, 50)
  })
})

describe("fuzz()", () => {
  const broken = (wrong: Partial<Target>): Target => ({
    name: "broken",
    draw: () => ({ setup: "one", bytes: bytes("ab"), isValid: true }),
    feed: () => ({ told: "", ending: "talks", held: 0, wrong: undefined }),
    kindOf: () => "any",
    ...wrong,
  })
  const outcome = { told: "", ending: "talks", held: 0, wrong: undefined }

  test("finds what throws, differs, is wrong in itself, or ends although it is valid", () => {
    const cases: ReadonlyArray<readonly [Partial<Target>, RegExp]> = [
      [{
        feed: () => {
          throw new Error("boom")
        },
      }, /^threw Error: boom/],
      [{ feed: (_, cut) => ({ ...outcome, told: cut }) }, /^whole: +whole\n +byte by byte: +bytes$/],
      [{ feed: (_, cut) => ({ ...outcome, wrong: cut === "bytes" ? "it grew" : undefined }) }, /^it grew/],
      [{ feed: () => ({ ...outcome, ending: "It sends nonsense" }) }, /^valid, but it ended so: It sends nonsense$/],
    ]
    for (const [wrong, why] of cases) {
      const judged = judge(broken(wrong), inputAt(broken(wrong), 1, 0))
      assert.match("why" in judged ? judged.why : "nothing", why)
    }
    assert.ok(!("why" in judge(broken({}), inputAt(broken({}), 1, 0))))
  })

  test("says how to have a finding again, and ends after ten", async () => {
    const report = await fuzz(broken({ feed: (_, cut) => ({ ...outcome, told: cut }) }), { seed: 3, inputs: 100 })
    assert.deepEqual([report.findings.length, isClean(report)], [10, false])
    const said = describeFinding("broken", 3, report.findings[4]!)
    assert.match(said, /main\.ts broken --seed 3 --from 4 --inputs 1$/m)
    assert.match(said, /main\.ts broken --setup "one" --hex 6162$/m)
  })
})
