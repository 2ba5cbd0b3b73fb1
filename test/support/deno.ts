/**
 * The words of `#test` on `deno test`.
 *
 * Only says them on Deno's runner; what they mean is in `vocabulary.ts`. Stands on `Deno.test` rather than
 * on Deno's `node:test`, which passes a test whose `afterEach` failed and counts groups instead of tests.
 * Tests are declared flat, under the path of their groups. Leak checks are off, as on the other two runners.
 */
import process from "node:process"
import { declared, defaultTimeout } from "./vocabulary.ts"
import type { Body, Describe, Hook, Test, TestOptions } from "./vocabulary.ts"

export type { Body, TestOptions } from "./vocabulary.ts"

// files that run at the same time are threads of one process here: each has variables of its own, as on the other runners
process.env = { ...process.env }

/** The part of Deno's own vocabulary that is used here. */
declare const Deno: {
  readonly test: (definition: {
    readonly name: string
    readonly ignore: boolean
    readonly fn: () => Promise<void>
    readonly sanitizeOps: false
    readonly sanitizeResources: false
    readonly sanitizeExit: false
  }) => void
}

/** One group: its hooks, and how far its tests have come. */
interface Group {
  readonly path: ReadonlyArray<string>
  readonly parent: Group | undefined
  readonly hooks: Record<"beforeAll" | "afterAll" | "beforeEach" | "afterEach", Array<Body>>
  /** The outcome of `beforeAll`, once the first test of the group has come. */
  opened: Promise<void> | undefined
  /** Tests below that have not ended yet. */
  left: number
}

const group = (parent: Group | undefined, path: ReadonlyArray<string>): Group => ({
  path,
  parent,
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
  opened: undefined,
  left: 0,
})

let current = group(undefined, [])

/** The groups a test stands in, the outermost first. */
const lineage = (innermost: Group): ReadonlyArray<Group> => [
  ...(innermost.parent === undefined ? [] : lineage(innermost.parent)),
  innermost,
]

const within = async (what: string, timeout: number, body: Body): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} timed out after ${timeout} ms`)), timeout)
  })
  try {
    await Promise.race([(async () => void (await body()))(), late])
  } finally {
    clearTimeout(timer)
  }
}

const inTurn = async (what: string, bodies: ReadonlyArray<Body>): Promise<void> => {
  for (const body of bodies) await within(what, defaultTimeout, body)
}

/** Runs every step whatever the earlier ones did, then fails with the first failure. */
const everyStep = async (steps: ReadonlyArray<() => Promise<void>>): Promise<void> => {
  const failures: Array<unknown> = []
  for (const step of steps) await step().catch((failure: unknown) => failures.push(failure))
  if (failures.length > 0) throw failures[0]
}

/** Declares one test. */
export const test: Test = (name: string, second: TestOptions | Body, third?: Body) => {
  const { options, body } = declared(second, third)
  const outward = lineage(current)
  const inward = outward.toReversed()
  const skipped = options.skip === undefined ? "" : ` (skipped: ${options.skip})`
  if (options.skip === undefined) { for (const one of outward) one.left += 1 }
  const run = async () => {
    for (const one of outward) await (one.opened ??= inTurn("beforeAll", one.hooks.beforeAll))
    for (const one of outward) await inTurn("beforeEach", one.hooks.beforeEach)
    await within("The test", options.timeout ?? defaultTimeout, body)
  }
  const close = (one: Group) => async () => {
    one.left -= 1
    if (one.left === 0) await inTurn("afterAll", one.hooks.afterAll)
  }
  Deno.test({
    name: [...current.path, name].join(" > ") + skipped,
    ignore: options.skip !== undefined,
    fn: () =>
      everyStep([
        run,
        ...inward.map((one) => () => inTurn("afterEach", one.hooks.afterEach)),
        ...inward.map(close),
      ]),
    sanitizeOps: false,
    sanitizeResources: false,
    sanitizeExit: false,
  })
}

/** Declares a group of tests. */
export const describe: Describe = (name, body) => {
  const outer = current
  current = group(outer, [...outer.path, name])
  try {
    body()
  } finally {
    current = outer
  }
}

const hook = (kind: keyof Group["hooks"]): Hook => (body) => void current.hooks[kind].push(body)

/** Runs once before the tests of the group. */
export const beforeAll: Hook = hook("beforeAll")
/** Runs once after the tests of the group. */
export const afterAll: Hook = hook("afterAll")
/** Runs before each test of the group. */
export const beforeEach: Hook = hook("beforeEach")
/** Runs after each test of the group. */
export const afterEach: Hook = hook("afterEach")
