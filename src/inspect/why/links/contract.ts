/**
 * Is the name known, and is there a listener of that name?
 */
import { nearest } from "../../../contract/mod.ts"
import type { Evidence } from "../Evidence.ts"
import { broken, notKnown, ok, type Step } from "../Report.ts"
import { addressee, kindOf } from "../targets.ts"
import { knownApps, knownTypes, living, nameOf, rememberedHandlers, sendersOf } from "../Team.ts"
import { ago, list, quote } from "../words.ts"
import { elsewhereOf, silentAt } from "./elsewhere.ts"

/** Does anybody know an event or a call of that name? */
export const contract = (e: Evidence): Step => {
  const { question: { subject }, contracts, team, around } = e
  const types = knownTypes(team)
  const isHere = contracts.has(subject)
  if (isHere || types.has(subject)) {
    const users = living(team).flatMap((process) => {
      const { handles, emits, calls, stats, apps } = process
      const sent = stats?.sent.filter(({ type }) => type === subject) ?? []
      return [
        ...handles.flatMap((one) => one.subject === subject ? [one.app] : []),
        ...sent.length > 0
          ? sent.flatMap((sent) => sendersOf({ process, sent }))
          : emits.includes(subject) || calls.includes(subject)
          ? apps
          : [],
      ]
    })
    const kind = kindOf(subject, contracts, team) ?? "event"
    return ok(
      [
        `${kind === "call" ? "a call" : "an event"}`,
        isHere ? "of an api in the modules at hand" : "",
        around.obstacle !== undefined && users.length === 0
          ? "and nobody can be asked who speaks it"
          : users.length > 0
          ? `spoken by ${list(users)}`
          : types.has(subject)
          ? "spoken before, by nobody who runs now"
          : "spoken by nobody yet",
      ].filter((part) => part !== "").join(", "),
    )
  }
  const schedule = living(team).flatMap(({ handles }) => handles)
    .find((one) => one.kind === "schedule" && `${one.app}.${one.name}` === subject)
  if (schedule !== undefined) {
    return broken(
      "unknown-contract",
      `"${subject}" is a schedule of ${schedule.app} (${schedule.subject}), and no event or call`,
      `"${subject}" is a schedule: its ticks come from ${schedule.app} itself, and nobody sends it messages.`,
      "`warren ps` shows the schedules there are and when they ran last",
    )
  }
  const near = nearest(subject, new Set([...contracts.keys(), ...types]))
  if (near.length > 0) {
    return broken(
      "nearly-right",
      `nobody knows "${subject}"; ${list(near.map((one) => `"${one}"`))} ${near.length === 1 ? "is" : "are"} known`,
      `There is no "${subject}": it is nearly "${near[0]}", which is another name.`,
      `Ask for it, \`warren why ${near[0]}\`; if some program says "${subject}", correct it there`,
    )
  }
  if (!team.ledger.known) {
    return notKnown(`nobody who runs here knows it, and what was here before cannot be read: ${team.ledger.why}`)
  }
  return broken(
    "unknown-contract",
    `no process here, none that was here before, and ${
      contracts.size === 0 ? "no module (none at hand)" : `none of ${contracts.size} contracts in the modules at hand`
    } knows it`,
    `Nobody has ever spoken of "${subject}".`,
    "`warren topology --graph` lists the names there are; name modules with --workers",
  )
}

