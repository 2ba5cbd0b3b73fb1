/**
 * Log lines: short ones for people on a terminal, one JSON object a line for everything else.
 *
 * Above it the runtime's logs (through Effect's logger), the handlers' `context.log` and the journal; below it one
 * function that prints. A line knows the message in hand, if any: app, handler, id and trace come from the fiber.
 */
import { Cause, Formatter, Logger, type LogLevel, References } from "effect"
import { CurrentDelivery, framesOf } from "../runtime/mod.ts"
import type { Paint, Style } from "./paint.ts"
import { describe } from "./stack.ts"

/** How grave a line is. */
export type Level = "debug" | "info" | "warn" | "error"

/** The least grave level that is shown; `none`: no line at all. */
export type Minimum = Level | "none"

/** One thing to say. */
export interface Line {
  /** ms since the epoch. */
  readonly at: number
  readonly level: Level
  readonly message: string
  readonly app?: string | undefined
  /** `warranty.register`. */
  readonly handler?: string | undefined
  /** Id of the message it is about. */
  readonly id?: string | undefined
  readonly trace?: string | undefined
  /** Id of the message that caused it. */
  readonly cause?: string | undefined
  /** What went wrong, as one line. */
  readonly error?: string | undefined
  /** Where, nearest first. */
  readonly stack?: ReadonlyArray<string> | undefined
  readonly fields?: Readonly<Record<string, unknown>> | undefined
}

/** Where lines go. */
export interface Log {
  readonly isShown: (level: Level) => boolean
  readonly write: (line: Line) => void
}

const weights: Record<Minimum, number> = { debug: 0, info: 1, warn: 2, error: 3, none: 4 }

/** A log that shows lines from a level on, each formatted and printed at once. */
export const makeLog = (options: {
  readonly minimum: Minimum
  readonly format: (line: Line) => string
  readonly print: (text: string) => void
}): Log => {
  const least = weights[options.minimum]
  const isShown = (level: Level) => weights[level] >= least
  return {
    isShown,
    write: (line) => {
      if (isShown(line.level)) options.print(options.format(line))
    },
  }
}

/** One JSON object; a field that cannot be written as JSON is written as text. */
export const formatJson = ({ at, level, message, fields, ...rest }: Line): string => {
  const line = { time: new Date(at).toISOString(), level, message, ...rest }
  const own = Object.entries(fields ?? {}).filter(([name]) => !Object.hasOwn(line, name))
  const whole = { ...line, ...Object.fromEntries(own) }
  try {
    return JSON.stringify(whole)
  } catch {
    return JSON.stringify({
      ...line,
      ...Object.fromEntries(own.map(([name, value]) => [name, Formatter.format(value)])),
    })
  }
}

const styles: Record<Level, Style> = { debug: "dim", info: "green", warn: "yellow", error: "red" }

/** One short line, then the error and where it happened, if any. */
export const formatPretty = (paint: Paint) => (line: Line): string => {
  const { at, level, message, app, handler, id, error, stack, fields } = line
  const who = handler ?? app
  const details = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${short(value)}`)
  if (id !== undefined) details.push(`id=${id}`)
  const head = [
    paint("dim", clock(at)),
    paint(styles[level], level.padEnd(5)),
    ...(who === undefined ? [] : [paint("cyan", who)]),
    message,
    ...(details.length === 0 ? [] : [paint("dim", details.join(" "))]),
  ].join(" ")
  const tail = [
    ...(error === undefined || message.includes(error) ? [] : [paint(styles[level], error)]),
    ...(stack ?? []).map((frame) => paint("dim", frame)),
  ]
  return [head, ...tail.map((text) => `               ${text}`)].join("\n")
}

const clock = (at: number): string => {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":")
}

const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : Formatter.format(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Effect's levels for ours. */
export const effectLevel = (minimum: Minimum): LogLevel.LogLevel =>
  ({ debug: "All", info: "Info", warn: "Warn", error: "Error", none: "None" } as const)[minimum]

const levelOf = (level: LogLevel.LogLevel): Level => {
  switch (level) {
    case "Warn":
      return "warn"
    case "Error":
    case "Fatal":
      return "error"
    case "Info":
      return "info"
    default:
      return "debug"
  }
}

/** Sends what Effects log to a log. */
export const effectLogger = (log: Log): Logger.Logger<unknown, void> =>
  Logger.make(({ message, logLevel, cause, fiber, date }) => {
    const level = levelOf(logLevel)
    if (!log.isShown(level)) return
    const parts = (Array.isArray(message) ? message : [message]) as ReadonlyArray<unknown>
    const { app, handler, id, trace, ...fields } = fiber.getRef(References.CurrentLogAnnotations) as Record<
      string,
      unknown
    >
    const current = fiber.getRef(CurrentDelivery)
    const failure = cause.reasons.length > 0 ? Cause.squash(cause) : parts.find((part) => part instanceof Error)
    log.write({
      at: date.getTime(),
      level,
      message: parts.filter((part) => part !== failure).map((part) => typeof part === "string" ? part : short(part))
        .join(" "),
      app: text(app) ?? current?.app,
      handler: text(handler) ?? current?.handler,
      id: text(id) ?? current?.cause,
      trace: text(trace) ?? current?.trace.traceId,
      ...(failure !== undefined && { error: describe(failure), stack: framesOf(failure) }),
      ...(Object.keys(fields).length > 0 && { fields }),
    })
  })

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined
