/** A reporter for `node --test` that says which files failed, one line each: the other reporters name only the tests. */
import { relative } from "node:path"
import process from "node:process"
import type { TestEvent } from "node:test/reporters"

/** The whole file, which has no tests to sum up: it did not get so far. */
const isFile = (event: TestEvent): event is Extract<TestEvent, { type: "test:fail" }> =>
  event.type === "test:fail" && event.data.nesting === 0 && event.data.name.endsWith(".ts")

/** Lines `failed in test/some.test.ts: 2`, with how many tests. */
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (isFile(event)) yield `failed in ${event.data.name}: 1\n`
    if (event.type === "test:summary" && event.data.file !== undefined && !event.data.success) {
      const { tests, passed, skipped, todo } = event.data.counts
      yield `failed in ${relative(process.cwd(), event.data.file)}: ${tests - passed - skipped - todo}\n`
    }
  }
}
