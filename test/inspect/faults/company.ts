/**
 * The messages of the laboratory's team, and where they go.
 *
 * An order's note says what its listener is to do with it: `workers/apis/obey.ts`.
 */
import type { EmitOptions } from "../../../src/runtime/mod.ts"
import type { Connected } from "../../../src/mod.ts"
import { Parts } from "./workers/apis/parts.ts"
import { Sales } from "./workers/apis/sales.ts"

export { Parts, Sales }

/** The listener that most set-ups ask about. */
export const register = "warren.on.warranty.register"

/** An order of a customer, by default of nobody in particular. */
export const order = (note?: string, customer = "c1") =>
  Sales.orderPlaced({ orderId: crypto.randomUUID(), customer, ...(note !== undefined && { note }) })

/** Emits an order; returns its id. */
export const place = async (sales: Connected, note?: string, options: EmitOptions = {}): Promise<string> => {
  const id = options.id ?? uuid7()
  await sales.emit(order(note), { ...options, id })
  return id
}

/** An id as a message has it: the time first, of now or of so many ms ago. */
export const uuid7 = (ago = 0): string => {
  const time = (Date.now() - ago).toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}
