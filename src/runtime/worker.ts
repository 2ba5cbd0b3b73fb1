/**
 * `handle`, `on`, `every` and `worker`: how handlers are written.
 *
 * They wrap a function into a {@link Handler} and check its options at once, so that a mistake shows
 * where it stands. A handler's services come from its worker's layer; a missing one does not compile.
 */
import { Cron, type Effect, Layer, Result } from "effect"
import type { AnyErrorSchema, AnySchema, CallError, CallSpec, EmitError, EventSpec } from "../contract/mod.ts"
import { isContract } from "../contract/mod.ts"
import type { Bus } from "./Bus.ts"
import {
  type CallHandler,
  type HandlerContext,
  type HandlerOptions,
  HandlerTypeId,
  type Listener,
  type ListenerOptions,
  type Missed,
  type Run,
  type ScheduledHandler,
  type ScheduleOptions,
  type Timing,
  type WorkerSpec,
} from "./Handler.ts"
import { InvalidOption, makeRetry, millis } from "./Retry.ts"

/** What a call handler may return: the value, a promise of it, or an Effect that fails with declared or call errors. */
export type Answer<R extends AnySchema, F extends AnyErrorSchema, Services> =
  | Effect.Effect<R["~type.make.in"], F["Type"] | CallError | EmitError, Bus | Services>
  | Promise<R["~type.make.in"]>
  | R["~type.make.in"]

/** Refuses, at compile time, an Effect that needs services nobody provides. */
export type Provided<A, Services> = A extends Effect.Effect<infer _A, infer _E, infer R>
  ? [R] extends [Bus | Services] ? unknown : Effect.Effect<unknown, unknown, Bus | Services>
  : unknown

/** The three ways to handle, for handlers that may use `Services`. */
export interface Handlers<Services> {
  /** Answers a call. Its name is its export's name. */
  readonly handle: <P extends AnySchema, R extends AnySchema, F extends AnyErrorSchema>(
    contract: CallSpec<P, R, F>,
    run: (payload: P["Type"], context: HandlerContext<Services>) => Answer<R, F, Services>,
    options?: HandlerOptions,
  ) => CallHandler
  /** Listens to an event, with a durable queue of its own. */
  readonly on: <P extends AnySchema, A>(
    contract: EventSpec<P>,
    run: (payload: P["Type"], context: HandlerContext<Services>) => A & Provided<A, Services>,
    options?: ListenerOptions<P["Type"]>,
  ) => Listener
  /** Runs by a cron expression (`"0 3 * * *"`) or an interval (`"15 minutes"`), once over all processes of the app. */
  readonly every: <A>(
    timing: string,
    run: (tick: Tick, context: HandlerContext<Services>) => A & Provided<A, Services>,
    options?: ScheduleOptions,
  ) => ScheduledHandler
}

/** What a schedule's handler is given. */
export interface Tick {
  /** When it was due, ms since the epoch. */
  readonly due: number
  /**
   * How many missed due times it makes up for, its own included (`missed: "once"`; 100 stands for more); 0: it is none of
   * the missed.
   */
  readonly missed: number
}

const handlersOf = <Services>(worker: WorkerSpec | undefined): Handlers<Services> => ({
  handle: (contract, run, options) => {
    requireContract("handle", contract, "call")
    return {
      ...common(run as Run, worker, options),
      kind: "call",
      contract: contract as unknown as CallSpec,
    }
  },
  on: (contract, run, options) => {
    requireContract("on", contract, "event")
    return {
      ...common(run as Run, worker, options),
      kind: "listener",
      contract: contract as unknown as EventSpec,
      retry: makeRetry(options?.retry),
      orderBy: options?.orderBy as ((payload: unknown) => string | number) | undefined,
      whenExhausted: options?.whenExhausted ?? "dead-letter",
      dedupe: options?.dedupe ?? false,
    }
  },
  every: (timing, run, options) => ({
    ...common(run as Run, worker, options),
    kind: "schedule",
    timing: parseTiming(timing, options?.timezone ?? "UTC"),
    missed: requireMissed(options?.missed ?? "skip"),
    retry: makeRetry(options?.retry),
  }),
})

