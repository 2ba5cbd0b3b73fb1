/**
 * What is a call's own: its servers, and what its callers are told.
 */
import { nearest } from "../../../contract/mod.ts"
import type { Mishap } from "../../../wire/mod.ts"
import type { Evidence } from "../Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { addressee } from "../targets.ts"
import { living, nameOf, posts, type Process, rememberedHandlers, sendersOf } from "../Team.ts"
import { ago, count, list, quote, span } from "../words.ts"
import { elsewhereOf } from "./elsewhere.ts"
import { isTaken } from "./flow.ts"
import { latest } from "./outcome.ts"

/** Does anybody serve it? */
export const server = (e: Evidence): Step => {
  const { question, team, target, now, at, place } = e
  const { subject } = question
  const { app } = addressee(question)
  const serves = ({ handles }: Process) =>
    handles.some((one) => one.kind === "call" && one.subject === subject && (app === undefined || one.app === app))
  const here = living(team).filter(serves)
  const running = here.filter(({ life }) => life === "running")
  const theirs = app === undefined ? [] : living(team).flatMap(({ handles }) => handles)
    .filter((one) => one.kind === "call" && one.subject === subject && one.app !== app)
  if (here.length === 0 && theirs.length > 0) {
    const near = nearest(app!, theirs.map((one) => one.app))
    return broken(
      "no-such-handler",
      `${list(theirs.map((one) => `${one.app}.${one.name}`))} serves it, and nothing of "${app}" does`,
      near.length > 0
        ? `There is no app "${app}": it is nearly "${near[0]}", which serves "${subject}".`
        : `App "${app}" does not serve "${subject}": ${list(theirs.map((one) => one.app))} does.`,
      `Ask for --to ${theirs[0]!.app}, or for the call alone: \`warren why ${subject}\``,
    )
  }
  if (running.length > 0) {
    return ok(
      `${count(running.length, "process", "processes")} ${running.length === 1 ? "serves" : "serve"} it: ${
        list(running.map((one) => nameOf(one, target?.app)), 3)
      }`,
    )
  }
  const draining = here.filter(({ life }) => life === "draining")
  if (draining.length > 0) {
    return broken(
      "draining",
      `${list(draining.map((one) => nameOf(one, target?.app)))} ends`,
      `The only server of "${subject}" is ending and takes nothing new.`,
      "Start it again",
    )
  }
  if (here.length > 0) {
    return broken(
      "app-vanished",
      `${list(here.map((one) => nameOf(one, target?.app)))} served it, heard ${
        ago(Math.max(...here.map(({ lastHeard }) => lastHeard)), now)
      }, and does not answer`,
      `The process that serves "${subject}" does not answer.`,
      "Look at that process; start it again if it hangs",
    )
  }
  if (at.now.known && at.now.value !== undefined && (at.now.value.consumers ?? 0) > 0) {
    return note(
      `no process here says that it serves it; "${target?.queue}" has ${
        count(at.now.value.consumers ?? 0, "consumer")
      }`,
    )
  }
  const once = rememberedHandlers(team).filter((one) => one.kind === "call" && one.subject === subject)
    .toSorted((a, b) => b.seen - a.seen)[0]
  const wanted = app ?? once?.app ?? subject.slice(0, subject.indexOf("."))
  const elsewhere = elsewhereOf(e, wanted)
  const others = living(team).flatMap(({ handles }) => handles)
  const near = nearest(subject, others.flatMap((one) => one.kind === "call" ? [one.subject] : []))
  const runs = others.filter((one) => one.app === wanted)
  if (
    !team.ledger.known && once === undefined && elsewhere === undefined && at.now.known && at.now.value !== undefined
  ) {
    return notKnown(team.ledger.why)
  }
  const evidence = [
    `no process here serves "${subject}"`,
    once === undefined ? "" : `${once.app} did until ${ago(once.seen, now)}`,
    elsewhere?.evidence ?? "",
    runs.length === 0 ? "" : `${wanted} runs and has ${list(runs.map((one) => `${one.name} (${one.subject})`))}`,
    near.length === 0 ? "" : `"${near[0]}" is served`,
  ].filter((part) => part !== "").join("; ")
  return broken(
    "no-server",
    evidence,
    elsewhere !== undefined
      ? `App "${wanted}" runs ${elsewhere.where}, so nobody here serves "${subject}"; callers get \`NoHandler\` at once.`
      : `Nobody serves "${subject}"${
        once === undefined ? "" : `: ${once.app} stopped ${ago(once.seen, now)}`
      }; callers get \`NoHandler\` at once.`,
    elsewhere !== undefined
      ? `Connect it to this broker and virtual host (--broker, WARREN_BROKER): ${place.label}`
      : runs.length > 0 && once === undefined
      ? `Export \`handle(…)\` for it in the module of ${wanted}`
      : `Start it: \`warren run workers/${wanted}.ts\``,
  )
}

