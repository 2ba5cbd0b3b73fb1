/**
 * The short form of `bun scripts/fuzz/main.ts amqp`: some thousands of spoiled conversations, the same on each runtime.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { amqp } from "../../../scripts/fuzz/amqp/target.ts"
import { describeFinding, describeReport, isClean } from "../../../scripts/fuzz/report.ts"
import { fuzz } from "../../../scripts/fuzz/run.ts"

const seed = 7

describe("the codec under spoiled frames", () => {
  test("reads or refuses, the same however it is cut, and holds nothing for it", async () => {
    const report = await fuzz(amqp, { seed, inputs: 3_000 })
    const found = report.findings.map((finding) => describeFinding("amqp", seed, finding)).join("\n")
    assert.ok(isClean(report), `${found}\n${describeReport("amqp", seed, report)}`)
    assert.equal(report.inputs, 3_000)
    // the inputs reach what they are meant to reach
    assert.ok(report.valid > 300, String(report.valid))
    assert.ok(report.endings.get("talks")! > 800)
    for (
      const reason of [
        /^0 VersionRefused/,
        /^501 FrameError: expected # at the end/,
        /^501 FrameError: expected a payload of at most/,
        /^501 FrameError: expected the end of #/,
        /^502 SyntaxError: expected at most # tables/,
        /^502 SyntaxError: expected the end of the properties/,
        /^502 SyntaxError: expected a letter/,
        /^502 SyntaxError: expected # bytes/,
        /^503 CommandInvalid/,
        /^505 UnexpectedFrame: expected the body/,
        /^505 UnexpectedFrame: expected no more than/,
      ]
    ) assert.ok([...report.endings.keys()].some((ending) => reason.test(ending)), String(reason))
  })
})
