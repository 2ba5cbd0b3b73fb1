/**
 * The words of `#test` on `node --test`.
 *
 * Only says them on Node's runner; what they mean is in `vocabulary.ts`. Never imported by name: package.json `imports`
 * picks it where no other condition holds. A file that stays busy after its last test fails, and says with what: Node
 * would wait for ever, and its `--test-force-exit` loses results that are still in the pipe (seen on 24.21).
 */
import * as node from "node:test"
import { relative } from "node:path"
import process from "node:process"
import { declared, defaultTimeout } from "./vocabulary.ts"
import type { Body, Describe, Hook, Test, TestOptions } from "./vocabulary.ts"

export type { Body, TestOptions } from "./vocabulary.ts"

/** Tests that have not ended yet and hooks that run, and the longest that one of them may take. */
let left = 0
let longest = defaultTimeout
let watchdog: ReturnType<typeof setTimeout> | undefined

/** Looks again once everything should have ended. Holds up nothing itself: a file that is done ends at once. */
const watch = () => {
  clearTimeout(watchdog)
  watchdog = setTimeout(() => {
    const file = relative(process.cwd(), process.argv[1] ?? "")
    console.error(`Still busy after the last test of ${file} with: ${process.getActiveResourcesInfo().join(", ")}`)
    process.exit(1)
  }, left === 0 ? 10_000 : longest + 10_000).unref()
}

/** Declares one test. */
export const test: Test = (name: string, second: TestOptions | Body, third?: Body) => {
  const { options, body } = declared(second, third)
  const timeout = options.timeout ?? defaultTimeout
  if (options.skip === undefined) left += 1
  longest = Math.max(longest, timeout)
  let ended = false
  const end = () => {
    if (!ended) left -= 1
    ended = true
    watch()
  }
  void node.test(name, { timeout, skip: options.skip ?? false }, async ({ signal }) => {
    watch()
    // Node aborts it when the test takes too long
    signal.addEventListener("abort", end)
    try {
      await body()
    } finally {
      end()
    }
  })
}

/** Declares a group of tests. */
export const describe: Describe = (name, body) => void node.describe(name, () => void body())

const hook = (declare: (run: () => Promise<void>) => void): Hook => (body) =>
  declare(async () => {
    left += 1
    watch()
    try {
      await body()
    } finally {
      left -= 1
      watch()
    }
  })

/** Runs once before the tests of the group. */
export const beforeAll: Hook = hook((run) => node.before(run, { timeout: defaultTimeout }))
/** Runs once after the tests of the group. */
export const afterAll: Hook = hook((run) => node.after(run, { timeout: defaultTimeout }))
/** Runs before each test of the group. */
export const beforeEach: Hook = hook((run) => node.beforeEach(run, { timeout: defaultTimeout }))
/** Runs after each test of the group. */
export const afterEach: Hook = hook((run) => node.afterEach(run, { timeout: defaultTimeout }))
