/**
 * The words of `#test` on `node --test`.
 *
 * Only says them on Node's runner; what they mean is in `vocabulary.ts`. Never imported by name:
 * package.json `imports` picks it where no other condition holds.
 */
import * as node from "node:test"
import { declared, defaultTimeout } from "./vocabulary.ts"
import type { Body, Describe, Hook, Test, TestOptions } from "./vocabulary.ts"

export type { Body, TestOptions } from "./vocabulary.ts"

/** Declares one test. */
export const test: Test = (name: string, second: TestOptions | Body, third?: Body) => {
  const { options, body } = declared(second, third)
  void node.test(name, { timeout: options.timeout ?? defaultTimeout, skip: options.skip ?? false }, async () => {
    await body()
  })
}

/** Declares a group of tests. */
export const describe: Describe = (name, body) => void node.describe(name, () => void body())

const hook = (declare: (run: () => Promise<void>) => void): Hook => (body) =>
  declare(async () => {
    await body()
  })

/** Runs once before the tests of the group. */
export const beforeAll: Hook = hook((run) => node.before(run, { timeout: defaultTimeout }))
/** Runs once after the tests of the group. */
export const afterAll: Hook = hook((run) => node.after(run, { timeout: defaultTimeout }))
/** Runs before each test of the group. */
export const beforeEach: Hook = hook((run) => node.beforeEach(run, { timeout: defaultTimeout }))
/** Runs after each test of the group. */
export const afterEach: Hook = hook((run) => node.afterEach(run, { timeout: defaultTimeout }))
