/**
 * The short form of `bun scripts/fuzz/main.ts broker`: some hundreds of spoiled conversations, the same on each runtime.
 */
import assert from "node:assert/strict"
import { broker } from "../../../scripts/fuzz/broker/target.ts"
import { describeFinding, describeReport, isClean } from "../../../scripts/fuzz/report.ts"
import { fuzz } from "../../../scripts/fuzz/run.ts"
import { describe, test } from "#test"

const seed = 7

describe("the server under spoiled conversations", () => {
  test("refuses or goes on, the same however it is cut, and serves the others", async () => {
    const report = await fuzz(broker, { seed, inputs: 400 })
    const found = report.findings.map((finding) => describeFinding("broker", seed, finding)).join("\n")
    assert.ok(isClean(report), `${found}\n${describeReport("broker", seed, report)}`)
    for (const ending of ["talks", "connection.close 501", "connection.close 504", "channel.close 404"]) {
      assert.ok(report.endings.has(ending), ending)
    }
  })
})
