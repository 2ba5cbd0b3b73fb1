/**
 * Who takes messages from the queue: the app, nobody, or somebody else.
 */
import type { ConsumerFacts } from "../../../transport/mod.ts"
import { listConsumers } from "../../remedies.ts"
import type { Evidence } from "../Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { nameOf, posts, remembered, serving } from "../Team.ts"
import { ago, bare, count, halves, list, quote, span } from "../words.ts"
import { silentAt } from "./elsewhere.ts"

/** Is the app there, and nobody else? */
export const consumers = (e: Evidence): Step => {
  const { at, target, team } = e
  const { queue = "", app = "", handler = "" } = target ?? {}
  if (!at.now.known) return notKnown(at.now.why)
  const label = `${app}.${handler}`
  const there = posts(team, queue)
  const silent = serving(team, queue).filter(({ stats }) => stats === undefined)
  const consuming = at.now.value?.consumers ?? null
  const draining = there.filter(({ process }) => process.life === "draining")
  if (there.length > 0 && draining.length === there.length) {
    const inHand = draining.reduce((sum, { handler }) => sum + handler.inHand, 0)
    return broken(
      "draining",
      `${list(draining.map(({ process }) => nameOf(process, app)))} ends and has ${count(inHand, "message")} in hand`,
      `App "${app}" is ending: it takes nothing new and finishes what it has.`,
      `Start it again once it has ended, or end it at once with a second signal; what waits stays in "${queue}"`,
    )
  }
  const cut = there.filter(({ handler, process }) => !handler.held && process.life === "running")
  if (there.length > 0 && cut.length === there.length - draining.length) return cancelled(e, cut[0]!.handler.heldError)
  const holders = at.insight.known ? at.insight.value?.holders ?? [] : []
  const strangers = holders.filter(({ instance }) => instance === undefined)
  if (strangers.length > 0) return stolen(e, holders, strangers)
  const held = there.filter(({ handler }) => handler.held).length
  if (consuming === 0 && held === 0) return nobody(e, silent)
  const mute = silentAt(e, app)
  const dumb = holders.filter(({ instance }) =>
    typeof instance === "string" && !team.processes.some((one) => one.instance === instance && one.stats !== undefined)
  )
  if (held === 0) return frozen(e, dumb, silent)
  const more = (consuming ?? 0) - held
  const quiet = dumb.length + silent.length > 0 || mute !== undefined
  if (more > 0 && quiet) {
    const where = silent[0]?.where ?? mute ?? `at ${dumb[0]?.peer}`
    return broken(
      "app-vanished",
      `${more} of ${count(consuming ?? 0, "consumer")} of "${queue}" ${
        more === 1 ? "is" : "are"
      } held by a process of ${app} that ` +
        `does not answer (${where}); ${held} ${held === 1 ? "does" : "do"}`,
      `${more === 1 ? "One process" : "Some processes"} of "${app}" (${where}) ${
        more === 1 ? "does" : "do"
      } not answer: frozen, or off the net; the broker still gives it its part of the messages.`,
      `Look at that process and end it; the broker gives what it has in hand to another one`,
    )
  }
  if (more > 0 && consuming !== null && holders.length < consuming) {
    return broken(
      "foreign-consumer",
      `"${queue}" has ${count(consuming, "consumer")}, of which ${held} ${held === 1 ? "is" : "are"} ${label}`,
      `${count(more, "consumer")} of "${queue}" ${
        more === 1 ? "is" : "are"
      } no process of "${app}" that answers, and the broker gives part of the messages to ${
        more === 1 ? "it" : "them"
      }: another program, or a process of "${app}" that is frozen.`,
      `See who it is, and end it: ${listConsumers(e.place)}${
        at.insight.known
          ? ", or ask again in some seconds, when its connection is listed"
          : ", or `warren why` with --management"
      }; one that is not listed there fetched messages by hand, and they come back when its connection is closed`,
    )
  }
  const who = list(there.filter(({ handler }) => handler.held).map(({ process }) => nameOf(process, app)), 3)
  const text = `${count(held, "process", "processes")} ${held === 1 ? "holds" : "hold"} it: ${who}`
  const also = [...silent.map((one) => nameOf(one, app)), ...dumb.map(({ peer }) => `a process at ${peer}`)]
  return also.length === 0 ? ok(text) : note(`${text}; ${list(also)} did not answer`)
}

const stolen = (
  { target, team }: Evidence,
  holders: ReadonlyArray<ConsumerFacts>,
  strangers: ReadonlyArray<ConsumerFacts>,
): Step => {
  const { queue = "", app = "" } = target ?? {}
  const who = list(
    strangers.map(({ peer, user, connection }) =>
      `${connection === "" ? "a program" : `"${quote(connection, 60)}"`} at ${peer} (user ${user})`
    ),
  )
  const isAlone = strangers.some(({ active }) => active) && holders.some(({ active }) => !active)
  const evidence = `${count(holders.length, "consumer")} of "${queue}"; none of Warren's: ${who}`
  return isAlone
    ? broken(
      "other-consumer-active",
      evidence,
      `"${queue}" gives messages to one consumer at a time, and that is not "${app}": ${who} has it.`,
      "End that program's consumer, and the app takes over by itself",
    )
    : broken(
      "foreign-consumer",
      evidence,
      `${who} takes messages from "${queue}" too, so "${app}" gets only ${
        posts(team, queue).length === 0 ? "nothing" : "part of them"
      }.`,
      `End that consumer, or give it a queue of its own bound to "warren.events": each listener has its own copy`,
    )
}

