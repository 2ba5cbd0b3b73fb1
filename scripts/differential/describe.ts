/**
 * A sequence in words, one line an operation. Pure.
 */
import type { Operation } from "./Operation.ts"
import { showMethod, showProperties } from "./show.ts"

const asItIs = (name: string): string => name

/** One operation on one line. */
export const describeOperation = (operation: Operation): string => {
  switch (operation.kind) {
    case "wait":
      return "time passes"
    case "dial":
      return `connection ${operation.c}: opens (${operation.how})`
    case "close":
      return `connection ${operation.c}: closes`
    case "drop":
      return `connection ${operation.c}: is lost`
    case "rude":
      return `connection ${operation.c} channel ${operation.ch}: ${operation.what}`
    case "settle": {
      const { c, ch, verb, which, multiple, requeue } = operation
      const words = [
        typeof which === "number" ? `of delivery ${which}` : which,
        ...(multiple ? ["multiple"] : []),
        ...(requeue && verb !== "basic.ack" ? ["requeue"] : []),
      ]
      return `connection ${c} channel ${ch}: ${verb} ${words.join(" ")}`
    }
    case "call": {
      const { c, ch, method, content, times = 1 } = operation
      const message = content === undefined
        ? ""
        : ` | ${showProperties(content.properties, asItIs)} | ${content.body}` +
          (content.padding > 0 ? ` padded to ${content.padding}` : "") + (times > 1 ? `, ${times} times` : "")
      const noWait = "noWait" in method && method.noWait ? " noWait" : ""
      return `connection ${c} channel ${ch}: ${showMethod(method, asItIs)}${noWait}${message}`
    }
  }
}
