/**
 * Who sends it: is there an emitter or a caller, and does the broker take what it sends?
 */
import { nearest } from "../../../contract/mod.ts"
import type { Mishap, SentStats } from "../../../wire/mod.ts"
import type { Evidence } from "../Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { knownApps, living, posts, type Process, rememberedSenders, sendersOf } from "../Team.ts"
import { ago, bare, count, halves, list, quote } from "../words.ts"
import { elsewhereOf } from "./elsewhere.ts"
import { isTaken } from "./flow.ts"

/** What processes here have sent of it. */
const sentOf = ({ team, question: { subject, from } }: Evidence): ReadonlyArray<{
  readonly process: Process
  readonly sent: SentStats
}> =>
  living(team).flatMap((process) =>
    process.stats?.sent.flatMap((sent) =>
      sent.type === subject && (from === undefined || sendersOf({ process, sent }).includes(from))
        ? [{ process, sent }]
        : []
    ) ?? []
  )

/** Has anybody emitted it? */
export const emitter = (e: Evidence): Step => {
  const { question: { subject, from }, team, now, target } = e
  const here = sentOf(e)
  if (here.length > 0) {
    const total = here.reduce((sum, { sent }) => sum + sent.done + sent.unheard, 0)
    const last = Math.max(...here.map(({ sent }) => Math.max(sent.lastDone ?? 0, sent.lastUnheard ?? 0)))
    const who = list(here.flatMap(sendersOf))
    return ok(
      total === 0 ? `${who} tried to emit it` : `${who} emitted ${count(total, "message")}, the last ${ago(last, now)}`,
    )
  }
  const announced = living(team).filter(({ emits, apps }) =>
    emits.includes(subject) && (from === undefined || apps.includes(from))
  )
  if (announced.length > 0) return ok(`${list(announced.flatMap(({ apps }) => apps))} emits it`)
  const once = rememberedSenders(team, subject).filter(({ app }) => from === undefined || app === from)
  if (once.length > 0) return note(`nobody who runs here has; ${once[0]!.app} did ${ago(once[0]!.seen, now)}`)
  const handled = posts(team, target?.queue ?? "").reduce(
    (sum, { handler }) => sum + handler.handled + handler.failed + handler.dead,
    0,
  )
  const letters = e.at.letters.known ? e.at.letters.value.length : 0
  if (from === undefined && handled + letters > 0) {
    return note(`a program that is none of Warren's does: ${count(handled + letters, "message")} came to the listener`)
  }
  const app = from ?? subject.slice(0, subject.indexOf("."))
  const isHere = living(team).some(({ apps }) => apps.includes(app))
  const place = elsewhereOf(e, app)
  if (!isHere && place !== undefined) {
    return broken(
      place.kind === "vhost" ? "emitter-in-other-vhost" : "emitter-on-other-broker",
      `nobody here emits it; ${place.evidence}`,
      `App "${app}" runs ${place.where}, so what it emits does not come here.`,
      `Connect both apps to the same broker and virtual host (--broker, WARREN_BROKER); this one is ${e.place.label}`,
    )
  }
  const emits = living(team).filter(({ apps }) => apps.includes(app)).flatMap(({ emits }) => emits)
  const near = nearest(subject, emits)
  if (near.length > 0) {
    return broken(
      "nearly-right",
      `${app} emits ${list(near.map((one) => `"${one}"`))}, and never "${subject}"`,
      `App "${app}" emits "${near[0]}", which is nearly "${subject}" and another name.`,
      `Listen to "${near[0]}", or emit "${subject}"; share the api's module so that both have one name`,
    )
  }
  const meant = from === undefined || isHere ? [] : nearest(from, [...knownApps(team)].filter((one) => one !== from))
  if (meant.length > 0) {
    return broken(
      "nobody-emits",
      `no process here has emitted it as "${from}", and there is no such app; there is ${
        list(meant.map((one) => `"${one}"`))
      }`,
      `There is no app "${from}": it is nearly "${meant[0]}".`,
      `Ask for --from ${meant[0]}`,
    )
  }
  if (!team.ledger.known) return notKnown(`nobody who runs here emits it; of before: ${team.ledger.why}`)
  return broken(
    "nobody-emits",
    isHere
      ? `${app} runs here and has not emitted it since it started${
        emits.length === 0 ? "" : `; it emits ${list(emits)}`
      }`
      : `no process here has emitted it, and none did before; "${app}" is not on this broker`,
    `Nobody has emitted "${subject}"${from === undefined ? "" : ` as "${from}"`} on this broker.`,
    isHere
      ? `Look at what should emit it in ${app}; \`warren emit ${subject} '{…}'\` emits one by hand`
      : `Start "${app}"; if it runs, it is on another broker or virtual host than ${e.place.label}: compare WARREN_BROKER`,
  )
}

