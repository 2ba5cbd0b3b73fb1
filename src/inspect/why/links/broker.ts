/**
 * The broker's part: does it take messages, and does it bring them to the queue?
 */
import { Exchange } from "../../../wire/mod.ts"
import type { Evidence } from "../Evidence.ts"
import { deleteQueue, listPolicies, makeRoom } from "../../remedies.ts"
import { broken, note, notKnown, ok, type Step } from "../Report.ts"
import { living, posts, remembered, serving } from "../Team.ts"
import { lossOf } from "./losses.ts"
import { ago, count, list, quote, span } from "../words.ts"

/** Does it take messages? */
export const connection = ({ team, around: { nodes, obstacle }, place }: Evidence): Step => {
  const alarmed = nodes.known ? nodes.value.filter(({ memoryAlarm, diskAlarm }) => memoryAlarm || diskAlarm) : []
  const blocked = living(team).filter(({ stats }) => stats?.connection.state === "Blocked")
  const said = blocked[0]?.stats?.connection.reason
  if (alarmed.length > 0 || blocked.length > 0 || obstacle !== undefined && /takes no|alarm|blocked/i.test(obstacle)) {
    const words = `${said ?? obstacle}`
    const what = alarmed.some(({ memoryAlarm }) => memoryAlarm) || alarmed.length === 0 && /memory/.test(words)
      ? "memory"
      : alarmed.length > 0 || /disk/.test(words)
      ? "disk"
      : words
    const figures = alarmed.map(({ name, memoryAlarm, memoryUsed, memoryLimit, diskFree, diskLimit }) =>
      memoryAlarm
        ? `${name} uses ${mega(memoryUsed)} of the ${mega(memoryLimit)} it may`
        : diskFree === null
        ? `${name} cannot write to its disk`
        : `${name} has ${mega(diskFree)} of disk left and wants ${mega(diskLimit)}`
    )
    return broken(
      "broker-blocked",
      [...figures, ...blocked.map(({ apps }) => `${list(apps)} is blocked`)].join("; ") || `${obstacle}`,
      `The broker takes no messages from anybody for now: ${
        what === "memory" || what === "disk" ? `it is short of ${what}` : quote(what)
      }.`,
      `${makeRoom(place, what === "disk" ? "disk" : "memory")}; emits go on by themselves then`,
    )
  }
  const where = place.kind === "in-process" ? "the broker inside the process" : `${place.server} at ${place.label}`
  if (nodes.known && place.kind !== "in-process") {
    return ok(`${where} takes messages: no alarm on ${count(nodes.value.length, "node")}`)
  }
  return obstacle === undefined ? ok(`${where} takes messages`) : notKnown(obstacle)
}

/** Is the exchange there? */
export const exchange = ({ around: { exchange }, target }: Evidence): Step => {
  const name = target?.kind === "call" ? Exchange.calls : Exchange.events
  const type = target?.kind === "call" ? "direct" : "topic"
  if (!exchange.known) return notKnown(exchange.why)
  if (exchange.value === undefined || exchange.value.type !== type) {
    return broken(
      "exchange-missing",
      exchange.value === undefined ? `there is no "${name}"` : `"${name}" is a ${exchange.value.type} exchange`,
      `The exchange "${name}" is ${exchange.value === undefined ? "not there" : `not a ${type} exchange`}.`,
      "Start Warren's processes again: each declares what it needs, bindings included",
    )
  }
  const { alternate } = exchange.value
  const text = `"${name}" is there (${type})`
  return alternate === null ? ok(text) : note(`${text}; what no queue wants goes on to "${alternate}"`)
}

