/**
 * The plan of a chaos run: repeated by its seed, complete, and one that the printed flags make again.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { callersEach, callOf, type CallPlan, laneOf, lanesOf } from "../../../scripts/chaos/calls.ts"
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
    const workers = new Set(plan.flatMap(({ fault }) => fault.kind === "kill-worker" ? [fault.worker] : []))
    assert.deepEqual([...workers], [3])
  })

  test("fails the links that calls of the lane go over, and none where there are none", () => {
    const places = (lane: string) => {
      const plan = makePlan(readOptions(["--lane", lane, "--link-cuts", "20", "--half-opens", "20"]))
      const to = plan.flatMap(({ fault }) => "to" in fault ? [fault.to === "all" ? "all" : fault.to.kind] : [])
      return [...new Set(to)].toSorted()
    }
    assert.deepEqual(places("broker"), [])
    assert.deepEqual(places("direct"), ["all", "worker"])
    assert.deepEqual(places("reply"), ["all", "emitter"])
    assert.deepEqual(places("all"), ["all", "emitter", "worker"])
  })

  test("stops workers for so long that the broker gives them up only now and then", () => {
    const plan = makePlan(readOptions(["--lane", "direct", "--worker-pauses", "100"]))
    const pauses = plan.flatMap(({ fault }) => fault.kind === "pause-worker" ? [fault.away] : [])
    const long = pauses.filter((away) => away >= 25_000).length
    assert.equal(pauses.length, 100)
    assert.ok(long > 5 && long < 30, `${long} long ones`)
  })
})

describe("flagsOf()", () => {
  test("gives flags that are read as the same options", () => {
    for (
      const argv of [
        ["--seed", "9"],
        ["--short"],
        ["--soak", "2", "--rate", "50"],
        ["--cluster", "--runtime", "node"],
        [
          "--lane",
          "all",
          "--curve",
        ],
        ["--short", "--lane", "reply", "--calm", "1-2"],
      ]
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
    assert.throws(() => readOptions(["--lane", "zeromq"]), /Cannot call by "zeromq": expected auto, broker/)
    assert.throws(() => readOptions(["--calm", "5"]), /Cannot read --calm "5"/)
    assert.throws(() => readOptions(["--sedd", "1"]), /sedd[^]*Usage/)
  })
})

describe("callOf()", () => {
  test("plans calls of all kinds, short deadlines and long ones, for each caller", () => {
    const callers = 4 * callersEach
    for (let caller = 0; caller < callers; caller++) {
      const calls = Array.from({ length: 400 }, (_, i) => callOf(caller + i * callers))
      const share = (fits: (call: CallPlan) => boolean) => calls.filter(fits).length / calls.length
      assert.ok(share(({ kind }) => kind === "look") > 0.3, `${caller}`)
      assert.ok(share(({ kind }) => kind === "charge") > 0.25, `${caller}`)
      assert.ok(share(({ kind }) => kind === "relay") > 0.05, `${caller}`)
      assert.ok(share(({ timeout }) => timeout === 1_000) > 0.1, `${caller}`)
      assert.ok(share(({ takes }) => takes === 300) > 0.02, `${caller}`)
      assert.ok(share(({ givesUp }) => givesUp !== undefined) > 0, `${caller}`)
    }
  })

  test("plans no failure: each handler is through long before its deadline, or its caller gives up", () => {
    for (let n = 0; n < 10_000; n++) {
      const { takes, timeout, givesUp } = callOf(n)
      assert.ok(takes <= timeout / 3 || givesUp !== undefined && takes > givesUp * 10)
    }
  })
})

describe("laneOf()", () => {
  test("is the one of the whole run, or that of the emitter's turn", () => {
    assert.equal(laneOf(12_345, { lane: "reply", emitters: 4 }), "reply")
    const turns = [0, 1, 2, 3, 4].map((emitter) =>
      laneOf(5 * callersEach * 7 + emitter * callersEach, {
        lane: "all",
        emitters: 5,
      })
    )
    assert.deepEqual(turns, ["auto", "direct", "reply", "broker", "auto"])
    assert.deepEqual(lanesOf({ lane: "all", emitters: 2 }), ["auto", "direct"])
  })
})