/** Has the broker taken it? */
export const emitted = (e: Evidence): Step | undefined => {
  const { now, question: { subject } } = e
  const here = sentOf(e)
  const lost = living(e.team).filter(({ stats, emits }) =>
    emits.includes(subject) && stats !== undefined && ["Disconnected", "Connecting"].includes(stats.connection.state)
  )
  if (lost.length > 0) {
    return broken(
      "emitter-disconnected",
      `${list(lost.flatMap(({ apps }) => apps))}: ${quote(lost[0]!.stats?.connection.reason ?? "no connection")}`,
      `The app that emits it has lost its connection to the broker.`,
      "`warren doctor --broker …` on its machine tells why it does not come back",
    )
  }
  if (here.length === 0) return undefined
  const failing = here.flatMap(({ process, sent }) => {
    const last = Math.max(sent.lastDone ?? 0, sent.lastUnheard ?? 0)
    return sent.lastFailed !== undefined && sent.lastFailed.at > last && !isTaken(sent, now)
      ? [{ process, failed: sent.lastFailed, sent }]
      : []
  })
  const worst = failing.toSorted((a, b) => b.failed.at - a.failed.at)[0]
  // as long as another one's are taken, its own are its own matter
  if (worst === undefined || here.length > failing.length) {
    const unheard = here.reduce((sum, { sent }) => sum + sent.unheard, 0)
    const done = here.reduce((sum, { sent }) => sum + sent.done, 0)
    const last = Math.max(...here.map(({ sent }) => sent.lastUnheard ?? 0))
    const text = `the broker confirmed ${count(done, "message")} into at least one queue`
    return unheard === 0
      ? ok(text)
      : note(`${text}; of ${unheard} it said that no queue wants them, the last ${ago(last, now)}`)
  }
  const who = list(sendersOf(worst))
  const evidence = `${who} failed to emit it ${count(worst.sent.failed, "time")}, the last ${
    ago(worst.failed.at, now)
  }: ${bare(worst.failed.error)}`
  return refusal(e, who, worst.failed, evidence)
}

const refusal = (e: Evidence, who: string, { tag, error }: Mishap, evidence: string): Step | undefined => {
  const { what, mend } = halves(error)
  if (tag === "Forbidden") {
    return broken(
      "permission-missing",
      evidence,
      `The broker does not allow ${who} to emit: ${what}.`,
      mend ?? "Give its user permission to write to `warren.*`: `rabbitmqctl set_permissions` (docs/operations.md)",
    )
  }
  if (tag === "NotFound") {
    return broken(
      "exchange-missing",
      evidence,
      `The exchange that ${who} emits to does not exist any more.`,
      "Start Warren's processes again: each declares what it needs, bindings included",
    )
  }
  // which queue it is that is full is told by the link `queue`
  if (tag === "Rejected") return e.at.insight.known ? note(evidence) : fullOne(who, evidence, error)
  return broken(
    "emit-refused",
    evidence,
    `What ${who} emits is not taken: ${bare(error)}.`,
    "The error says what to correct; docs/errors.md says what follows from each",
  )
}

const fullOne = (who: string, evidence: string, error: string): Step =>
  broken(
    "queue-full",
    evidence,
    `A queue that should get it refuses it, so that ${who} fails to emit: ${bare(error)}.`,
    "Look for a listener's queue that is full: `warren topology --broker …` with the management API shows all",
  )