/** Does the exchange bring it to the queue? */
export const binding = ({ question: { subject }, at, target, team }: Evidence): Step => {
  const { queue = "", kind = "event" } = target ?? {}
  if (!at.bindings.known) return notKnown(at.bindings.why)
  const fits = at.bindings.value.filter((key) => matches(key, subject))
  if (fits.length > 0) {
    const text = `"${queue}" is bound with the key ${list(fits.map((key) => `"${key}"`))}`
    const strange = at.bindings.value.filter((key) => key !== subject)
    return kind === "call" || strange.length === 0 ? ok(text) : note(
      `${text}${
        strange.every((key) => fits.includes(key)) ? "" : `, and with ${list(strange.map((key) => `"${key}"`))}`
      }: ${list(strange.map((key) => `"${key}"`))} is none of Warren's, and may bring it what its handler cannot read`,
    )
  }
  // a queue that is not there is not bound either
  if (at.now.known && at.now.value === undefined) return notKnown("there is no queue that could be bound")
  const others = at.bindings.value
  return broken(
    "binding-missing",
    others.length === 0
      ? `"${queue}" is there and not bound to the exchange`
      : `"${queue}" is bound with ${list(others.map((key) => `"${key}"`))} alone`,
    `The queue "${queue}" is not bound to "${
      kind === "call" ? Exchange.calls : Exchange.events
    }" with "${subject}", so ` +
      "the broker brings it nothing.",
    serving(team, queue).length > 0
      ? "Start the app again: it binds its queue when it starts"
      : "Start the app: it binds its queue when it starts",
  )
}

