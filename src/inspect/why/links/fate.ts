/**
 * What became of messages: retried, dead, skipped, or of the one that was named, whatever happened to it.
 */
import { listPolicies } from "../../remedies.ts"
import type { Evidence, Letter } from "../Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { posts, rememberedSenders } from "../Team.ts"
import { ago, count, list, quote, span, time } from "../words.ts"
import { doesFlow } from "./flow.ts"

/** What expired that long ago tells of a limit that may be there still, where limits cannot be seen, ms. */
const recently = 3_600_000

/** So long after it was confirmed a message is somewhere, ms. */
const settled = 1_000

/** When the handler finished something well last, on whatever process; 0: never, as far as anybody says. */
const lastGood = ({ team, target }: Evidence): number =>
  Math.max(0, ...posts(team, target?.queue ?? "").map(({ handler }) => handler.lastHandled ?? 0))

const labelOf = ({ target }: Evidence): string => `${target?.app}.${target?.handler}`

/** The message that was named: where is it? A step that is `ok` and final ends the walk. */
export const message = (e: Evidence): { readonly step: Step; readonly isFinal: boolean } | undefined => {
  const { tracked, at, now, question: { id = "" } } = e
  if (tracked === undefined) return undefined
  const label = labelOf(e)
  const final = (step: Step) => ({ step, isFinal: true })
  const own = tracked.filter((one) => one.handler === undefined || one.handler === label)
  const last = own.findLast(({ fact }) => ["handled", "skipped", "retry", "dead", "returned", "failed"].includes(fact))
  const letter = at.letters.known ? at.letters.value.find(({ packet }) => packet.id === id) : undefined
  if (last?.fact === "skipped") {
    return final(broken(
      "duplicate",
      `skipped by ${label} ${ago(last.at, now)}: ${last.error ?? ""}`,
      `${label} skipped it as a duplicate: a message with the id "${id}" was completed before.`,
      "If it is another message, give it another id: `emit(…, { id })` repeats one on purpose",
    ))
  }
  if (last?.fact === "handled") return final(ok(`handled by ${label} ${ago(last.at, now)}`))
  if (letter !== undefined) return final(buried(e, letter, 1))
  const waiting = at.retries.known ? at.retries.value.find((one) => one.id === id) : undefined
  if (last?.fact === "retry" || waiting !== undefined) return final(waits(e, waiting, last?.at))
  const emitted = tracked.find(({ fact }) => fact === "emitted" || fact === "unheard" || fact === "not-emitted")
  const atWork = posts(e.team, e.target?.queue ?? "").find(({ handler }) => handler.oldestId === id)
  const where = atWork === undefined ? "" : `; ${label} has been at work on it for ${span(atWork.handler.oldest ?? 0)}`
  if (emitted === undefined && where === "") {
    return {
      step: notKnown("no process that runs remembers it, and it is no dead letter and no retry of this listener"),
      isFinal: false,
    }
  }
  const text = emitted === undefined
    ? "at work"
    : `${emitted.fact === "not-emitted" ? "not " : ""}emitted by ${emitted.process} ${ago(emitted.at, now)}${
      emitted.fact === "unheard" ? ", and no queue wanted it" : ""
    }`
  if (where !== "") return { step: note(`${text}${where}`), isFinal: false }
  if (emitted?.fact === "unheard") {
    return final(broken(
      "not-delivered",
      text,
      `When it was emitted (${
        time(emitted.at, now)
      }) no queue wanted it, that of ${label} neither: the broker dropped it.`,
      `Start ${e.target?.app} before what emits: its queue, once it is there, keeps what comes while it is stopped; emit it once more`,
    ))
  }
  if (emitted !== undefined && emitted.fact !== "emitted") return { step: note(text), isFinal: false }
  const ready = at.now.known ? at.now.value?.ready ?? 0 : undefined
  const inHand = posts(e.team, e.target?.queue ?? "").reduce((sum, { handler }) => sum + handler.inHand, 0)
  if (ready === 0 && inHand === 0 && emitted !== undefined && now - emitted.at > settled) {
    return {
      step: notKnown(
        `${text} and confirmed; it does not wait in the queue, nobody has it in hand, and no process that runs remembers what ` +
          `became of it: one that has ended handled it, or it was taken away (expired, purged, or fetched by another program)`,
      ),
      isFinal: false,
    }
  }
  const before = ready === undefined ? "" : `, ${count(ready, "message")} in the queue and ${inHand} in hand`
  return { step: note(`${text}, not handled yet${before}`), isFinal: false }
}

