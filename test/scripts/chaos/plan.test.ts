/**
 * The plan of a chaos run: repeated by its seed, complete, and one that the printed flags make again.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { flagsOf, readOptions, shortForm } from "../../../scripts/chaos/options.ts"
import { describePlan, makePlan } from "../../../scripts/chaos/plan.ts"

const kinds = (argv: ReadonlyArray<string>) => makePlan(readOptions(argv)).map(({ fault }) => fault.kind)

const count = (argv: ReadonlyArray<string>, kind: string) => kinds(argv).filter((one) => one === kind).length

describe("makePlan()", () => {
  test("makes the same plan of the same seed, and another of another one", () => {
    const of = (seed: number) => describePlan(makePlan({ ...shortForm, seed }))
    assert.deepEqual(of(7), of(7))
    assert.notDeepEqual(of(7), of(8))
  })

  test("holds as many faults of each kind as are wanted", () => {
    assert.equal(count([], "kill-broker"), 10)
    assert.equal(count([], "kill-worker"), 20)
    assert.equal(count([], "cut"), 0)
    assert.equal(count(["--worker-kills", "3"], "kill-worker"), 3)
    assert.equal(count(["--cluster"], "cut"), 5)
    assert.deepEqual(kinds(["--short"]).toSorted(), [
      "alarm",
      "close-connections",
      "kill-broker",
      "kill-worker",
      "kill-worker",
      "pause-broker",
    ])
  })

  test("fills the time of a soak, and kills the last worker only", () => {
    const plan = makePlan(readOptions(["--soak", "30"]))
    const calm = plan.reduce((sum, step) => sum + step.calm, 0)
    assert.ok(calm > 20 * 60_000 && calm < 30 * 60_000, `${calm} ms of quiet`)
    const workers = new Set(plan.flatMap(({ fault }) => "worker" in fault ? [fault.worker] : []))
    assert.deepEqual([...workers], [3])
  })
})

describe("flagsOf()", () => {
  test("gives flags that are read as the same options", () => {
    for (
      const argv of [["--seed", "9"], ["--short"], ["--soak", "2", "--rate", "50"], ["--cluster", "--runtime", "node"]]
    ) {
      const options = readOptions(argv)
      assert.deepEqual(readOptions(flagsOf(options).split(" ")), options)
    }
  })
})

describe("readOptions()", () => {
  test("says what it cannot read, and how it is called", () => {
    assert.throws(() => readOptions(["--seed", "x"]), /Cannot read --seed "x": expected a whole number[^]*Usage/)
    assert.throws(() => readOptions(["--runtime", "v8"]), /Cannot run on "v8"/)
    assert.throws(() => readOptions(["--sedd", "1"]), /sedd[^]*Usage/)
  })
})
