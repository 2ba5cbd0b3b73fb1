/**
 * Words for compile-time tests: a file that uses them does not compile when an inference breaks. Nothing here runs.
 */

/** `true` when both types are the very same. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** Compiles when the value's type is exactly `Expected`. */
export const typed =
  <Expected>() => <Actual>(_value: Actual, ..._proof: Same<Actual, Expected> extends true ? [] : [never]): void => {}

/** Compiles when the type is `true`. */
export const holds = <_T extends true>(): void => {}

/** Compiles, and is never called: a place for what is only checked. */
export const unrun = (_body: () => unknown): void => {}
