/** Spare parts: the catalogue. Its handler is a plain function. */
import { handle } from "warren"
import { Parts, UnknownPart } from "./apis/parts.ts"

const catalogue = new Map([
  { sku: "P-100", name: "Water pump", price: 4_900, stock: 12 },
  { sku: "P-200", name: "Drum belt", price: 1_250, stock: 40 },
  { sku: "P-300", name: "Door seal", price: 3_000, stock: 0 },
].map((part) => [part.sku, part]))

export const lookup = handle(Parts.lookup, ({ sku }) => {
  const part = catalogue.get(sku)
  if (part === undefined) throw new UnknownPart({ sku })
  return part
})
