/**
 * Each runner counts the same outcomes for the same tests, and `scripts/runners.ts` reads them from its output.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { failedFiles, failuresOf, runners } from "../../scripts/runners.ts"
import { program, run } from "../support/process.ts"

const fixture = "test/scripts/fixtures/outcomes.ts"

describe("every outcome", () => {
  for (const name of ["bun", "deno", "node"]) {
    const runner = runners.find((one) => one.name === name)!

    test(`is counted on ${name}`, async () => {
      const args = runner.args([fixture], { coverage: false })
      const { code, output } = await run(program(runner.program), args)
      assert.notEqual(code, 0)
      assert.deepEqual(runner.tally(output, [fixture]), { passed: 2, failed: 5, skipped: 1 }, output)
      assert.match(output, /takes too long/)
      const failures = failuresOf(runner, output).join("\n")
      for (const part of ["fails", "takes too long"]) assert.ok(failures.includes(part), `${failures}\nof\n${output}`)
      assert.ok(!failures.includes("passes"), failures)
      assert.deepEqual(failedFiles(runner, output, runner.tally(output, [fixture])!), [fixture], output)
      assert.deepEqual(
        failedFiles(runner, output, { passed: 0, failed: 6, skipped: 0 }),
        [],
        "one is not accounted for",
      )
    })

    test(`is counted on ${name} when a file cannot be loaded`, async () => {
      const args = runner.args(["test/scripts/fixtures/unloadable.ts"], { coverage: false })
      const { code, output } = await run(program(runner.program), args)
      assert.notEqual(code, 0)
      const tally = runner.tally(output, [])
      assert.ok(tally === undefined || tally.failed > 0 || tally.passed === 0, output)
    })
  }

  test("fails a file on node that stays busy after its last test", async () => {
    const { code, output } = await run(program("node"), ["--test", "test/scripts/fixtures/busy.ts"])
    assert.notEqual(code, 0)
    assert.match(output, /Still busy after the last test of test\/scripts\/fixtures\/busy\.ts with: .*TCPServerWrap/)
  })
})