/** Is the queue there, and does it keep what comes? */
export const queue = (e: Evidence): Step => {
  const { at, target, team, now } = e
  const name = target?.queue ?? ""
  if (!at.now.known) return notKnown(at.now.why)
  if (at.now.value === undefined) {
    const trouble = posts(team, name).find(({ handler }) => handler.heldError !== undefined)?.handler.heldError
    const once = remembered(team, target?.app ?? "")
    return broken(
      "queue-missing",
      trouble === undefined
        ? `there is no queue "${name}"${
          once === undefined ? "" : `; ${target?.app} used it until ${ago(seenIn(once.handlers, name), now)}`
        }`
        : `there is no queue "${name}", and ${target?.app} cannot declare it: ${quote(trouble)}`,
      `The queue "${name}" does not exist: it was deleted, and ${
        trouble === undefined
          ? serving(team, name).length > 0 ? "not declared again" : "nobody who would declare it runs"
          : "declaring it again is refused"
      }. What was emitted meanwhile is lost for this listener.`,
      trouble === undefined
        ? `Start ${target?.app} again: it declares the queue and binds it`
        : `Give its user permission to configure and read "${name}": \`rabbitmqctl set_permissions\` (docs/operations.md)`,
    )
  }
  const type = at.insight.known ? at.insight.value?.type ?? null : null
  if (
    e.place.kind !== "in-process" && target?.kind === "event" && type !== null && type !== "quorum" &&
    serving(team, name).length === 0
  ) {
    return broken(
      "queue-missing",
      `"${name}" is there, a ${type} queue; ${target.app} declares a quorum queue`,
      `The queue "${name}" is another one than ${target.app} declares: another program made it, and ${target.app} does not start with it.`,
      `See what it holds, and delete it (${deleteQueue(e.place, name)}); then start ${target.app}`,
    )
  }
  const limits = at.insight.known ? at.insight.value?.limits : undefined
  const by = at.insight.known && at.insight.value?.policy ? ` (policy "${at.insight.value.policy}")` : ""
  const { ready } = at.now.value
  if (limits === undefined) {
    const text = `"${name}" is there${ready === null ? "" : `, ${count(ready, "message")} ready`}`
    // in process there is nobody who could give it other limits
    return at.insight.known ? ok(text) : note(`${text}; its limits are not seen: ${at.insight.why}`)
  }
  const { maxLength, maxBytes, messageTtl, overflow } = limits
  // a queue that is worked off takes one now and then: it is full all the same
  const refused = living(team).flatMap(({ stats }) => stats?.sent ?? []).filter(({ type, lastFailed, lastDone = 0 }) =>
    type === e.question.subject && lastFailed?.tag === "Rejected" &&
    (lastFailed.at > lastDone || now - lastFailed.at < lately)
  )
  const told = refused.length === 0 ? "" : `; an emit was refused ${ago(refused[0]!.lastFailed!.at, now)}`
  const most = maxLength === null || refused.length === 0 ? maxLength : Math.floor(maxLength * nearly)
  if (target?.kind === "event" && maxLength !== null && most !== null && ready !== null && ready >= most) {
    return broken(
      "queue-full",
      `"${name}" holds ${count(ready, "message")} of at most ${maxLength}${by}${told}`,
      overflow === "reject-publish"
        ? `The queue "${name}" is full (${maxLength}${by}) and refuses what comes: emits fail \`NotConfirmed\`, and this listener gets no copy.`
        : `The queue "${name}" is full (${maxLength}${by}) and drops its oldest messages for new ones.`,
      `Raise or remove the limit${
        by === "" ? "" : ` (\`rabbitmqctl clear_policy\`)`
      }, or handle faster: more processes, more concurrency`,
    )
  }
  const bytes = at.insight.known ? at.insight.value?.bytes ?? null : null
  if (
    target?.kind === "event" && maxBytes !== null && ready !== 0 &&
    (bytes !== null && bytes >= maxBytes ||
      refused.length > 0 && (bytes === null || bytes >= maxBytes * nearly || maxBytes < small))
  ) {
    const size = `${maxBytes.toLocaleString("en-US")} bytes${by}`
    return broken(
      "queue-full",
      `"${name}" may hold at most ${size}${ready === null ? "" : `, and ${count(ready, "message")} wait`}${told}`,
      overflow === "reject-publish"
        ? `The queue "${name}" is full (at most ${size}) and refuses what comes: emits fail \`NotConfirmed\`, and this listener gets no copy.`
        : `The queue "${name}" is full (at most ${size}) and drops its oldest messages for new ones.`,
      `Raise or remove the limit${
        by === "" ? "" : ` (\`rabbitmqctl clear_policy\`)`
      }, or handle faster: more processes, more concurrency`,
    )
  }
  const ttl = messageTtl === null ? undefined : expiring(e, messageTtl, name, by)
  if (target?.kind === "event" && ttl !== undefined) return ttl
  return ok(
    [
      `"${name}" is there`,
      ready === null ? "" : `${count(ready, "message")} ready`,
      maxLength === null ? "" : `at most ${maxLength.toLocaleString("en-US")}`,
      messageTtl === null ? "" : `each for ${span(messageTtl)} at most${by}`,
    ].filter((part) => part !== "").join(", "),
  )
}

/** An emit that was refused so long ago tells of now, ms. */
const lately = 10_000
/** Where emits are refused, a queue that is that full is why. */
const nearly = 0.5
/** So few bytes are filled before anybody tells of them. */
const small = 1_000_000

/** What is kept for longer than that does not expire before anybody looks, ms. */
const brief = 60_000

/** A time to live is a fault where messages died of it. */
const expiring = (e: Evidence, ttl: number, name: string, by: string): Step | undefined => {
  const { letters } = e.at
  const dead = letters.known ? letters.value.filter(({ reason }) => reason === "expired") : []
  // the same limit may empty the dead letters, too
  const lost = dead.length > 0 || ttl > brief ? undefined : lossOf(e)
  if (dead.length === 0 && lost === undefined) return undefined
  return broken(
    "queue-ttl",
    `"${name}" keeps a message for ${ttl} ms${by}; ${
      lost ?? `${count(dead.length, "message")} of it expired into the dead letters`
    }`,
    `The queue "${name}" lets messages expire after ${ttl} ms${by}, before the handler gets to them.`,
    `Remove that limit: Warren's listener queues have none of their own${listPolicies(e.place)}` +
      (lost === undefined
        ? "; `warren dead ls` shows what expired"
        : "; what expired is lost, since the dead letters have it too"),
  )
}

const seenIn = (handlers: ReadonlyArray<{ readonly queue: string; readonly seen: number }>, queue: string): number =>
  Math.max(0, ...handlers.flatMap((one) => one.queue === queue ? [one.seen] : []))

/** As a topic exchange matches; a direct one has no wildcards, and no type contains one. */
const matches = (key: string, type: string): boolean => {
  if (key === type || key === "#") return true
  const words = type.split(".")
  const fits = (pattern: ReadonlyArray<string>, rest: ReadonlyArray<string>): boolean => {
    const [first, ...more] = pattern
    if (first === undefined) return rest.length === 0
    if (first === "#") return fits(more, rest) || rest.length > 0 && fits(pattern, rest.slice(1))
    return rest.length > 0 && (first === "*" || first === rest[0]) && fits(more, rest.slice(1))
  }
  return fits(key.split("."), words)
}

const mega = (bytes: number | null): string => bytes === null ? "?" : `${Math.round(bytes / 1_000_000)} MB`
