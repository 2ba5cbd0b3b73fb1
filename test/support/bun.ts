/**
 * The words of `#test` on `bun test`.
 *
 * Only says them on Bun's runner; what they mean is in `vocabulary.ts`. Never imported by name:
 * package.json `imports` picks it under Bun.
 */
import * as bun from "bun:test"
import { declared, defaultTimeout } from "./vocabulary.ts"
import type { Body, Describe, Hook, Test, TestOptions } from "./vocabulary.ts"

export type { Body, TestOptions } from "./vocabulary.ts"

/** Declares one test. */
export const test: Test = (name: string, second: TestOptions | Body, third?: Body) => {
  const { options, body } = declared(second, third)
  const run = async () => {
    await body()
  }
  if (options.skip === undefined) bun.test(name, run, options.timeout ?? defaultTimeout)
  else bun.test.skip(`${name} (skipped: ${options.skip})`, run)
}

/** Declares a group of tests. */
export const describe: Describe = (name, body) => bun.describe(name, () => void body())

const hook = (declare: (run: () => Promise<void>) => void): Hook => (body) =>
  declare(async () => {
    await body()
  })

/** Runs once before the tests of the group. */
export const beforeAll: Hook = hook((run) => bun.beforeAll(run, defaultTimeout))
/** Runs once after the tests of the group. */
export const afterAll: Hook = hook((run) => bun.afterAll(run, defaultTimeout))
/** Runs before each test of the group. */
export const beforeEach: Hook = hook((run) => bun.beforeEach(run, defaultTimeout))
/** Runs after each test of the group. */
export const afterEach: Hook = hook((run) => bun.afterEach(run, defaultTimeout))
