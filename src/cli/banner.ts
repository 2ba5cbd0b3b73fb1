/**
 * What `warren run` says once it is ready: apps with what they handle, the gateway, and what to try next.
 *
 * Text for a terminal; without one the same facts are one log line. Says nothing that is not so at that moment.
 */
import { Result } from "effect"
import { type CallSpec, isCall } from "../contract/mod.ts"
import { type AppModule, type NamedHandler, nextDue } from "../runtime/mod.ts"
import { defaultUrl } from "./defaultUrl.ts"
import { exampleOf } from "./example.ts"
import type { Paint } from "./paint.ts"

/** The facts of a banner. */
export interface Ready {
  readonly version: string
  /** `Bun 1.4.5`. */
  readonly runtime: string
  /** `in-process`, or the broker's address without its password. */
  readonly broker: string
  readonly apps: ReadonlyArray<AppModule>
  /** Where the gateway listens; `undefined`: there is none. */
  readonly gateway: string | undefined
  /** How calls travel past the broker, or why they do not; `undefined`: the broker is in this process. */
  readonly lanes: string | undefined
  /** Whether requests to the gateway need a token. */
  readonly guarded: boolean
  readonly watching: boolean
  /** From the start of the process, ms. */
  readonly ms: number
  /** ms since the epoch. */
  readonly now: number
}

/** The banner as text, ending without a line break. */
export const banner = (facts: Ready, paint: Paint): string => {
  const { version, runtime, apps, gateway, broker } = facts
  const width = Math.max(...apps.flatMap(({ handlers }) => handlers.map((handler) => subjectOf(handler).length)))
  const lines = [
    "",
    `  ${paint("bold", paint("magenta", "warren"))} ${version}  ${
      paint("dim", [`on ${runtime}`, `${broker} broker`, count(apps.length, "app")].join(", "))
    }`,
    "",
    ...apps.flatMap((app) => [
      `  ${paint("bold", app.app)}  ${paint("dim", app.file)}`,
      ...sorted(app).map((handler) => `    ${row(handler, width, facts, paint)}`),
      "",
    ]),
    gateway === undefined
      ? `  ${paint("bold", "gateway")}  ${paint("dim", "none; --http starts one")}`
      : `  ${paint("bold", "gateway")}  ${paint("cyan", gateway)}${
        paint("dim", facts.guarded ? ", with a token" : "")
      }`,
    ...(facts.lanes === undefined ? [] : [`  ${paint("bold", "lanes")}    ${paint("dim", facts.lanes)}`]),
    ...tries(facts).flatMap((line, i) =>
      [i === 0 ? `\n  ${paint("bold", "try")}` : "", `    ${line}`].filter((l) => l !== "")
    ),
    "",
    `  ${paint("green", `ready in ${facts.ms} ms`)}${
      paint("dim", facts.watching ? "; edits are taken over, ctrl-c ends it" : "; ctrl-c ends it")
    }`,
    "",
  ]
  return lines.join("\n")
}

/** The same facts as fields of a log line. */
export const bannerFields = ({ apps, gateway, ...facts }: Ready): Readonly<Record<string, unknown>> => ({
  version: facts.version,
  runtime: facts.runtime,
  broker: facts.broker,
  ...(gateway !== undefined && { gateway }),
  ...(facts.lanes !== undefined && { lanes: facts.lanes }),
  ms: facts.ms,
  apps: apps.map((app) => ({
    app: app.app,
    file: app.file,
    calls: app.handlers.filter(({ handler }) => handler.kind === "call").map(subjectOf),
    listeners: app.handlers.filter(({ handler }) => handler.kind === "listener").map(({ name, handler }) => ({
      name,
      event: subjectOf({ name, handler }),
    })),
    schedules: app.handlers.flatMap(({ name, handler }) => {
      if (handler.kind !== "schedule") return []
      const next = nextDue(handler.timing, facts.now)
      return [{ name, every: handler.timing.text, next: next === undefined ? null : new Date(next).toISOString() }]
    }),
  })),
})

const kinds = { call: "call", listener: "on", schedule: "every" } as const

const order = ["call", "listener", "schedule"] as const

const sorted = ({ handlers }: AppModule): ReadonlyArray<NamedHandler> =>
  handlers.toSorted((a, b) => order.indexOf(a.handler.kind) - order.indexOf(b.handler.kind))

const subjectOf = ({ handler }: NamedHandler): string =>
  handler.kind === "schedule" ? handler.timing.text : handler.contract.type

const row = (named: NamedHandler, width: number, facts: Ready, paint: Paint): string => {
  const { name, handler } = named
  const kind = paint("blue", kinds[handler.kind].padEnd(5))
  const subject = subjectOf(named).padEnd(width)
  if (handler.kind === "schedule") {
    const next = nextDue(handler.timing, facts.now)
    return `${kind} ${subject}  ${name}  ${
      paint("dim", next === undefined ? "never again" : `next ${moment(next, facts.now)}`)
    }`
  }
  const internal = handler.kind === "call" && facts.gateway !== undefined && !handler.contract.exposed
  return `${kind} ${subject}  ${name}${internal ? paint("dim", "  not exposed") : ""}`
}

/** When, and how far away: `2026-01-31 03:00 UTC, in 7 h 12 min`. */
const moment = (at: number, now: number): string => {
  const left = Math.max(0, Math.round((at - now) / 1000))
  const [days, hours, minutes] = [Math.floor(left / 86_400), Math.floor(left / 3_600) % 24, Math.floor(left / 60) % 60]
  const distance = days > 0
    ? `${days} d ${hours} h`
    : hours > 0
    ? `${hours} h ${minutes} min`
    : minutes > 0
    ? `${minutes} min`
    : `${left} s`
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC, in ${distance}`
}

const tries = ({ apps, gateway, guarded }: Ready): ReadonlyArray<string> => {
  if (gateway === undefined) return []
  const exposed = apps.flatMap(({ handlers }) => handlers).flatMap(({ handler }) =>
    handler.kind === "call" && isCall(handler.contract) && handler.contract.exposed && hasExample(handler.contract)
      ? [handler.contract]
      : []
  )
  if (exposed.length === 0) return [`curl -s ${gateway}/health/ready`]
  const chosen = exposed.reduce((best, next) => weight(next) < weight(best) ? next : best)
  const auth = guarded ? ` -H "authorization: Bearer $WARREN_TOKEN"` : ""
  return [
    `curl -s ${gateway}/calls/${chosen.api}/${chosen.member}${auth} -H 'content-type: application/json' -d '${
      quoted(exampleOf(chosen.codec.jsonSchema))
    }'`,
    gateway === defaultUrl ? "npx warren topology" : `npx warren topology --url ${gateway}`,
  ]
}

/** Whether the example fits; JSON Schema does not say all that a schema checks. */
const hasExample = ({ codec }: CallSpec): boolean => Result.isSuccess(codec.decode(exampleOf(codec.jsonSchema)))

/** The call with the simplest payload is the one to try first. */
const weight = (call: CallSpec): number => JSON.stringify(exampleOf(call.codec.jsonSchema)).length

/** JSON between single quotes of a shell. */
const quoted = (value: unknown): string => JSON.stringify(value).replaceAll("'", `'\\''`)

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`
