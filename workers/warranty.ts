/** Warranty: learns from sales what was sold, and watches over it for two years. Its handlers are async functions. */
import { every, handle, on } from "warren"
import { Sales } from "./apis/sales.ts"
import { NotSold, Warranty } from "./apis/warranty.ts"

const warranties = new Map<string, { readonly expires: Date; expired: boolean }>()

const inTwoYears = (now: number): Date => {
  const date = new Date(now)
  date.setUTCFullYear(date.getUTCFullYear() + 2)
  return date
}

export const register = on(Sales.orderPlaced, async ({ orderId }, { emit, now }) => {
  const known = warranties.get(orderId) ?? { expires: inTwoYears(now()), expired: false }
  warranties.set(orderId, known)
  await emit(Warranty.registered({ orderId, expires: known.expires }))
})

export const check = handle(Warranty.check, ({ orderId }, { now }) => {
  const known = warranties.get(orderId)
  if (known === undefined) throw new NotSold({ orderId })
  return { valid: now() < known.expires.getTime(), expires: known.expires }
})

export const expire = every("0 3 * * *", async ({ due }, { emit }) => {
  for (const [orderId, known] of warranties) {
    if (known.expired || due < known.expires.getTime()) continue
    await emit(Warranty.expired({ orderId }))
    known.expired = true
  }
})