const waits = (
  e: Evidence,
  waiting: { readonly delay: number; readonly attempt: number } | undefined,
  at: number | undefined,
): Step => {
  const { now, question: { id } } = e
  const label = labelOf(e)
  const told = posts(e.team, e.target?.queue ?? "").map(({ handler }) => handler.lastRetry)
    .find((one) => one !== undefined && (id === undefined || one.id === id))
  const delay = told?.delay ?? waiting?.delay
  const since = told?.at ?? at
  const due = since !== undefined && delay !== undefined ? since + delay : undefined
  const when = due === undefined
    ? delay === undefined ? "later" : `within ${span(delay)}`
    : `in ${span(due - now)} (${time(due, now)})`
  const attempt = told?.attempt ?? waiting?.attempt
  const why = told === undefined || told.error === "" ? "" : `: ${quote(told.error)}`
  return broken(
    "retrying",
    `${label} failed${since === undefined ? "" : ` ${ago(since, now)}`}${why}; attempt ${attempt ?? "?"} comes ${when}`,
    `${label} failed${why}, and the next attempt comes ${when}.`,
    `Mend what the error says; a shorter wait is \`retry: { delays: … }\` of the handler`,
  )
}

/** Does it wait for its next attempt? */
export const retrying = (e: Evidence): Step => {
  const { at, target, team, now, tracked } = e
  const good = lastGood(e)
  const all = posts(team, target?.queue ?? "")
  const last = all.map(({ handler }) => handler.lastRetry).filter((one) => one !== undefined)
    .toSorted((a, b) => b.at - a.at)[0]
  const isNews = !doesFlow(all.map(({ handler }) => handler), now)
  if (tracked === undefined && isNews && last !== undefined && last.at > good && last.at + (last.delay ?? 0) > now) {
    return waits(e, undefined, undefined)
  }
  const left = at.retries.known ? at.retries.value.length : 0
  // nobody who runs now has begun with anything since
  if (tracked === undefined && left > 0 && good === 0 && last === undefined) {
    return waits(e, at.retries.known ? at.retries.value[0] : undefined, undefined)
  }
  const retried = all.reduce((sum, { handler }) => sum + handler.retried, 0)
  if (retried === 0 && left === 0) {
    return at.retries.known ? ok("nothing was retried") : notKnown(at.retries.why)
  }
  return note(`${count(Math.max(retried, left), "retry", "retries")}, and messages were handled since`)
}

