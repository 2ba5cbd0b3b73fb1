/**
 * What the arguments of a binding ask of the headers of a message, on a headers exchange.
 *
 * Below `Bindings`. As RabbitMQ has it: `x-match` is `all` (the default) or `any`, and other names that begin with `x-`
 * count only with `all-with-x` and `any-with-x`. A value fits whatever its type (1 is 1.0); one of type `void` asks only that
 * the name is there. Pure.
 */
import { type Arguments, fitsValue } from "./Arguments.ts"

const modes = ["all", "any", "all-with-x", "any-with-x"]

/** What is wrong with the arguments of a binding. */
export const argumentsFlaw = (args: Arguments): string | undefined => {
  const match = args.get("x-match")
  if (match === undefined) return undefined
  if (match.type !== "longstr") return `x-match must be a text, not of type ${match.type}`
  return modes.includes(String(match.value)) ? undefined : `x-match must be one of ${modes.join(", ")}`
}

/** A test of headers. */
export const matcher = (args: Arguments): (headers: Arguments) => boolean => {
  const mode = String(args.get("x-match")?.value ?? "all")
  const asked = [...args].filter(([name]) => name !== "x-match" && (mode.endsWith("-with-x") || !name.startsWith("x-")))
  const isThere = (headers: Arguments) => ([name, value]: (typeof asked)[number]): boolean => {
    const found = headers.get(name)
    return found !== undefined && (value.type === "void" || fitsValue(value, found))
  }
  return mode.startsWith("any") ? (headers) => asked.some(isThere(headers)) : (headers) => asked.every(isThere(headers))
}