/** Are there more calls than the servers get through? */
export const load = (e: Evidence): Step => {
  const { at, target, team, now } = e
  const all = posts(team, target?.queue ?? "")
  if (all.length === 0) return notKnown("no server told how far it is")
  const places = all.reduce((sum, { handler }) => sum + handler.concurrency, 0)
  const running = all.reduce((sum, { handler }) => sum + handler.running, 0)
  const rate = Math.round(all.reduce((sum, { handler }) => sum + handler.recent.perSecond, 0) * 10) / 10
  const oldest = Math.min(...all.map(({ handler }) => handler.oldest ?? 0))
  const ready = at.now.known ? at.now.value?.ready ?? 0 : 0
  const limit = at.insight.known ? at.insight.value?.limits.maxLength ?? null : null
  const told = callersOf(e).map(({ sent }) => sent.lastFailed).filter((one) => one?.tag === "Overloaded")
  const last = latest(told)
  const figures = `${running} of ${places} at work, ${count(ready, "call")} in the queue${
    limit === null ? "" : ` of at most ${limit.toLocaleString("en-US")}`
  }, ${rate}/s`
  const isFull = limit !== null && ready >= limit
  const isRefused = last !== undefined && now - last.at < 60_000 && running >= places
  if (isFull || isRefused) {
    return broken(
      "overloaded",
      `${figures}${last === undefined ? "" : `; a caller was refused ${ago(last.at, now)}: ${quote(last.error)}`}`,
      `The servers of "${
        target?.queue.replace("warren.calls.", "")
      }" do not get through: ${figures}; callers get \`Overloaded\`.`,
      "Start more servers, raise the handler's `concurrency`, or call less",
    )
  }
  if (running >= places && ready > 0 && oldest > 3_000) {
    return broken(
      "saturated",
      `${figures}; each has been at work for ${span(oldest)} or longer`,
      `All servers of it hang: each call they may work on has been at work for ${span(oldest)} or longer.`,
      "Look at what the handler waits for; start its process again to give back what it has",
    )
  }
  return ok(figures)
}

/** What is it that callers are told? */
export const caller = (e: Evidence): Step => {
  const { now, target, question: { subject, from } } = e
  const all = callersOf(e)
  if (all.length === 0) {
    return from === undefined ? ok("no process that runs has called it") : note(
      `no process of "${from}" that runs has called it`,
    )
  }
  const failing = all.filter(({ sent }) =>
    (sent.lastFailed?.at ?? 0) > (sent.lastDone ?? 0) && sent.lastFailed?.error !== interrupted && !isTaken(sent, now)
  )
  const worst = failing.toSorted((a, b) => (b.sent.lastFailed?.at ?? 0) - (a.sent.lastFailed?.at ?? 0))[0]
  const last = worst?.sent.lastFailed
  const who = list(all.flatMap(sendersOf))
  const done = all.reduce((sum, { sent }) => sum + sent.done, 0)
  if (worst === undefined || last === undefined || failing.length < all.length) {
    return ok(`${who} called it, ${count(done, "answer")}`)
  }
  const by = list(sendersOf(worst))
  const evidence = `${by} was told ${ago(last.at, now)}: ${quote(last.error)}`
  const schemas = new Set(posts(e.team, target?.queue ?? "").map(({ handler }) => handler.schema))
  if (last.tag === "Disconnected" && /permission is missing/.test(last.error)) {
    return broken(
      "permission-missing",
      evidence,
      `The broker does not allow ${by} to call: ${quote(last.error)}.`,
      "Give its user permission to write to `warren.*`: `rabbitmqctl set_permissions` (docs/operations.md)",
    )
  }
  if (last.tag === "DeadlineExceeded") return late(e, by, last, evidence)
  const isOther = worst.sent.schema !== "" && schemas.size > 0 && !schemas.has(worst.sent.schema)
  if (last.tag === "InvalidPayload" || last.tag === "InvalidReply") {
    return broken(
      isOther || last.tag === "InvalidReply" ? "other-schema" : "emit-refused",
      `${evidence}${isOther ? `; it calls by schema ${worst.sent.schema}, the server reads ${list(schemas)}` : ""}`,
      isOther
        ? `${by} calls "${subject}" by another schema than its server reads: ${quote(last.error)}.`
        : last.tag === "InvalidReply"
        ? `What the handler of "${subject}" returns does not fit the call's own schema: ${quote(last.error)}.`
        : `What ${by} sends does not fit the schema of "${subject}": ${quote(last.error)}.`,
      isOther
        ? "`warren schema diff` says what differs and who breaks; start both with the same version of the api"
        : last.tag === "InvalidReply"
        ? "Correct what the handler returns; or its contract, and start both sides with it"
        : "Correct what the caller sends",
    )
  }
  return note(evidence)
}

