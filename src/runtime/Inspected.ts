/**
 * Whether a process takes part in inspection at all: announces itself, keeps its figures, and writes into the ledger.
 *
 * Below `Core`, which reads it once. No setting of anybody's: without it calls learn of no death and no drift is seen. It is
 * there so that `scripts/bench/inspection.ts` can measure what inspection costs.
 */
import { Context } from "effect"

/** See the top of the file. */
export const CurrentInspected = Context.Reference<boolean>("warren/runtime/CurrentInspected", {
  defaultValue: () => true,
})
