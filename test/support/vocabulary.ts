/**
 * The words every test of Warren is written in, whatever runs it.
 *
 * `#test` resolves to `bun.ts`, `deno.ts` or `node.ts` beside this file (package.json `imports`); each gives
 * these words on its own runner, with one default timeout, so that a test behaves alike on all three.
 * It holds no assertions: tests use `node:assert/strict`, which all three runtimes carry.
 */

/** How one test is run. */
export interface TestOptions {
  /** Milliseconds until the test fails by itself. @default 30000 */
  readonly timeout?: number
  /** The reason why the test is not run here; without one it runs. */
  readonly skip?: string | undefined
}

/** What a test does; a promise is awaited. */
export type Body = () => unknown

/** Declares one test, with its options between name and body as in `node:test`. */
export interface Test {
  (name: string, body: Body): void
  (name: string, options: TestOptions, body: Body): void
}

/** Declares a group of tests; may be nested, and is synchronous. */
export type Describe = (name: string, body: () => void) => void

/** Runs its body before or after the tests of the group (or file) it stands in. */
export type Hook = (body: Body) => void

/** The milliseconds a test may take unless its options say otherwise. */
export const defaultTimeout = 30_000

/** Sorts out the two ways in which a test can be declared. */
export const declared = (
  second: TestOptions | Body,
  third: Body | undefined,
): { readonly options: TestOptions; readonly body: Body } => {
  if (typeof second === "function") return { options: {}, body: second }
  if (third === undefined) throw new TypeError("Declare a test as test(name, body) or test(name, options, body)")
  return { options: second, body: third }
}
