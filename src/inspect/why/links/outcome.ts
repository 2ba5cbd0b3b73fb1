/**
 * How it ends: do both sides read it alike, and does the handler succeed?
 */
import type { Mishap } from "../../../wire/mod.ts"
import type { Evidence } from "../Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { living, nameOf, posts } from "../Team.ts"
import { ago, count, list, quote } from "../words.ts"
import { doesFlow } from "./flow.ts"
import { lossOf } from "./losses.ts"

/** Do both sides read it by the same schema? */
export const decoding = ({ team, target, question: { subject } }: Evidence): Step => {
  const read = new Map<string, Array<string>>()
  const add = (schema: string, who: string) => {
    if (schema !== "") read.set(schema, [...read.get(schema) ?? [], who])
  }
  for (const { handler } of posts(team, target?.queue ?? "")) add(handler.schema, `${handler.app}.${handler.name}`)
  for (const { apps, stats } of living(team)) {
    for (const one of stats?.sent ?? []) if (one.type === subject) add(one.schema, list(apps))
  }
  if (read.size < 2) return ok(read.size === 0 ? "nobody who runs says by which schema" : "one schema on all sides")
  const sides = [...read].map(([schema, who]) => `${list(who)} by ${schema}`)
  return note(`${read.size} schemas are at work (${sides.join("; ")}): \`warren schema diff\` says whether they fit`)
}

/** A process that failed that often and succeeded never is not unlucky. */
const sickly = 3

/** Does the handler succeed? */
export const outcome = (e: Evidence): Step => {
  const { team, target, now } = e
  const all = posts(team, target?.queue ?? "")
  const label = target?.kind === "call"
    ? all[0] && `${all[0].handler.app}.${all[0].handler.name}`
    : `${target?.app}.${target?.handler}`
  const failed = latest(all.map(({ handler }) => handler.lastFailed))
  const good = Math.max(0, ...all.map(({ handler }) => handler.lastHandled ?? 0))
  const handled = all.reduce((sum, { handler }) => sum + handler.handled, 0)
  const sick = all.find(({ handler }) => handler.handled === 0 && handler.failed >= sickly)
  if (sick?.handler.lastFailed !== undefined && good > 0) {
    const { process, handler: { failed, lastFailed } } = sick
    return broken(
      "handler-failing",
      `${nameOf(process, sick.handler.app)} failed at all ${failed} that it got, the last ${ago(lastFailed.at, now)}: ${
        quote(lastFailed.error)
      }; the others handled ${handled.toLocaleString("en-US")}`,
      `One of ${count(all.length, "process", "processes")} fails at everything, and the broker gives it its share: ${
        quote(lastFailed.error)
      }.`,
      `Mend or end that process: ${nameOf(process, sick.handler.app)}`,
    )
  }
  if (failed !== undefined && failed.at > good && !doesFlow(all.map(({ handler }) => handler), now)) {
    return broken(
      "handler-failing",
      `${label} failed ${ago(failed.at, now)} (${failed.id}): ${quote(failed.error)}${
        good === 0 ? "; nothing went well since its process began" : `; the last that went well was ${ago(good, now)}`
      }`,
      `${label} fails: ${quote(failed.error)}.`,
      "Mend what the error says; the process's log has the stack",
    )
  }
  const lost = target?.kind === "event" ? lossOf(e) : undefined
  if (lost !== undefined) {
    return notKnown(`${lost}: the others were taken away (expired, purged, or fetched by another program)`)
  }
  const text = handled === 0
    ? `${label} has handled nothing since its process began`
    : `${label} handled ${handled.toLocaleString("en-US")}, the last ${ago(good, now)}`
  return failed === undefined
    ? ok(text)
    : note(`${text}; its last failure was ${ago(failed.at, now)}: ${quote(failed.error)}`)
}

/** The latest of several mishaps. */
export const latest = (some: ReadonlyArray<Mishap | undefined>): Mishap | undefined =>
  some.filter((one) => one !== undefined).toSorted((a, b) => b.at - a.at)[0]