const free = handlersOf<never>(undefined)

/** Answers a call; for handlers that need nothing but the Bus. */
export const handle: Handlers<never>["handle"] = free.handle

/** Listens to an event; for handlers that need nothing but the Bus. */
export const on: Handlers<never>["on"] = free.on

/** Runs at times; for handlers that need nothing but the Bus. */
export const every: Handlers<never>["every"] = free.every

/** Options of {@link worker}. */
export interface WorkerOptions<Services, E> {
  /** The app's name. @default the file's name */
  readonly app?: string
  /** Services of its handlers: built once when the worker starts, released when it stops. */
  readonly layer?: Layer.Layer<Services, E, Bus>
}

/**
 * `handle`, `on` and `every` for a worker with a name or services of its own.
 *
 * @example const { handle, on } = worker({ app: "sales", layer: Database.layer })
 */
export const worker = <Services = never, E = never>(options: WorkerOptions<Services, E>): Handlers<Services> =>
  handlersOf<Services>({
    app: options.app,
    layer: (options.layer ?? Layer.empty) as Layer.Layer<unknown, unknown, Bus>,
  })

const common = (run: Run, worker: WorkerSpec | undefined, options: HandlerOptions | undefined) => {
  if (typeof run !== "function") {
    throw new InvalidOption({ option: "run", value: String(run), expected: "the handler as a function" })
  }
  const concurrency = options?.concurrency
  if (concurrency !== undefined && (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 65_535)) {
    throw new InvalidOption({
      option: "concurrency",
      value: String(concurrency),
      expected: "a whole number from 1 to 65535",
    })
  }
  return {
    [HandlerTypeId]: HandlerTypeId,
    run,
    worker,
    concurrency,
    timeout: options?.timeout === undefined ? undefined : millis("timeout", options.timeout),
  } as const
}

const requireMissed = (missed: Missed): Missed => {
  if (missed === "skip" || missed === "once") return missed
  throw new InvalidOption({
    option: "missed",
    value: JSON.stringify(missed) ?? String(missed),
    expected: '"skip" or "once"',
  })
}

const requireContract = (verb: string, contract: unknown, kind: "event" | "call"): void => {
  if (isContract(contract) && contract.kind === kind) return
  const value = isContract(contract) ? `the ${contract.kind} "${contract.type}"` : String(contract)
  const hint = kind === "call" ? "for an event use `on`" : "for a call use `handle`"
  throw new InvalidOption({ option: verb, value, expected: `a ${kind} of an api (${hint})` })
}

/**
 * What happens in the hour that autumn repeats: a schedule at fixed hours runs once, one that runs in every hour (`*`, `*\/2`)
 * runs in both, so that none of its runs are missed.
 */
const overlapOf = (text: string): Cron.DstOverlapPolicy => {
  const fields = text.trim().split(/\s+/)
  return fields[fields.length - 4]?.startsWith("*") ? "both" : "earlier"
}

const parseTiming = (text: string, timezone: string): Timing => {
  const parsed = typeof text === "string" && text.trim().split(/\s+/).length >= 5
    ? Cron.parse(text, timezone, { onDstOverlap: overlapOf(text) })
    : undefined
  if (parsed !== undefined && Result.isSuccess(parsed)) {
    return { _tag: "Cron", text, timezone, cron: parsed.success }
  }
  const expected = 'a cron expression such as "0 3 * * *" or an interval such as "15 minutes"'
  if (parsed !== undefined) {
    throw new InvalidOption({
      option: "every",
      value: `"${text}" in time zone "${timezone}"`,
      expected: `${expected}; ${parsed.failure.message}`,
    })
  }
  let ms = Number.NaN
  try {
    ms = millis("every", text as `${number} minutes`)
  } catch {
    // told below, with what an interval looks like
  }
  if (Number.isFinite(ms) && ms >= 1) return { _tag: "Interval", text, ms }
  throw new InvalidOption({ option: "every", value: JSON.stringify(text) ?? String(text), expected })
}
