/**
 * The short form of `npm run differential`: the embedded broker against RabbitMQ, and RabbitMQ against itself, which shows that
 * what is compared is certain.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { startEmbedded } from "../../../scripts/differential/embedded.ts"
import { describeFinding, describeReport } from "../../../scripts/differential/report.ts"
import { run } from "../../../scripts/differential/run.ts"
import { rabbit, skipLong } from "../../support/rabbit.ts"

const url = rabbit({ isWanted: skipLong === undefined })
const options = { skip: skipLong, timeout: 120_000 }
const everything: ReadonlySet<string> = new Set()

describe("sequences of operations", () => {
  test("tell the same of the embedded broker as of RabbitMQ", options, async () => {
    const defects: Array<unknown> = []
    const embedded = await startEmbedded((defect) => defects.push(defect))
    const ends = { ours: embedded.url, theirs: url() }
    const report = await run({
      ...ends,
      seed: 12,
      sequences: 36,
      seconds: 20,
      lanes: 12,
      without: everything,
      enough: 1,
    })
    await embedded.stop()
    assert.deepEqual(defects, [])
    assert.equal(report.findings.map(describeFinding).join("\n"), "")
    assert.ok(report.sequences >= 12, describeReport(report))
  })

  test("tell the same of RabbitMQ as of RabbitMQ", options, async () => {
    const ends = { ours: url(), theirs: url() }
    const report = await run({
      ...ends,
      seed: 11,
      sequences: 12,
      seconds: 10,
      lanes: 6,
      without: everything,
      enough: 1,
    })
    assert.equal(report.findings.map(describeFinding).join("\n"), "")
    assert.ok(report.sequences >= 6, describeReport(report))
  })
})
