/** Spare parts: the catalogue, one question at a time. */
import { handle } from "warren"
import { obey } from "./apis/obey.ts"
import { Parts, UnknownPart } from "./apis/parts.ts"

export const lookup = handle(Parts.lookup, async ({ sku, note }, context) => {
  if (sku === "P-999") throw new UnknownPart({ sku })
  await obey(note, context)
  return { sku, price: note === "lie" ? "much" as never : 100 }
}, { concurrency: 1 })