/** Is there a handler that wants it? */
export const listener = (e: Evidence): Step | undefined => {
  const { question, team, target } = e
  const { subject } = question
  const { app, handler } = addressee(question)
  if (target !== undefined && target.kind === "event") {
    const otherwise = living(team).flatMap((process) =>
      process.handles.filter((one) =>
        one.queue === target.queue && one.subject !== subject
      )
        .map((one) => ({ process, one }))
    )[0]
    if (otherwise !== undefined) {
      const { process, one } = otherwise
      return broken(
        "other-schema",
        `${nameOf(process, one.app)} listens to "${one.subject}" at the same queue, "${target.queue}"`,
        `Two versions of ${target.app}.${target.handler} take from one queue: one that wants "${subject}", and one that wants ` +
          `"${one.subject}" and cannot read what comes for the other.`,
        `Give the handler of "${one.subject}" another name, since a handler's name is its queue; or end the version that is not meant`,
      )
    }
    return ok(`${target.app}.${target.handler} listens to it, at the queue "${target.queue}"`)
  }
  if (target?.kind === "call") return undefined
  if (app === undefined) {
    if (!team.ledger.known) return notKnown(`nobody who runs here listens to it; of before: ${team.ledger.why}`)
    return broken(
      "app-never-started",
      "no process here listens to it, and none ever did",
      `Nobody listens to "${subject}".`,
      `Export \`on(…)\` for it in a worker, and start that: \`warren run\``,
    )
  }
  const here = living(team).flatMap(({ handles }) => handles).filter((one) => one.app === app)
  if (here.length > 0) {
    const same = here.filter((one) => one.subject === subject)
    const once = rememberedHandlers(team).filter((one) => one.app === app && one.subject === subject)
    const before = once.length === 0 || same.length > 0
      ? ""
      : `; until ${ago(once[0]!.seen, e.now)} it did, as ${list(once.map(({ name }) => name))}`
    const near = nearest(subject, here.map((one) => one.subject))
    return broken(
      "no-such-handler",
      `${app} runs and has ${list(here.map((one) => `${one.name} (${one.subject})`), 6)}${before}`,
      same.length > 0
        ? `App "${app}" has no handler "${handler}": it listens to "${subject}" as ${
          list(same.map(({ name }) => name))
        }.`
        : once.length > 0
        ? `App "${app}" listened to "${subject}" until ${
          ago(once[0]!.seen, e.now)
        }, and what runs of it now does not: its handler ${once[0]!.name} is gone.`
        : `App "${app}" does not listen to "${subject}"${
          near.length > 0 ? `, but to "${near[0]}", which is nearly the same` : ""
        }.`,
      same.length > 0
        ? `Ask for it by its name, \`--to ${app}.${
          same[0]!.name
        }\`; a queue of the old name may be left: \`warren topology --broker …\``
        : `Export \`on(…)\` for "${subject}" in the module of ${app}, and start it again`,
    )
  }
  const place = elsewhereOf(e, app)
  if (place !== undefined) {
    return broken(
      place.kind === "vhost" ? "listener-in-other-vhost" : "listener-on-other-broker",
      place.evidence,
      `App "${app}" runs ${place.where}, so nothing that is sent here reaches it.`,
      `Start it with --broker (WARREN_BROKER) of this one: ${e.place.label}`,
    )
  }
  const silent = silentAt(e, app)
  if (silent !== undefined) return notKnown(`a process of "${app}" is here (${silent}), and does not answer`)
  if (!team.ledger.known) return notKnown(`"${app}" does not run here; of before: ${team.ledger.why}`)
  const failing = e.unread.find((one) => new RegExp(`[/"]${app.replaceAll(/[^\w]/g, "\\$&")}\\.m?[jt]s"`).test(one))
  if (failing !== undefined) {
    return broken(
      "app-never-started",
      `no process of "${app}" is here, none was here before, and its module cannot be loaded: ${quote(failing)}`,
      `App "${app}" has never run here, and does not start as it is: ${quote(failing)}.`,
      `Mend its module, then start it: \`warren run workers/${app}.ts --broker …\``,
    )
  }
  const near = nearest(app, [...knownApps(team)].filter((one) => one !== app))
  return broken(
    "app-never-started",
    `no process of "${app}" is here, none was here before, and it has no queue for it${
      near.length > 0 ? `; there is "${near[0]}"` : ""
    }`,
    near.length > 0
      ? `There is no app "${app}": it is nearly "${near[0]}".`
      : `App "${app}" has never run on this broker with a listener to "${subject}".`,
    near.length > 0 ? `Ask for --to ${near[0]}` : `Start it: \`warren run workers/${app}.ts --broker …\``,
  )
}
