/**
 * The broker's part: its version, what can be seen of it, what its user may do, alarms, and who is held up.
 *
 * Above a surveyor, and where this process has joined, above what it does there itself. Changes nothing but for one message
 * to a queue that nobody has, by which it is known whether the default exchange may be written to.
 */
import { Effect } from "effect"
import type { CoreShape } from "../../runtime/mod.ts"
import type { ConnectionFacts, NodeFacts, Packet, PermissionFacts, Surveyor } from "../../transport/mod.ts"
import { enquiryType, noticePacket, QueueName, routeTo } from "../../wire/mod.ts"
import { attempt, type Finding, unknown as notKnown } from "../Finding.ts"
import type { Place } from "../Scene.ts"
import { cannotSee, makeRoom } from "../remedies.ts"
import { count, list, quote, span } from "../why/words.ts"
import { type Check, checksOf } from "./Check.ts"
import { grant, judgePermissions } from "./permissions.ts"

const { ok, warning, broken, unknown, skipped } = checksOf("broker")

/** What is looked at. */
export interface BrokerView {
  readonly place: Place
  readonly surveyor: Surveyor
  readonly note: string | undefined
  /** This process there; `undefined`: it could not join. */
  readonly core: CoreShape | undefined
}

/** The oldest RabbitMQ that the tests know. */
const oldest = [3, 10] as const

/** For each question, ms. */
const patience = 2_000

const within = <A>(
  look: Effect.Effect<A, { readonly message: string }> | undefined,
  place: Place,
): Effect.Effect<Finding<A>> =>
  look === undefined ? Effect.succeed(notKnown<A>(cannotSee(place))) : Effect.timeoutOrElse(attempt(look), {
    duration: patience,
    orElse: () => Effect.succeed(notKnown<A>(`there was no answer within ${span(patience)}`)),
  })

/** Looks at it. */
export const examineBroker = Effect.fnUntraced(function* (view: BrokerView): Effect.fn.Return<ReadonlyArray<Check>> {
  const { place, surveyor, core } = view
  if (place.kind === "in-process") {
    return [ok("broker", "it is inside the process: there is no version, no user and no alarm to look at")]
  }
  const { insight } = surveyor
  const [nodes, connections, permissions, writes] = yield* Effect.all([
    within(insight?.nodes, place),
    within(insight?.connections, place),
    within(insight?.permissions(place.user), place),
    core === undefined ? Effect.succeed(undefined) : tryDefaultExchange(core),
  ], { concurrency: "unbounded" })
  return [
    versionOf(place),
    managementOf(view),
    permissionsOf(view, permissions, writes),
    alarmsOf(place, nodes, core),
    blockedOf(place, connections, core),
    yield* clockOf(connections, core),
  ]
})

const versionOf = ({ kind, server, label }: Place): Check => {
  const found = /^RabbitMQ (\d+)\.(\d+)/.exec(server)
  const text = `${quote(server, 80)} at ${label}`
  if (kind === "embedded") return ok("version", `the embedded broker of ${text}`)
  if (found === null) {
    return warning("version", `${text} is not RabbitMQ`, "Warren is tested on RabbitMQ from 3.10 on; use that")
  }
  const [major, minor] = [Number(found[1]), Number(found[2])]
  const isOld = major < oldest[0] || major === oldest[0] && minor < oldest[1]
  return isOld
    ? broken("version", `${text} is older than ${oldest.join(".")}`, `Update RabbitMQ to ${oldest.join(".")} or later`)
    : ok("version", text)
}

const managementOf = ({ place, surveyor, note }: BrokerView): Check => {
  if (place.kind === "embedded") {
    return note === undefined ? ok("figures", surveyor.source) : warning(
      "figures",
      note,
      "Look without --management off (WARREN_MANAGEMENT); where it does not answer, see whether the process that hosts it hangs",
    )
  }
  return note === undefined ? ok("management", surveyor.source) : warning(
    "management",
    note.replace(/\. To see all: .*$/s, ""),
    "`rabbitmq-plugins enable rabbitmq_management` on the broker, or say where it is with --management (WARREN_MANAGEMENT)",
  )
}

const permissionsOf = (
  { place: { kind, user, vhost }, core }: BrokerView,
  permissions: Finding<PermissionFacts | undefined>,
  writes: Finding<void> | undefined,
): Check => {
  if (permissions.known && permissions.value !== undefined) return judgePermissions(permissions.value, vhost)
  const who = `user "${quote(user)}"`
  if (kind === "embedded") return ok("permissions", `${who}: whoever may connect may do everything`)
  if (core === undefined || writes === undefined) {
    return unknown("permissions", `what ${who} may do is not told, and it could not be tried`, grant(vhost, user))
  }
  if (!writes.known) {
    return broken(
      "permissions",
      `${who} may not write to the default exchange: ${quote(writes.why)}`,
      grant(vhost, user),
    )
  }
  return ok(
    "permissions",
    `${who} declared, bound, published and consumed what every process needs, and wrote to the default exchange; ` +
      "its patterns are told to administrators alone",
  )
}

/** Replies, retries and dead letters go there: a message to a queue that nobody has shows whether that is allowed. */
const tryDefaultExchange = (core: CoreShape): Effect.Effect<Finding<void>> => {
  const { ids, now, settings, transport } = core
  const packet: Packet = {
    ...noticePacket(ids.next(now()), settings.app, now(), 1_000, new Uint8Array(0)),
    type: enquiryType,
  }
  const route = routeTo.queue(QueueName.control(ids.next(now())))
  return transport.publish(route, packet).pipe(
    Effect.match({
      onSuccess: (): Finding<void> => ({ known: true, value: undefined }),
      // that nothing is taken for now is another check's news
      onFailure: (error): Finding<void> =>
        error.reason._tag === "Forbidden" ? notKnown(error.message) : { known: true, value: undefined },
    }),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.succeed<Finding<void>>({ known: true, value: undefined }),
    }),
  )
}

const giga = (bytes: number | null): string =>
  bytes === null
    ? "?"
    : bytes < 1e9
    ? `${Math.round(bytes / 1e6).toLocaleString("en-US")} MB`
    : `${(bytes / 1e9).toFixed(1)} GB`

/** Above so much of its limit memory is nearly used up, and below so many times its limit the disk is nearly full. */
const near = { memory: 0.85, disk: 2 }

const alarmsOf = (
  place: Place,
  nodes: Finding<ReadonlyArray<NodeFacts>>,
  core: CoreShape | undefined,
): Check => {
  const mendAlarm = mendOf(place)
  const isTold = nodes.known && nodes.value.some(isToldOf)
  if (!isTold) {
    const obstacle = core?.outbox.obstacle()
    if (obstacle !== undefined) return broken("alarms", quote(obstacle), mendAlarm)
    return core === undefined
      ? unknown("alarms", nodes.known ? "the management API has no figures of any node" : nodes.why, mendAlarm)
      : ok("alarms", `it takes what this process publishes; how near its limits it is, ${onlyThere(place)}`)
  }
  const down = nodes.value.filter(({ running }) => !running)
  const alarmed = nodes.value.filter(({ memoryAlarm, diskAlarm }) => memoryAlarm || diskAlarm)
  const figures = nodes.value.map(figuresOf).join("; ")
  if (alarmed.length > 0) return broken("alarms", `nothing is taken from anybody: ${figures}`, mendAlarm)
  if (down.length > 0) {
    return broken(
      "alarms",
      `${list(down.map(({ name }) => quote(name, 80)))} ${down.length === 1 ? "is" : "are"} down; ${figures}`,
      "Start that node again: quorum queues stand still without a majority",
    )
  }
  const close = nodes.value.filter(({ memoryUsed, memoryLimit, diskFree, diskLimit }) =>
    (memoryUsed ?? 0) > near.memory * (memoryLimit ?? Number.POSITIVE_INFINITY) ||
    (diskFree ?? Number.POSITIVE_INFINITY) < near.disk * (diskLimit ?? 0)
  )
  return close.length > 0 ? warning("alarms", `nearly at a limit: ${figures}`, mendAlarm) : ok("alarms", figures)
}

/** A node that has just started has no figures, and no alarm is then no news. */
const isToldOf = ({ running, memoryAlarm, diskAlarm, memoryUsed, memoryLimit }: NodeFacts): boolean =>
  !running || memoryAlarm || diskAlarm || memoryUsed !== null || memoryLimit !== null

const mendOf = (place: Place): string =>
  place.kind === "embedded"
    ? `${makeRoom(place, "memory")}, or free space where its data folder is; what is held up goes on by itself then`
    : "Free memory or disk on the broker's machine, let what waits in its queues be handled, or mend vm_memory_high_watermark " +
      "and disk_free_limit; what waits goes on by itself then"

/** Who tells more. */
const onlyThere = ({ kind }: Place): string =>
  kind === "embedded" ? "only the broker itself shows" : "only the management API tells"

const figuresOf = (node: NodeFacts): string => {
  const { name, running, memoryAlarm, diskAlarm, memoryUsed, memoryLimit, diskFree, diskLimit } = node
  if (!running) return `${quote(name, 80)}: down`
  const parts = [
    `${memoryAlarm ? "ALARM, " : ""}memory ${giga(memoryUsed)} of ${giga(memoryLimit)}`,
    ...(diskFree !== null || diskLimit !== null
      ? [`${diskAlarm ? "ALARM, " : ""}disk ${giga(diskFree)} free, ${giga(diskLimit)} wanted`]
      : diskAlarm
      ? ["ALARM, its disk takes nothing"]
      : []),
  ]
  return `${quote(name, 80)}: ${parts.join(", ")}`
}

const blockedOf = (
  place: Place,
  connections: Finding<ReadonlyArray<ConnectionFacts>>,
  core: CoreShape | undefined,
): Check => {
  if (!connections.known) {
    return core === undefined
      ? unknown("connections", connections.why)
      : ok("connections", `this process is connected; of others ${onlyThere(place)}`)
  }
  const all = connections.value
  const held = all.filter(({ state }) => state === "blocked" || state === "blocking")
  const slow = all.filter(({ state }) => state === "flow")
  const own = all.filter(({ instance }) => instance !== undefined).length
  const isLate = core !== undefined && !all.some(({ instance }) => instance === core.instance)
  const text = `${count(all.length, "connection")}, ${own} of Warren's${
    isLate ? " (this process's is not listed yet: the list is some seconds old)" : ""
  }`
  if (held.length > 0) {
    return broken("connections", `${held.length} of ${text} may not publish: ${named(held)}`, mendOf(place))
  }
  return slow.length > 0
    ? warning(
      "connections",
      `${slow.length} of ${text} publish faster than the broker takes it: ${named(slow)}`,
      "That is the broker's own flow control: emit less, or give it faster disks",
    )
    : ok("connections", `${text}, none is held up`)
}

const named = (some: ReadonlyArray<ConnectionFacts>): string =>
  list(some.map(({ name, peer, user }) => `"${quote(name, 60)}" (${quote(user, 40)}, ${peer})`), 3)

/** The broker says when connections were made: those of this process after it began, and before now. */
export const judgeClock = (
  connectedAt: ReadonlyArray<number>,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): Check => {
  if (connectedAt.length === 0) return skipped("clock", "the broker does not list yet when this process connected")
  const ahead = Math.max(...connectedAt) - now
  const behind = startedAt - Math.min(...connectedAt)
  if (ahead < apart && behind < apart) {
    return ok("clock", "the broker dates this process's connections after its start and before now, by this clock")
  }
  return warning(
    "clock",
    `the broker's clock is at least ${span(Math.max(ahead, behind))} ${
      ahead > behind ? "ahead of" : "behind"
    } this one`,
    "Set both by NTP; its logs and times are read against the others' otherwise",
  )
}

/** What counts as another time, ms. */
const apart = 5_000

const clockOf = Effect.fnUntraced(function* (
  connections: Finding<ReadonlyArray<ConnectionFacts>>,
  core: CoreShape | undefined,
): Effect.fn.Return<Check> {
  if (core === undefined) return skipped("clock", "this process has not joined")
  if (!connections.known) return skipped("clock", connections.why)
  const [own] = yield* core.enquiries.enquire([core.instance], { kind: "stats" })
  const now = core.now()
  const times = connections.value.flatMap(({ instance, connectedAt }) =>
    instance === core.instance && connectedAt !== null ? [connectedAt] : []
  )
  return judgeClock(times, { startedAt: own?.answer.startedAt ?? now, now })
})
