/**
 * What `scripts/runners.ts` and `scripts/coverage.ts` read: closing lines, compiler errors, coverage.
 *
 * What real runners print is read in `outcomes.test.ts`.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { readLcov, roomOf } from "../../scripts/coverage.ts"
import { inWords, runners, sum } from "../../scripts/runners.ts"

const runner = (name: string) => runners.find((one) => one.name === name)!

describe("runners", () => {
  test("a runner without closing lines has no tally", () => {
    for (const name of ["bun", "deno", "node", "pack"]) {
      assert.equal(runner(name).tally("Segmentation fault\n 3 pass of nothing\n", []), undefined)
    }
  })

  test("the last closing lines count, not what a test printed", () => {
    const output =
      " 99 pass\nRan 99 tests across 1 file. [1ms]\n 2 pass\n 1 skip\n 0 fail\nRan 3 tests across 1 file. [1ms]"
    assert.deepEqual(runner("bun").tally(output, []), { passed: 2, failed: 0, skipped: 1 })
  })

  test("the compiler counts the sources as one test and each type test as one", () => {
    const files = ["test/types/a.ts", "test/types/b.ts"]
    const tally = (output: string) => runner("types").tally(output, files)
    assert.deepEqual(tally(""), { passed: 3, failed: 0, skipped: 0 })
    const unused = "test/types/a.ts(3,1): error TS2578: Unused '@ts-expect-error' directive."
    assert.deepEqual(tally(`${unused}\n${unused}`), { passed: 2, failed: 1, skipped: 0 })
    assert.deepEqual(tally(`${unused}\nsrc/mod.ts(1,1): error TS1: no`), { passed: 1, failed: 2, skipped: 0 })
    assert.deepEqual(tally("error TS5083: Cannot read file"), { passed: 2, failed: 1, skipped: 0 })
  })

  test("every test file has a runner: those of scripts Bun, Deno's own ones Deno, others all", () => {
    const takers = (file: string) => runners.filter((one) => one.takes(file)).map(({ name }) => name)
    assert.deepEqual(takers("test/wire/codec.test.ts"), ["bun", "deno", "node"])
    assert.deepEqual(takers("test/adapters/amqp/suite.integration.test.ts"), ["bun", "deno", "node"])
    assert.deepEqual(takers("test/scripts/rabbitmq/guard.test.ts"), ["bun"])
    assert.deepEqual(takers("test/support/library.deno.test.ts"), ["deno"])
    assert.deepEqual(takers("test/scripts/pack.test.ts"), ["pack"])
    assert.deepEqual(takers("test/types/api.ts"), ["types"])
  })

  test("sum() adds up, inWords() leaves out skips that are none", () => {
    const one = { passed: 2, failed: 1, skipped: 0 }
    assert.equal(inWords(sum([one, one])), "4 passed, 2 failed")
    assert.equal(inWords({ ...one, skipped: 3 }), "2 passed, 1 failed, 3 skipped")
  })

  test("readLcov() reads the figures of each file", () => {
    const report = "TN:\nSF:src/wire/a.ts\nFNF:4\nFNH:3\nDA:1,1\nLF:10\nLH:9\nend_of_record\n"
    assert.deepEqual([...readLcov(report)], [
      ["src/wire/a.ts", { lines: 10, linesRun: 9, functions: 4, functionsRun: 3 }],
    ])
    assert.equal(roomOf("src/wire/a.ts"), "src/wire")
    assert.equal(roomOf("src/mod.ts"), "src")
  })
})
