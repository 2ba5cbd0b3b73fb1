/** Spare parts, on a machine whose licence has run out. */
import { handle } from "warren"
import { Parts } from "../apis/parts.ts"

export const lookup = handle(Parts.lookup, () => {
  throw new Error("the licence has run out")
})
