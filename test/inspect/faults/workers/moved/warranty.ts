/** The warranty app whose handler hears of something else by now. */
import { on } from "warren"
import { Sales } from "../apis/sales.ts"

export const register = on(Sales.orderCancelled, () => {})
