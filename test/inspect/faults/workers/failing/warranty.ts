/** The warranty app on a machine where something is not set: it does not start. */
import process from "node:process"
import { on } from "warren"
import { Sales } from "../apis/sales.ts"

if (process.env["LAB_SMTP_HOST"] === undefined) throw new Error("LAB_SMTP_HOST is not set")

export const register = on(Sales.orderPlaced, () => {})
