/** The warranty app after its handler was renamed. */
import { on } from "warren"
import { Sales } from "../apis/sales.ts"

export const enroll = on(Sales.orderPlaced, () => {})