const cancelled = ({ target }: Evidence, error: string = ""): Step => {
  const { queue = "", app = "" } = target ?? {}
  const { what, mend } = halves(error)
  const evidence = `${app} runs and does not hold "${queue}": ${bare(error)}`
  return /permission is missing|ACCESS_REFUSED/i.test(error)
    ? broken(
      "permission-missing",
      evidence,
      `The broker does not allow "${app}" to take messages from "${queue}": ${what}.`,
      mend ??
        "Give its user permission to configure and read `warren.*`: `rabbitmqctl set_permissions` (docs/operations.md)",
    )
    : broken(
      "consumer-cancelled",
      evidence,
      `The broker ended the consumer of "${app}" at "${queue}", and taking it up again fails: ${what}.`,
      /other properties/.test(error)
        ? `Move what it holds elsewhere and delete "${queue}": the app declares it as it should be, within a second`
        : "The app goes on trying once a second; mend what the broker says",
    )
}

/** Nobody consumes it. */
const nobody = (e: Evidence, silent: ReadonlyArray<{ readonly lastHeard: number; readonly where: string }>): Step => {
  const { at, target, team, now } = e
  const { queue = "", app = "" } = target ?? {}
  const waiting = at.now.known ? at.now.value?.ready ?? null : null
  const held = waiting === null ? "" : `; ${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"}`
  const start = `Start it: \`warren run workers/${app}.ts\`; what waits is handled then`
  const last = remembered(team, app)?.instances.toSorted((a, b) => b.seen - a.seen)[0]
  const gone = team.processes.find(({ life, apps }) => life === "gone" && apps.includes(app))
  if (silent.length > 0) {
    return broken(
      "app-vanished",
      `nobody consumes "${queue}"; its process (${silent[0]!.where}) does not answer, heard ${
        ago(silent[0]!.lastHeard, now)
      }${held}`,
      `App "${app}" does not consume its queue, and its process does not answer.`,
      "Look at that process; start it again if it hangs",
    )
  }
  if (last !== undefined && last.ended === undefined && gone === undefined) {
    return broken(
      "app-vanished",
      `nobody consumes "${queue}"; ${app} (host "${last.host}", pid ${last.pid}) was seen ${
        ago(last.seen, now)
      } and said no goodbye${held}`,
      `App "${app}" vanished ${
        ago(last.seen, now)
      } without saying goodbye: it was killed, or its machine is off the net.`,
      start,
    )
  }
  const ended = last?.ended ?? gone?.lastHeard
  return broken(
    "app-stopped",
    `nobody consumes "${queue}"; ${
      ended === undefined ? `no process of ${app} is known` : `${app} ended ${ago(ended, now)}`
    }${held}`,
    `App "${app}" does not run${
      ended === undefined ? "" : `: it listened to this until ${ago(ended, now)}, then stopped`
    }${waiting ? `, and ${count(waiting, "message")} ${waiting === 1 ? "waits" : "wait"} for it` : ""}.`,
    start,
  )
}

/** Somebody consumes it, and no process of the app says that it does. */
const frozen = (
  e: Evidence,
  dumb: ReadonlyArray<ConsumerFacts>,
  silent: ReadonlyArray<{ readonly where: string; readonly lastHeard: number }>,
): Step => {
  const { at, target, team, now } = e
  const { queue = "", app = "" } = target ?? {}
  const connected = silentAt(e, app)
  const last = remembered(team, app)?.instances.find(({ ended, seen }) => ended === undefined && now - seen < 3_600_000)
  const facts = at.now.known ? at.now.value : undefined
  const waits = facts?.ready ? `, ${count(facts.ready, "message")} ready` : ""
  if (dumb.length > 0 || silent.length > 0 || last !== undefined || connected !== undefined) {
    const where = silent[0]?.where ?? (last === undefined ? connected : `host "${last.host}", pid ${last.pid}`)
    return broken(
      "app-vanished",
      `"${queue}" has ${count(facts?.consumers ?? 1, "consumer")}${waits}; the process${
        where === undefined ? "" : ` (${where})`
      }${dumb[0] === undefined ? "" : ` at ${dumb[0].peer}`} does not answer${
        last === undefined ? "" : `, seen ${ago(last.seen, now)}`
      }`,
      `The process of "${app}" that holds the queue does not answer: it is frozen, or its machine has left the net.`,
      `Look at that process and end it; the broker gives what it has in hand to another one${
        last === undefined ? "" : ` (after ${span(20_000)} at the latest if its machine is gone)`
      }`,
    )
  }
  if (at.insight.known && at.insight.value?.holders.length === 0) {
    return notKnown(`"${queue}" has ${count(facts?.consumers ?? 0, "consumer")}; who it is is not told yet`)
  }
  return broken(
    "foreign-consumer",
    `"${queue}" has ${count(facts?.consumers ?? 0, "consumer")}, and no process of ${app} is known${waits}`,
    `Something else than "${app}" takes messages from "${queue}".`,
    `See who it is: ${listConsumers(e.place)}`,
  )
}
