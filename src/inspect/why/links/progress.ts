/**
 * Does the handler get on: is there room for one more, and does what waits grow less?
 */
import type { HandlerStats } from "../../../wire/mod.ts"
import type { Evidence } from "../Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { posts } from "../Team.ts"
import { ago, count, quote, span } from "../words.ts"

/** A handler may be long at work; it hangs when it is so much longer than it ever was, and at least so long, ms; its very first so long. */
const hanging = { times: 3, least: 3_000, first: 5_000 }
/** What waits is a backlog where it takes longer than that to get through, ms; and it is more than a handful. */
const backlog = { ms: 20_000, least: 100 }

/** Messages a second; of one that has only just begun, and has enough to do, by how long it takes for each. */
const rateOf = ({ handled, concurrency, running, recent: { perSecond, p50 } }: HandlerStats, isBusy: boolean): number =>
  (isBusy || running >= concurrency) && p50 > 0 && handled > 0 && handled <= perSecond * 10 + 1
    ? Math.max(perSecond, Math.round(concurrency * 10_000 / p50) / 10)
    : perSecond

/** Does the handler get on? */
export const progress = ({ at, target, team, now }: Evidence): Step => {
  const { queue = "", app = "", handler = "" } = target ?? {}
  const label = `${app}.${handler}`
  const all = posts(team, queue).filter(({ handler }) => handler.held)
  if (all.length === 0) return notKnown("no process told how far it is")
  const halted = all.find(({ handler }) => handler.halted > 0)?.handler
  if (halted !== undefined) {
    const why = halted.lastHalted === undefined
      ? ""
      : `, the last ${ago(halted.lastHalted.at, now)}: ${quote(halted.lastHalted.error)}`
    return broken(
      "key-halted",
      `${label} has ${count(halted.halted, "key")} that ${halted.halted === 1 ? "stands" : "stand"} still${why}`,
      `${label} keeps order, and a key of its \`orderBy\` stands still since its message used up its tries${
        halted.lastHalted === undefined ? "" : ` (${quote(halted.lastHalted.error, 120)})`
      }: what comes after it with the same key waits.`,
      'Mend the handler and start the app again; or let such messages go to the dead letters: `whenExhausted: "dead-letter"`',
    )
  }
  const ready = at.now.known ? at.now.value?.ready ?? null : null
  const places = all.reduce((sum, { handler }) => sum + handler.concurrency, 0)
  const running = all.reduce((sum, { handler }) => sum + handler.running, 0)
  const inHand = all.reduce((sum, { handler }) => sum + handler.inHand, 0)
  // with so many before it, it is between two of them where it is at work on none
  const isBusy = (ready ?? 0) >= backlog.least
  const rate = Math.round(all.reduce((sum, { handler }) => sum + rateOf(handler, isBusy), 0) * 10) / 10
  const p99 = Math.max(...all.map(({ handler }) => handler.recent.p99))
  const oldest = Math.min(...all.map(({ handler }) => handler.oldest ?? 0))
  const since = Math.max(...all.map(({ handler }) => handler.lastHandled ?? 0))
  const figures = `${count(running, "message")} at work of ${places}, ${ready ?? "?"} ready, ${rate}/s`
  const isFull = running >= places
  const limit = Math.max(since === 0 ? hanging.first : hanging.least, hanging.times * p99)
  const waits = (ready ?? 0) > 0 || inHand > running
  if (isFull && waits && oldest > limit) {
    const first = all.find(({ handler }) => handler.oldest === oldest)?.handler
    return broken(
      "saturated",
      `${figures}; ${label} has been at work on each for ${span(oldest)} or longer${
        first?.oldestId === undefined ? "" : ` (${first.oldestId})`
      }${since === 0 ? ", and has finished none" : `, and finished the last one ${ago(since, now)}`}`,
      `${label} hangs: all ${places} that it may work on at a time have been at work for ${
        span(oldest)
      } or longer, and nothing else gets its turn.`,
      `Look at what it waits for; give it a \`timeout\`, so that one that hangs is retried; start its process again to give back what it has`,
    )
  }
  const left = ready === null ? 0 : rate > 0 ? ready / rate * 1_000 : Number.POSITIVE_INFINITY
  // one that has only just begun has no rate yet
  const isSlow = rate > 0 || oldest > limit || since > 0 && now - since > hanging.least
  if (ready !== null && isBusy && left > backlog.ms && (isFull || rate > 0) && isSlow) {
    return broken(
      "backlog",
      `${figures}; ${count(ready, "message")} before it${
        rate > 0 ? `, for which ${label} needs about ${span(left)}` : ""
      } (half of them take ${span(Math.max(...all.map(({ handler }) => handler.recent.p50)))})`,
      `${count(ready, "message")} wait for ${label}, which handles ${rate} a second${
        rate > 0 ? `: a new one has its turn in about ${span(left)}` : ""
      }.`,
      `Start more processes of ${app}, raise the handler's \`concurrency\` (${
        Math.round(places / all.length)
      } now), or make it faster`,
    )
  }
  const behind = ready !== null && ready > 0 && rate > 0 ? `; what waits takes about ${span(left)}` : ""
  const longest = all.map(({ handler }) => handler).toSorted((a, b) => (b.oldest ?? 0) - (a.oldest ?? 0))[0]
  const long = longest?.oldest !== undefined && longest.oldest > 2 * limit
    ? `; it has been at work on ${longest.oldestId ?? "one"} for ${span(longest.oldest)}${
      since === 0 ? " and has finished none" : ""
    }: it may hang`
    : ""
  return isFull && running > 0 || long !== "" ? note(`${figures}${behind}${long}`) : ok(`${figures}${behind}`)
}
