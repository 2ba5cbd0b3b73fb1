/** What the support app offers. A ticket is about an order: for one that was never sold there is none. */
import { Schema } from "effect"
import { api, call, event } from "warren"
import { NotSold } from "./warranty.ts"

const Request = { customer: Schema.String, orderId: Schema.String, problem: Schema.String }
const Ticket = { ticketId: Schema.String, underWarranty: Schema.Boolean, partAvailable: Schema.Boolean }

export const Support = api("support", {
  ticketOpened: event({ ...Request, ...Ticket }),
  openTicket: call(Request, { returns: Ticket, fails: NotSold }),
}, { expose: true })
