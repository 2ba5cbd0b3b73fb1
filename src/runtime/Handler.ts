/**
 * What a worker module exports: call handlers, listeners and schedules, as values.
 *
 * Made by `worker.ts`, named by their export, run by the host. Nothing here runs anything.
 */
import type { Context, Cron, Duration, Layer } from "effect"
import type { CallSpec, EventSpec, Message } from "../contract/mod.ts"
import type { Bus, CallOptions, EmitOptions, Emitted, ValueOf } from "./Bus.ts"
import type { Retry, RetryPolicy } from "./Retry.ts"

/** Writes log lines that carry the message's id, app and handler. */
export interface Log {
  readonly debug: (message: string, fields?: Readonly<Record<string, unknown>>) => void
  readonly info: (message: string, fields?: Readonly<Record<string, unknown>>) => void
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void
  readonly error: (message: string, fields?: Readonly<Record<string, unknown>>) => void
}

/** The second parameter of every handler. All a plain async handler needs, on the runtime's clock. */
export interface HandlerContext<Services = never> {
  /** The message's id; a retry or redelivery keeps it. */
  readonly id: string
  /** 1 for the first try. */
  readonly attempt: number
  /** Whether the broker may have delivered it before. */
  readonly redelivered: boolean
  /** When it must be done, ms since the epoch as `now()`; `undefined`: no deadline. */
  readonly deadline: number | undefined
  /** Aborted when the handler is interrupted: deadline, caller gone, forced shutdown. */
  readonly signal: AbortSignal
  readonly log: Log
  /** Calls another app; rejects with the declared error or a call error. */
  readonly call: <C extends CallSpec>(message: Message<C>, options?: CallOptions) => Promise<ValueOf<C>>
  /** Emits an event; resolves once the broker has confirmed. */
  readonly emit: <C extends EventSpec>(message: Message<C>, options?: EmitOptions) => Promise<Emitted>
  /** Waits on the runtime's clock, which tests control. */
  readonly sleep: (duration: Duration.Input) => Promise<void>
  /** The runtime's time, ms since the epoch. */
  readonly now: () => number
  /** A fresh UUID (v7), repeatable in tests. */
  readonly uuid: () => string
  /** A service of the worker's layer, for handlers that are no Effects. */
  readonly get: <I extends Services, S>(service: Context.Key<I, S>) => S
}

/** Options every handler takes. */
export interface HandlerOptions {
  /** Messages worked on at a time. @default 16, or `--concurrency` */
  readonly concurrency?: number
  /** Longest run; a call's own deadline may be shorter. @default none */
  readonly timeout?: Duration.Input
}

/** Options of {@link Listener}s. */
export interface ListenerOptions<T> extends HandlerOptions {
  /** When a failed message is tried again; `false`: never. */
  readonly retry?: RetryPolicy | false
  /** Messages of one key are handled in the order they were emitted, one at a time. */
  readonly orderBy?: (payload: T) => string | number
  /** With `orderBy`, when the attempts are used up: go on after dead-lettering, or hold the key. @default "dead-letter" */
  readonly whenExhausted?: "dead-letter" | "halt"
  /** Skips messages whose id was completed before, by the `Inbox`. @default false */
  readonly dedupe?: boolean
}

/** Options of schedules. */
export interface ScheduleOptions extends HandlerOptions {
  /** IANA zone in which a cron expression is read. @default "UTC" */
  readonly timezone?: string
  /**
   * What becomes of due times that passed while no process ran: `"skip"`, nothing; `"once"`, one tick for the newest of
   * them, however late, whose `missed` counts them. A tick at most a minute late is not missed: it is made. @default "skip"
   */
  readonly missed?: Missed
  /** When a failed tick is tried again; `false`: never. */
  readonly retry?: RetryPolicy | false
}

/** What becomes of a schedule's missed due times. */
export type Missed = "skip" | "once"

/** The user's function; an Effect, a promise or a plain value comes back. */
export type Run = (payload: unknown, context: HandlerContext) => unknown

/** What `worker({ app, layer })` adds to its handlers. */
export interface WorkerSpec {
  readonly app: string | undefined
  /** Built once, released at shutdown. */
  readonly layer: Layer.Layer<unknown, unknown, Bus>
}

/** Marks handlers at run time. */
export const HandlerTypeId = "~warren/Handler"

interface Common {
  readonly [HandlerTypeId]: typeof HandlerTypeId
  readonly run: Run
  readonly worker: WorkerSpec | undefined
  readonly concurrency: number | undefined
  /** ms. */
  readonly timeout: number | undefined
}

/** Answers one call. */
export interface CallHandler extends Common {
  readonly kind: "call"
  readonly contract: CallSpec
}

/** Listens to one event. */
export interface Listener extends Common {
  readonly kind: "listener"
  readonly contract: EventSpec
  readonly retry: Retry
  readonly orderBy: ((payload: unknown) => string | number) | undefined
  readonly whenExhausted: "dead-letter" | "halt"
  readonly dedupe: boolean
}

/** Runs at times. */
export interface ScheduledHandler extends Common {
  readonly kind: "schedule"
  readonly timing: Timing
  readonly missed: Missed
  readonly retry: Retry
}

/** When a schedule runs: by a cron expression, or every so many ms counted from the epoch. */
export type Timing =
  | { readonly _tag: "Cron"; readonly text: string; readonly timezone: string; readonly cron: Cron.Cron }
  | { readonly _tag: "Interval"; readonly text: string; readonly ms: number }

/** Anything a worker module exports to be run. */
export type Handler = CallHandler | Listener | ScheduledHandler

/** Whether a value is a handler. */
export const isHandler = (value: unknown): value is Handler =>
  typeof value === "object" && value !== null && HandlerTypeId in value
