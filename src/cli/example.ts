/**
 * An example of a payload, made from its JSON Schema, for the line "try this" in the banner.
 *
 * Prefers what the schema itself gives as an example; otherwise the simplest value that fits. Good to look at and to
 * correct by hand; not a generator of test data.
 */
import type { JsonSchema } from "../contract/mod.ts"

/** Schemas inside each other at most; a recursive one ends here. */
const deepest = 6

/** A value that fits the schema, as far as a glance can tell. */
export const exampleOf = (schema: JsonSchema): unknown => make(schema, schema, 0)

const make = (node: unknown, root: JsonSchema, depth: number): unknown => {
  if (!isObject(node) || depth > deepest) return null
  if (typeof node["$ref"] === "string") return make(resolveRef(node["$ref"], root), root, depth + 1)
  if (Array.isArray(node["examples"]) && node["examples"].length > 0) return node["examples"][0]
  if ("const" in node) return node["const"]
  if ("default" in node) return node["default"]
  if (Array.isArray(node["enum"])) return node["enum"][0]
  for (const union of ["anyOf", "oneOf"]) {
    const members = node[union]
    if (Array.isArray(members)) return make(members[0], root, depth + 1)
  }
  const parts = Array.isArray(node["allOf"]) ? node["allOf"] : []
  const whole = Object.assign({}, node, ...parts.filter(isObject)) as Record<string, unknown>
  if (Array.isArray(whole["examples"]) && whole["examples"].length > 0) return whole["examples"][0]
  const type = Array.isArray(whole["type"]) ? whole["type"][0] : whole["type"]
  switch (type) {
    case "object":
      return object(whole, root, depth)
    case "array":
      return Number(whole["minItems"] ?? 0) > 0 ? [make(whole["items"], root, depth + 1)] : []
    case "integer":
    case "number":
      return Math.max(1, Number(whole["minimum"] ?? 1), Number(whole["exclusiveMinimum"] ?? 0) + 1)
    case "boolean":
      return true
    case "string":
      return text(whole)
    default:
      return null
  }
}

const object = (node: Record<string, unknown>, root: JsonSchema, depth: number): unknown => {
  const properties = isObject(node["properties"]) ? node["properties"] : {}
  const required = Array.isArray(node["required"]) ? node["required"] : []
  return Object.fromEntries(
    Object.entries(properties).filter(([name]) => required.includes(name)).map((
      [name, value],
    ) => [name, make(value, root, depth + 1)]),
  )
}

const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-31T12:00:00.000Z",
  date: "2026-01-31",
  email: "someone@example.org",
  uri: "https://example.org",
  uuid: "00000000-0000-4000-8000-000000000000",
}

const text = (node: Record<string, unknown>): string =>
  formats[String(node["format"])] ??
    (node["pattern"] === "^-?\\d+$" ? "1" : "text".padEnd(Number(node["minLength"] ?? 0), "t"))

const resolveRef = (ref: string, root: JsonSchema): unknown => {
  let node: unknown = root
  for (const part of ref.replace(/^#\/?/, "").split("/").filter((step) => step !== "")) {
    if (!isObject(node)) return undefined
    node = node[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")]
  }
  return node
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
