/**
 * Reads a worker module: which of its exports are handlers, and whose they are.
 *
 * Refuses, with file, export and reason, whatever cannot be run: unknown shapes, two handlers for one call,
 * two apps under one name. Loads no files: it is given the module's namespace.
 */
import { Context, Duration, Layer, Result, Schema } from "effect"
import { isApi, isContract, show } from "../contract/mod.ts"
import { type Handler, isHandler, type WorkerSpec } from "./Handler.ts"

/** A module that cannot be run. */
export class InvalidModule extends Schema.TaggedError<InvalidModule>()("InvalidModule", {
  /** The file, or what stands for it in a test. */
  file: Schema.String,
  /** The export in question; `""`: the whole module. */
  export: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    const where = this.export === "" ? `"${this.file}"` : `export "${this.export}" of "${this.file}"`
    return `Cannot run ${where}: ${this.reason}`
  }
}

/** A handler with its export's name. */
export interface NamedHandler {
  readonly name: string
  readonly handler: Handler
}

/** One app as a module describes it. */
export interface AppModule {
  readonly app: string
  readonly file: string
  readonly handlers: ReadonlyArray<NamedHandler>
  /** The distinct workers its handlers come from; their layers are built once each. */
  readonly workers: ReadonlyArray<WorkerSpec>
}

/** A module's exports. */
export type Namespace = { readonly [name: string]: unknown }

/** Options of {@link readModule}. */
export interface ModuleOptions {
  /** For messages. */
  readonly file: string
  /** The app's name when its handlers do not say: the file's name without extension. */
  readonly app: string
}

/** The app that a module describes. */
export const readModule = (
  namespace: Namespace,
  options: ModuleOptions,
): Result.Result<AppModule, InvalidModule> => {
  const refuse = (name: string, reason: string) =>
    Result.fail(new InvalidModule({ file: options.file, export: name, reason }))
  const handlers: Array<NamedHandler> = []
  const calls = new Map<string, string>()
  const apps = new Map<string, string>()
  for (const [name, value] of Object.entries(namespace)) {
    if (!isHandler(value)) {
      if (isShareable(value)) continue
      return refuse(name, `it is ${shapeOf(value)}; a worker exports what handle(...), on(...) and every(...) return`)
    }
    if (name === "default") {
      return refuse(name, "a handler needs a name of its own, which is its export's; export it by name")
    }
    if (!/^[a-zA-Z][a-zA-Z0-9_$]*$/.test(name) || name.length > 100) {
      return refuse(
        name,
        "a handler's name may have letters, digits and _, must start with a letter and be at most 100 long",
      )
    }
    if (value.kind === "call") {
      const other = calls.get(value.contract.type)
      if (other !== undefined) {
        return refuse(
          name,
          `it handles "${value.contract.type}", which export "${other}" handles already; a call has one handler`,
        )
      }
      calls.set(value.contract.type, name)
    }
    if (value.worker?.app !== undefined) apps.set(value.worker.app, name)
    handlers.push({ name, handler: value })
  }
  if (handlers.length === 0) {
    return refuse("", "it exports no handler; export what handle(...), on(...) or every(...) return")
  }
  if (apps.size > 1) {
    const [[first, one], [second, two]] = [...apps] as [[string, string], [string, string]]
    return refuse(two, `it belongs to app "${second}", but "${one}" belongs to app "${first}"; a module is one app`)
  }
  const app = [...apps.keys()][0] ?? options.app
  if (!/^[a-zA-Z][a-zA-Z0-9_-]{0,59}$/.test(app)) {
    return refuse(
      "",
      `"${app}" cannot name an app: letters, digits, "-" and "_", starting with a letter, at most 60; rename the file or use worker({ app })`,
    )
  }
  const workers = new Set(handlers.flatMap(({ handler }) => handler.worker === undefined ? [] : [handler.worker]))
  return Result.succeed({ app, file: options.file, handlers, workers: [...workers] })
}

/** Refuses modules that cannot run side by side: two under one name, or two that handle one call. */
export const checkTogether = (modules: ReadonlyArray<AppModule>): Result.Result<void, InvalidModule> => {
  const apps = new Map<string, AppModule>()
  const calls = new Map<string, string>()
  for (const module of modules) {
    const other = apps.get(module.app)
    if (other !== undefined) {
      const reason =
        `app "${module.app}" is "${other.file}" already; rename one file, name one with worker({ app }), or re-export both from one module`
      return Result.fail(new InvalidModule({ file: module.file, export: "", reason }))
    }
    apps.set(module.app, module)
    for (const { name, handler } of module.handlers) {
      if (handler.kind !== "call") continue
      const holder = calls.get(handler.contract.type)
      if (holder !== undefined) {
        const reason = `it handles "${handler.contract.type}", which ${holder} handles already; a call has one handler`
        return Result.fail(new InvalidModule({ file: module.file, export: name, reason }))
      }
      calls.set(handler.contract.type, `export "${name}" of "${module.file}"`)
    }
  }
  return Result.void
}

/**
 * Refuses handlers that may hold a delivery for longer than the broker lets one go unacknowledged (ms): it would close
 * their channel and deliver the message again, while the handler is still at work.
 */
export const checkPatience = (
  modules: ReadonlyArray<AppModule>,
  consumerTimeout: number,
): Result.Result<void, InvalidModule> => {
  for (const { file, handlers } of modules) {
    for (const { name, handler } of handlers) {
      const longest = longestHold(handler)
      if (longest <= consumerTimeout) continue
      const [held, limit] = [inWords(longest), inWords(consumerTimeout)]
      const what = handler.kind === "listener" && handler.orderBy !== undefined
        ? `with \`orderBy\` a message is held through all its tries, up to ${held}`
        : `its timeout is ${held}`
      const reason = `${what}, but the broker takes a delivery back after ${limit} (its consumer_timeout): ` +
        "shorten it, or raise consumer_timeout in RabbitMQ and say so with WARREN_CONSUMER_TIMEOUT"
      return Result.fail(new InvalidModule({ file, export: name, reason }))
    }
  }
  return Result.void
}

/** How long a delivery may go unacknowledged, as far as the handler's options say, ms. */
const longestHold = (handler: Handler): number => {
  const once = handler.timeout ?? 0
  if (handler.kind !== "listener" || handler.orderBy === undefined) return once
  let sum = once
  for (let attempt = 1; attempt < handler.retry.attempts; attempt++) sum += handler.retry.delayAfter(attempt) + once
  return sum
}

const inWords = (ms: number): string => Duration.format(Duration.millis(ms))

/** What a module may export besides handlers, for others and for its tests: contracts, schemas and errors, services and layers. */
const isShareable = (value: unknown): boolean =>
  isApi(value) || isContract(value) || Schema.isSchema(value) || Context.isKey(value) || Layer.isLayer(value)

const shapeOf = (value: unknown): string => {
  if (typeof value === "function") return "a plain function"
  if (value === null) return "null"
  if (Array.isArray(value)) return "an array"
  return typeof value === "object" ? "an object that is no handler" : `${typeof value} ${show(value)}`
}
