/**
 * What dead letters have in common: the handler, and the error without what differs from message to message.
 *
 * Pure. An id that is made of that is the same in every look and in every process, so that it can be named later.
 */
import { createHash } from "node:crypto"

/** How ids of groups begin, which no id that Warren makes does. */
const prefix = "g"
/** Characters of an error that are compared. */
const longest = 600

/** The error with `#` in the place of numbers and ids, and of the texts among values. */
export const shapeOf = (error: string): string =>
  error.slice(0, longest)
    // values of fields: "orderId":"a", and what was there instead of what was expected
    .replaceAll(/ is .{0,200}?, expected /g, " is #, expected ")
    .replaceAll(/(:\s*)"(?:[^"\\]|\\.)*"/g, "$1#")
    .replaceAll(/[\p{L}\p{N}_-]*\p{N}[\p{L}\p{N}_-]*/gu, "#")
    .replaceAll(/#(?:[.:/,+]#)+/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim()

/** The id of a group. */
export const groupOf = (handler: string, buried: string, reason: string, error: string): string =>
  prefix + createHash("sha256").update(JSON.stringify([handler, buried, reason, shapeOf(error)])).digest("hex")
    .slice(0, 7)

/** Whether a text looks like the id of a group. */
export const isGroupId = (text: string): boolean => /^g[0-9a-f]{7}$/.test(text)
