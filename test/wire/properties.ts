/**
 * Runs property tests the same way everywhere: one seed, few runs, quick.
 */
import fc from "fast-check"

/** Checks a property; a failure names its counterexample. */
export const properties = <T>(property: fc.IProperty<T>, numRuns = 100): void =>
  fc.assert(property, { seed: 20_260_101, numRuns }) as void