/** Did it go to the dead letters? */
export const deadLetters = (e: Evidence): Step => {
  const { at, team, target, now, tracked } = e
  if (!at.letters.known) return notKnown(at.letters.why)
  // another binding may bring it what it was never meant for
  const isStrange = ({ packet }: Letter) => packet.type !== "" && packet.type !== e.question.subject
  const strange = at.letters.value.filter(isStrange)
  const letters = at.letters.value.filter((one) => !isStrange(one))
  const good = lastGood(e)
  const all = posts(team, target?.queue ?? "")
  const told = all.map(({ handler }) => handler.lastDead)
    .filter((one) => one !== undefined && !strange.some(({ packet }) => packet.id === one.id))
    .toSorted((a, b) => (b?.at ?? 0) - (a?.at ?? 0))[0]
  const newest = letters[0]
  const diedAt = Math.max(newest?.at ?? 0, told?.at ?? 0)
  const begun = Math.min(...all.map(({ process }) => process.stats?.startedAt ?? now), now)
  const sent = Math.max(
    0,
    ...team.processes.flatMap(({ stats }) =>
      stats?.sent.flatMap((one) => one.type === e.question.subject ? [one.lastDone ?? 0] : []) ?? []
    ),
    ...rememberedSenders(team, e.question.subject).map(({ seen }) => seen),
  )
  const isNews = diedAt > good && (diedAt >= begun || sent > 0 && sent <= diedAt) &&
    !doesFlow(all.map(({ handler }) => handler), now)
  // what the broker buries has no time: it counts where nothing went well
  const isUndated = newest !== undefined && newest.at === 0 && good === 0
  // a listener's queue keeps what waits for ever, unless somebody has told the broker otherwise
  const expired = at.insight.known || tracked !== undefined
    ? undefined
    : letters.find((one) => one.reason === "expired" && now - (one.at || one.packet.timestamp) < recently)
  if (expired !== undefined) return buried(e, expired, letters.filter(({ reason }) => reason === "expired").length)
  if (tracked === undefined && newest !== undefined && (isNews || isUndated)) return buried(e, newest, letters.length)
  if (tracked === undefined && told !== undefined && isNews) {
    return broken(
      "dead-failed",
      `${labelOf(e)} gave up on ${told.id} ${ago(told.at, now)}: ${
        quote(told.error)
      }; it is not in the dead letters any more`,
      `${labelOf(e)} gave up on the last message: ${quote(told.error)}.`,
      "Mend what the error says",
    )
  }
  if (letters.length === 0 && strange.length > 0) {
    return note(
      `none of "${e.question.subject}"; ${count(strange.length, "dead letter")} of ${
        list(strange.map(({ packet }) => `"${packet.type}"`))
      }, which this handler does not read`,
    )
  }
  if (letters.length === 0) return ok("none of this handler")
  return note(
    `${count(letters.length, "dead letter")} of this handler${
      newest === undefined || newest.at === 0 ? "" : `, the last ${ago(newest.at, now)}`
    }${good > 0 ? "; messages were handled since" : ""} (\`warren dead ls\`)`,
  )
}

const buried = (e: Evidence, { packet, reason, error, at }: Letter, many: number): Step => {
  const { now } = e
  const label = labelOf(e)
  const evidence = `${count(many, "dead letter")} of ${label}, the last${
    at === 0 ? "" : ` ${ago(at, now)}`
  }: ${reason}${error === "" ? "" : `, ${quote(error)}`} (${packet.id})`
  const then = `\`warren dead retry ${packet.id}\` puts it back`
  switch (reason) {
    case "undecodable":
      return broken(
        "dead-undecodable",
        evidence,
        `The payload does not fit the contract that ${label} reads with: ${quote(error)}.`,
        `Make sender and listener agree (\`warren schema diff\`), then ${then}; or mend it: \`warren dead edit ${packet.id}\``,
      )
    case "expired":
      return broken(
        "dead-expired",
        evidence,
        `It expired in the queue before ${label} got to it, and went to the dead letters.`,
        `Remove the queue's time to live${listPolicies(e.place)}; ${then}`,
      )
    case "delivery_limit":
      return broken(
        "dead-crashed",
        evidence,
        `It was delivered too often without an end: it may kill the process of ${label}, so the broker buried it.`,
        `Look at that process's last words; once it is mended, ${then}`,
      )
    default:
      return broken(
        "dead-failed",
        evidence,
        `${label} gave up on it: ${error === "" ? reason : quote(error)}.`,
        `Mend what the error says (\`warren dead show ${packet.id}\`); ${then}`,
      )
  }
}

/** Was it skipped as a duplicate? */
export const duplicates = (e: Evidence): Step => {
  const { team, target, now, tracked } = e
  const all = posts(team, target?.queue ?? "")
  const last = all.map(({ handler }) => handler.lastSkipped).filter((one) => one !== undefined)
    .toSorted((a, b) => b.at - a.at)[0]
  if (last === undefined) return ok("none was skipped")
  const text = `the last was skipped ${ago(last.at, now)} (${last.id}): ${quote(last.error)}`
  if (tracked === undefined && last.tag === "duplicate" && last.at > lastGood(e)) {
    return broken(
      "duplicate",
      text,
      `${labelOf(e)} skipped the last message as a duplicate: its id "${last.id}" was completed before.`,
      "If it is another message, give it another id: `emit(…, { id })` repeats one on purpose",
    )
  }
  return note(text)
}
