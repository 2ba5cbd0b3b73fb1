/**
 * Tells the log what the journal records: retries and unheard events where people look, the rest at debug.
 *
 * The runtime logs dead letters and failed calls itself, with their causes; here they are debug lines, so that nothing
 * is said twice.
 */
import type { Entry, Fact, Journal } from "../runtime/mod.ts"
import type { Level, Log } from "./log.ts"

const levels: Partial<Record<Fact, Level>> = {
  retry: "warn",
  returned: "info",
  "not-emitted": "warn",
  "clock-skew": "warn",
}

const says: Record<Fact, (entry: Entry) => string> = {
  emitted: ({ type }) => `emitted ${type}`,
  unheard: ({ type }) => `emitted ${type}, and nobody listens to it`,
  "not-emitted": ({ type }) => `${type} was not emitted`,
  started: ({ type, attempt }) =>
    `started ${type}${attempt !== undefined && attempt > 1 ? `, attempt ${attempt}` : ""}`,
  handled: ({ type, ms }) => `handled ${type}${ms === undefined ? "" : ` in ${ms} ms`}`,
  failed: ({ type }) => `failed ${type}`,
  retry: ({ type, attempt, delay }) => `failed ${type}; attempt ${attempt} in ${seconds(delay ?? 0)}`,
  dead: ({ type }) => `gave ${type} up to the dead letters`,
  skipped: ({ type }) => `skipped ${type}`,
  returned: ({ type }) => `gave ${type} back unfinished`,
  called: ({ type }) => `called ${type}`,
  answered: ({ type, ms }) => `${type} answered in ${ms} ms`,
  refused: ({ type }) => `${type} failed`,
  "stray-reply": ({ type }) => `a reply to ${type} came too late for its caller`,
  rerouted: ({ type }) => `${type} went on by another lane`,
  cancelled: ({ type }) => `stopped ${type}: its caller gave up`,
  tick: ({ type }) => `tick of ${type}`,
  "clock-skew": ({ type, ms }) => `${type} comes from a machine whose clock differs by ${ms} ms`,
  drift: ({ type }) => `${type} has two schemas at work`,
}

const seconds = (ms: number): string => ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`

/** A journal that writes to a log. That nobody listens to an event is said once; the metrics count how often. */
export const journalTo = (log: Log): Journal => {
  const unheard = new Set<string>()
  const levelOf = ({ fact, type }: Entry): Level => {
    if (fact !== "unheard") return levels[fact] ?? "debug"
    if (unheard.has(type)) return "debug"
    unheard.add(type)
    return "info"
  }
  const record = (entry: Entry): void => {
    const level = levelOf(entry)
    if (!log.isShown(level)) return
    const { at, app, handler, id, error, cause } = entry
    log.write({
      at,
      level,
      message: says[entry.fact](entry),
      app,
      handler,
      id,
      error: error === "" ? undefined : error,
      cause,
    })
  }
  return { record }
}
