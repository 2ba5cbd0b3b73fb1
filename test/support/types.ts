/**
 * Says in a type test what a type has to be; wrong is a compile error, and at run time nothing happens.
 *
 * `equal<Actual, Expected>()` compares exactly: `any`, optionality and readonly count. What must not compile is said
 * with `@ts-expect-error` and a reason. Type tests are the files of test/types/, run by `npm test -- --only types`.
 */

/** `true` where two types are the same, seen from every side. */
export type Equal<Actual, Expected> = (<T>() => T extends Actual ? 1 : 2) extends (<T>() => T extends Expected ? 1 : 2)
  ? true
  : false

/** Compiles only where both types are the same. */
export const equal = <Actual, Expected>(
  ..._proof: Equal<Actual, Expected> extends true ? [] : [expected: Expected, butIs: Actual]
): void => {}

/** The type of a value, without making one. */
export const typeOf = <A>(_value: A): A => _value
