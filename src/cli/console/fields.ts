/**
 * Where in a payload somebody is typing, and what could stand there by its JSON Schema.
 *
 * Pure. Reads what is written so far, which is no JSON yet; what it cannot follow has no suggestions.
 */
import { exampleOf } from "../example.ts"

/** The place at the end of an unfinished payload. */
export interface Place {
  /** Fields that lead there; a number stands for any item of a list. */
  readonly path: ReadonlyArray<string | number>
  readonly expects: "key" | "value"
  /** What is typed of it already, and where it begins. */
  readonly typed: string
  readonly start: number
  /** Keys that the object has already. */
  readonly used: ReadonlyArray<string>
}

interface Frame {
  readonly close: "}" | "]"
  key: string | undefined
  readonly used: Array<string>
}

const token = /\s+|[{}[\]:,]|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\s{}[\]:,"']+/g

/** The place at the end of a text that begins with a brace or bracket; `undefined`: there is none. */
export const placeAtEnd = (text: string): Place | undefined => {
  const frames: Array<Frame> = []
  let last = { text: "", start: 0 }
  let expects: Place["expects"] | "comma" = "value"
  for (const { 0: one, index } of text.matchAll(token)) {
    const frame = frames.at(-1)
    const isText = !/^[\s{}[\]:,]/.test(one)
    if (isText) {
      if (expects === "key" && frame !== undefined) frame.key = bare(one)
      if (expects === "comma") return undefined
      last = { text: one, start: index }
      // whether it is whole is known by what follows
      if (index + one.length < text.length) expects = expects === "key" ? "key" : "comma"
      continue
    }
    if (/^\s/.test(one)) continue
    if (one === "{" || one === "[") {
      if (expects !== "value") return undefined
      frames.push({ close: one === "{" ? "}" : "]", key: undefined, used: [] })
      expects = one === "{" ? "key" : "value"
    } else if (one === "}" || one === "]") {
      if (frames.pop()?.close !== one) return undefined
      expects = "comma"
    } else if (one === ":") {
      if (frame?.key === undefined || expects !== "key") return undefined
      frame.used.push(frame.key)
      expects = "value"
    } else {
      if (frame === undefined) return undefined
      frame.key = undefined
      expects = frame.close === "}" ? "key" : "value"
    }
    last = { text: "", start: index + one.length }
  }
  const frame = frames.at(-1)
  if (frame === undefined || expects === "comma") return undefined
  const typed = last.text === "" || last.start + last.text.length < text.length ? "" : last.text
  // a key that stands alone with space behind it waits for its colon
  if (expects === "key" && last.text !== "" && typed === "") return undefined
  return {
    path: frames.slice(0, -1).map((one) => one.close === "}" ? one.key ?? "" : 0).concat(
      expects === "value" ? [frame.close === "}" ? frame.key ?? "" : 0] : [],
    ),
    expects,
    typed,
    start: typed === "" ? text.length : last.start,
    used: frame.used,
  }
}

const bare = (word: string): string => word.replaceAll(/^["']|["']$/g, "")

type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value)

/** Schemas that a schema stands for: behind references, and in each alternative. */
const meant = (node: unknown, root: unknown, depth = 0): ReadonlyArray<Node> => {
  if (!isNode(node) || depth > 8) return []
  const ref = node["$ref"]
  const parts = ["anyOf", "oneOf", "allOf"].flatMap((word) => Array.isArray(node[word]) ? node[word] : [])
  return [
    node,
    ...(typeof ref === "string" ? meant(resolve(ref, root), root, depth + 1) : []),
    ...parts.flatMap((part) => meant(part, root, depth + 1)),
  ]
}

const resolve = (ref: string, root: unknown): unknown =>
  ref.replace(/^#\/?/, "").split("/").filter((step) => step !== "").reduce<unknown>(
    (node, step) => isNode(node) ? node[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined,
    root,
  )

const along = (schema: unknown, path: Place["path"]): ReadonlyArray<Node> =>
  path.reduce<ReadonlyArray<Node>>(
    (nodes, step) =>
      nodes.flatMap((node) => {
        const properties = node["properties"]
        const next = typeof step === "number" ? node["items"] : isNode(properties) ? properties[step] : undefined
        return meant(next, schema)
      }),
    meant(schema, schema),
  )

/** What could stand at a place: keys with their colon, or values. */
export const suggestionsAt = (schema: unknown, { path, expects, used }: Place): ReadonlyArray<string> => {
  const nodes = along(schema, path)
  if (expects === "key") {
    const keys = nodes.flatMap(({ properties }) => isNode(properties) ? Object.keys(properties) : [])
    return [...new Set(keys)].filter((key) => !used.includes(key)).map((key) => `${written(key)}: `)
  }
  const values = nodes.flatMap((node) => [
    ...("const" in node ? [node["const"]] : []),
    ...(Array.isArray(node["enum"]) ? node["enum"] : []),
    ...(node["type"] === "boolean" ? [true, false] : []),
    ...(node["type"] === "null" ? [null] : []),
  ])
  return [...new Set(values.map((value) => JSON.stringify(value)))]
}

const written = (key: string): string => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? key : JSON.stringify(key)

/** A whole payload to begin with: `{sku: "text", quantity: 1}`. */
export const exampleText = (schema: unknown): string | undefined => {
  if (!isNode(schema)) return undefined
  const example = exampleOf(schema)
  return isNode(example) ? textOf(example) : undefined
}

const textOf = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(textOf).join(", ")}]`
    : isNode(value)
    ? `{${Object.entries(value).map(([key, one]) => `${written(key)}: ${textOf(one)}`).join(", ")}}`
    : JSON.stringify(value)
