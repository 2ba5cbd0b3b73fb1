/**
 * The text of a test that lets a message come in once more, and fails while its handler still gives it up.
 *
 * Pure. It needs `node:test` alone, which Bun, Deno and Node have. The payload stands there as people would write it where
 * that is the same as on the wire, else it is read by the contract. Errors, names and payloads come from foreign hands: they
 * stand in strings and comments that nothing gets out of.
 */
import { Equal, Result } from "effect"
import type { ContractSpec } from "../../contract/mod.ts"
import type { Letter } from "./Letter.ts"

/** What the test imports, and knows. */
export interface TestParts {
  /** The worker module, as it is imported; `undefined`: nobody knows, so people have to say. */
  readonly worker: string | undefined
  /** The export that is the event's api, and its module; `undefined`: the handler's own contract has to do. */
  readonly api: { readonly from: string; readonly name: string } | undefined
  readonly contract: ContractSpec | undefined
  readonly isTick: boolean
}

/** The text. */
export const testOf = (letter: Letter, payload: unknown, parts: TestParts): string => {
  const { worker, isTick } = parts
  const label = letter.handler ?? ""
  const app = label.slice(0, label.indexOf("."))
  const name = label.slice(app.length + 1)
  const alias = isIdentifier(app) ? app : "worker"
  const api = parts.api !== undefined && isIdentifier(parts.api.name) ? parts.api : undefined
  const what = incoming(letter, payload, parts, api?.name, `${alias}${property(name)}`)
  return [
    `import assert from "node:assert/strict"`,
    `import { test } from "node:test"`,
    ...(what.needsSchema ? [`import { Schema } from "effect"`] : []),
    ...(what.needsTypes ? [`import type { EventSpec, Message } from "warren"`] : []),
    `import { testBus } from "warren/testing"`,
    ...(api === undefined || isTick ? [] : [`import { ${api.name} } from ${JSON.stringify(api.from)}`]),
    `import * as ${alias} from ${JSON.stringify(worker ?? `./workers/${app}.ts`)}`,
    "",
    ...comment(letter),
    `test(${JSON.stringify(`${label} handles what it once gave up`)}, () =>`,
    `  testBus({ ${alias === app ? app : `${JSON.stringify(app)}: ${alias}`} }, async (bus) => {`,
    `    // for what it calls in other apps: await bus.reply(Parts.lookup, () => ({ ... }))`,
    ...what.lines.map((line) => `    ${line}`),
    `    const [dead] = bus.timeline().of("dead").filter(({ handler }) => handler === ${JSON.stringify(label)})`,
    `    if (dead !== undefined) assert.fail(\`\${dead.error}\\n\\n\${bus.timeline()}\`)`,
    what.start === undefined ? `  }))` : `  }, { start: ${what.start} }))`,
    "",
  ].join("\n")
}

interface Incoming {
  readonly lines: ReadonlyArray<string>
  readonly needsSchema?: boolean
  readonly needsTypes?: boolean
  readonly start?: number
}

/** How it comes in. */
const incoming = (
  { type }: Letter,
  payload: unknown,
  { contract, isTick }: TestParts,
  api: string | undefined,
  handler: string,
): Incoming => {
  if (isTick) return { lines: [`await bus.advance("1 day")`], start: dueOf(payload) - 1_000 }
  const value = literal(payload)
  const simulate = (message: string) => [...`await bus.simulate(${message})`.split("\n"), `await bus.advance("7 days")`]
  if (api === undefined) {
    return {
      lines: [
        `const event = ${handler}.contract as unknown as (payload: unknown) => Message<EventSpec>`,
        ...simulate(`event(${value})`),
      ],
      needsTypes: true,
    }
  }
  const event = `${api}${property(type.slice(type.indexOf(".") + 1))}`
  const decoded = contract?.codec.decode(payload)
  // what does not fit is refused when it comes in, with the same words
  if (decoded !== undefined && Result.isFailure(decoded)) return { lines: simulate(`${event}(${value} as never)`) }
  if (decoded === undefined || Equal.equals(decoded.success, payload)) {
    return { lines: simulate(`${event}(${value})`) }
  }
  const read = `Schema.decodeUnknownSync(Schema.toCodecJson(${event}.payload))`
  return {
    lines: [`const payload = ${read}(${value})`, ...simulate(`${event}(payload)`)].join("\n").split("\n"),
    needsSchema: true,
  }
}

/** As people write it: keys that are names stand without quotes. In JSON a line begins with a text and a colon nowhere else. */
const literal = (payload: unknown): string =>
  JSON.stringify(payload, null, 2).replaceAll(/^( *)"([A-Za-z_$][\w$]*)":/gm, "$1$2:")

const dueOf = (payload: unknown): number => {
  const due = typeof payload === "object" && payload !== null ? (payload as { readonly due?: unknown }).due : undefined
  return typeof due === "number" && due > 1_000 && due < 8.64e15 ? Math.trunc(due) : Date.UTC(2026, 0, 1)
}

/** What happened, for whoever reads the test. */
const comment = ({ id, type, sender, error, attempts, at, sent }: Letter): ReadonlyArray<string> => {
  const time = (ms: number) => new Date(ms).toISOString()
  const origin = [sender === "" ? "" : `from ${sender}`, sent === null ? "" : time(sent)].filter((one) => one !== "")
  const end = [
    attempts === null ? "" : ` after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`,
    at === null ? "" : `, ${time(at)}`,
  ].join("")
  return [
    `${id} ("${type}"${origin.length === 0 ? "" : ` ${origin.join(", ")}`})`,
    `was given up${end}:`,
    ...error.split(/\r?\n/).slice(0, 12),
  ].map((line) => `// ${harmless(line)}`)
}

/** No line ends with this, and nothing is shown out of its order. */
const harmless = (line: string): string => line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").slice(0, 300).trimEnd()

const property = (name: string): string => isIdentifier(name) ? `.${name}` : `[${JSON.stringify(name)}]`

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name) && !reserved.has(name)

/** Names that an import cannot have, of those that an app can. */
const reserved = new Set(
  ("break case catch class const continue debugger default delete do else enum export extends false finally for function " +
    "if import in instanceof new null return super switch this throw true try typeof var void while with yield let static " +
    "await implements interface package private protected public eval arguments assert test testBus bus").split(" "),
)