/** A call of which nobody waits for the answer any more. */
const interrupted = "interrupted"

/** No answer in time: the servers were not there then, or are slower than callers are patient. */
const late = (e: Evidence, by: string, last: Mishap, evidence: string): Step => {
  const { team, target, question: { subject } } = e
  const all = posts(team, target?.queue ?? "")
  // somebody has had an answer since
  if (all.some(({ handler }) => (handler.lastHandled ?? 0) > last.at)) return note(evidence)
  // whoever was there at that time is gone
  if (all.every(({ process }) => (process.stats?.startedAt ?? 0) > last.at)) return note(evidence)
  const late = all.map(({ handler }) => handler.lastSkipped).find((one) => one?.tag === "late-on-arrival")
  // that is told with its own link
  if (late !== undefined && latenessOf(late) >= jitter) return note(evidence)
  const handled = all.reduce((sum, { handler }) => sum + handler.handled, 0)
  const p50 = Math.max(...all.map(({ handler }) => handler.recent.p50))
  const waited = /within (\d+) ms/.exec(last.error)?.[1]
  const after = waited === undefined ? "before an answer came" : `after ${span(Number(waited))}, before an answer came`
  const told = handled === 0 ? "has finished none" : `takes ${span(p50)} for half of them`
  return broken(
    "deadline-exceeded",
    `${evidence}; the server ${told}`,
    `${by} gave up on "${subject}" ${after}, and the server ${told}: it is slower than the caller is patient.`,
    "Make the handler faster, or look at what it waits for; start more servers; or let the caller wait for longer: `bus.call(…, { timeout })`",
  )
}

/** A call may wait in the broker until just before its deadline, ms. */
const jitter = 250

/** By how much the deadline of a call had passed when it came, ms. */
const latenessOf = ({ error }: Mishap): number => Number(/by (\d+) ms/.exec(error)?.[1] ?? Number.POSITIVE_INFINITY)

/** Are calls late already when they arrive? */
export const clocks = ({ team, target, now }: Evidence): Step => {
  const all = posts(team, target?.queue ?? "")
  const last = latest(all.map(({ handler }) => handler.lastSkipped))
  const good = Math.max(0, ...all.map(({ handler }) => handler.lastHandled ?? 0))
  if (last?.tag === "late-on-arrival" && last.at > good && latenessOf(last) >= jitter) {
    return broken(
      "clock-skew",
      `a call was not run ${ago(last.at, now)} (${last.id}): ${quote(last.error)}`,
      `Calls have expired when they arrive (${
        quote(last.error)
      }) although the broker drops what waits too long: the caller's clock is behind, or its connection stood still.`,
      "Set the clock on the caller's machine (NTP), `warren doctor` compares clocks; send `warren-timeout` and `warren-sent` beside `warren-deadline` (docs/protocol.md)",
    )
  }
  const skew = team.processes.map(({ stats }) => stats?.skew).filter((one) => one !== undefined)
    .toSorted((a, b) => b.at - a.at)[0]
  return skew === undefined
    ? ok("no call came late, and no clock was seen to differ")
    : note(`a clock differs by ${span(Math.abs(skew.ms))} (seen ${ago(skew.at, now)}); calls go on all the same`)
}

const callersOf = ({ team, question: { subject, from } }: Evidence) =>
  living(team).filter(({ apps }) => from === undefined || apps.includes(from)).flatMap((process) =>
    process.stats?.sent.flatMap((sent) => sent.type === subject && sent.kind === "call" ? [{ process, sent }] : []) ??
      []
  )
