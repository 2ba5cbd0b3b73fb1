/**
 * Who else is there, and who says so: the directory kept up to date, and this process announced to the others.
 *
 * Part of `Core`; the errors of calls cite it, `Vigil` asks it for proof of a death. It knows those that handle something;
 * of those that handle nothing it hears only where it serves calls itself, or lists all. On a transport that is not
 * shared there is nobody else: what is seen is exact, and nothing is sent. Notices: `src/wire/presence.ts`.
 */
import { Effect, type Scope, Stream } from "effect"
import { fingerprint, type Seen } from "../contract/mod.ts"
import type { Packet, Route, TransportError } from "../transport/mod.ts"
import {
  type Announcement,
  ControlKeys,
  decodeNotice,
  encodeNotice,
  Header,
  noticePacket,
  presenceType,
  QueueName,
  readMeta,
  routeTo,
} from "../wire/mod.ts"
import { type Announcer, type AnnouncerCore, makeAnnouncer, type Work } from "./Announcer.ts"
import type { CoreShape } from "./Core.ts"
import { Directory, type Instance } from "./Directory.ts"
import { describeDrift, Drifts } from "./drift.ts"
import type { Bound } from "./invoke.ts"
import type { Journal } from "./Journal.ts"
import { CurrentMachine } from "./Machine.ts"
import { Tally } from "./Tally.ts"

/** What a process knows of the others, and tells them. */
export interface Presence {
  /** Every process known, this one included; none where the transport is not shared. See `watch`. */
  readonly list: () => ReadonlyArray<Instance>
  /** What is known of a call's servers right now. */
  readonly seen: (type: string) => Seen
  /** The processes themselves; `undefined` where the transport is not shared. */
  readonly directory: Directory | undefined
  /** Counts what the announcements say of this process. */
  readonly tally: Journal | undefined
  /** Takes a notice; `false`: the packet is none. */
  readonly take: (packet: Packet) => boolean
  /** Looks at what arrives for a handler: a message written with another schema is noted once. */
  readonly compare: (bound: Bound) => ((packet: Packet) => void) | undefined
  /** Hears from now on of those that handle nothing, too, and asks who is there. */
  readonly watch: Effect.Effect<void, TransportError>
  /** Before this process begins to handle, among others these calls: hears whatever concerns those. */
  readonly prepare: (calls: ReadonlyArray<string>) => Effect.Effect<void, TransportError>
  /** This process has begun to handle. */
  readonly host: (work: Work) => void
  /** This process takes nothing new. */
  readonly drain: () => void
  /** Asks the broker whether a process's control queue exists; `undefined`: it did not say, or its word would prove nothing. */
  readonly ping: (instance: Instance) => Effect.Effect<boolean | undefined>
  /** Tells the others, and keeps up with the connection, until the scope closes. */
  readonly start: Effect.Effect<void, never, Scope.Scope>
}

/** What of a core presence stands on. */
export type PresenceCore = AnnouncerCore & Pick<CoreShape, "control" | "journal" | "lateness" | "served">

/** Answers to an ask come within that time, ms, so that they do not come all at once. */
const spread = 50
/** So soon after connecting, nobody seen may mean that nobody has answered yet. */
const settled = 1_000
/** So soon after a lost connection came back, others may still be on their way back to a restarted broker. */
const returning = 3_000
/** A ping's answer is worth nothing later. */
const patience = 900

/** The presence of one core; it does nothing before `start`. */
export const makePresence = (core: PresenceCore): Presence => core.transport.traits.shared ? present(core) : alone(core)

const alone = ({ control, now, served }: PresenceCore): Presence => ({
  list: () => [],
  seen: (type) => {
    const servers = served.get(type) ?? 0
    // in one process a server is alive as long as the caller is
    return { servers, lane: "broker", lastHeartbeat: servers > 0 ? now() : null }
  },
  directory: undefined,
  tally: undefined,
  take: () => false,
  compare: () => undefined,
  watch: Effect.void,
  prepare: (calls) => control.hear(ControlKeys.handling(calls)),
  host: () => {},
  drain: () => {},
  ping: () => Effect.succeed(undefined),
  start: Effect.void,
})

const present = (core: PresenceCore): Presence => {
  const { instance: self, now, transport } = core
  const directory = new Directory(self, now)
  const drifts = new Drifts(directory)
  const tally = new Tally()
  let announcer: Announcer | undefined
  let connectedAt = now()
  let isConnected = true
  let isBack = false
  let isWatching = false

  const heard = (announcement: Announcement): void => {
    if (!directory.heard(announcement)) return
    for (const drift of drifts.of(announcement.instance)) {
      const text = describeDrift(drift)
      const { app, handler, instance } = drift.other
      const label = `${app}.${handler.name}`
      core.journal.record({
        fact: "drift",
        at: now(),
        id: instance.instance,
        type: drift.type,
        app,
        handler: label,
        error: text,
      })
      core.runFork(Effect.logWarning(text))
    }
  }

  /** What a process announces shows how fast its messages can be: its calls are compared with it. */
  const compareClocks = (instance: string, packet: Packet): void => {
    const { sent } = readMeta(packet)
    if (sent !== undefined) core.lateness.of(QueueName.replies(instance), { clock: sent, at: packet.timestamp })
  }

  const notice = (kind: "ask" | "ping", expiration: number): Packet =>
    noticePacket(
      core.ids.next(now()),
      core.settings.app,
      now(),
      expiration,
      encodeNotice({ kind, instance: self }) ?? new Uint8Array(0),
    )

  const askAt = (route: Route) => Effect.suspend(() => Effect.ignore(transport.publish(route, notice("ask", 5_000))))

  const ask = Effect.suspend(() =>
    Effect.andThen(askAt(routeTo.presence("ask")), isWatching ? askAt(routeTo.presenceOfCallers("ask")) : Effect.void)
  )

  const watch = Effect.suspend(() => {
    if (isWatching) return Effect.void
    return core.control.hear(ControlKeys.watching).pipe(
      Effect.andThen(Effect.sync(() => isWatching = true)),
      Effect.andThen(askAt(routeTo.presenceOfCallers("ask"))),
    )
  })

  const follow = transport.status.pipe(
    Stream.runForEach((status) => {
      if (status._tag !== "Ready") {
        if (status._tag !== "Blocked") isConnected = false
        return Effect.void
      }
      if (isConnected) return Effect.void
      isConnected = isBack = true
      connectedAt = now()
      announcer?.announce()
      return ask
    }),
  )

  return {
    list: () => directory.list(),
    seen: (type) => {
      const { servers, lastHeartbeat } = directory.seen(type)
      const isKnown = servers > 0 || isConnected && now() - connectedAt >= settled
      return { servers: isKnown ? servers : null, lane: "broker", lastHeartbeat }
    },
    directory,
    tally,
    take: (packet) => {
      if (packet.type !== presenceType) return false
      const said = decodeNotice(packet.body)
      if (said?.kind === "announce" && said.announcement.instance !== self) {
        compareClocks(said.announcement.instance, packet)
        heard(said.announcement)
      }
      if (said?.kind === "ask" && said.instance !== self) announcer?.answer(said.instance, spread)
      return true
    },
    compare: ({ app, label, handler }) => {
      if (handler.kind === "schedule") return undefined
      const read = fingerprint(handler.contract)
      return (packet) => {
        const schema = packet.headers[Header.schema]
        if (schema === read || typeof schema !== "string" || schema === "") return
        if (!drifts.isNewMessage(packet.type, packet.app, schema, read)) return
        const error = `"${packet.app}" writes it with fingerprint ${schema}, this handler reads ${read}`
        core.journal.record({ fact: "drift", at: now(), id: packet.id, type: packet.type, app, handler: label, error })
      }
    },
    watch,
    prepare: (calls) =>
      Effect.andThen(
        core.control.hear(ControlKeys.handling(calls)),
        // how fast the messages of a caller can be is known before its first call is late
        calls.length === 0 ? Effect.void : watch,
      ),
    host: (work) => announcer?.host(work),
    drain: () => announcer?.become("draining"),
    ping: (instance) => {
      // only a queue that was there on this very connection's broker can have vanished
      if (!isConnected || isBack && now() - connectedAt < returning || instance.lastHeard < connectedAt) {
        return Effect.succeed(undefined)
      }
      return transport.publish(routeTo.queue(QueueName.control(instance.instance)), notice("ping", patience)).pipe(
        Effect.map((confirm) => confirm === "routed"),
        Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(undefined) }),
        Effect.orElseSucceed(() => undefined),
      )
    },
    start: Effect.gen(function* () {
      announcer = yield* makeAnnouncer({
        core,
        machine: yield* CurrentMachine,
        tally,
        isConnected: () => isConnected,
        servers: () => directory.servers(),
        onAnnounce: (announcement) => {
          directory.sweep()
          heard(announcement)
        },
      })
      yield* Effect.forkScoped(follow)
      core.runFork(ask)
      announcer.soon(spread)
    }),
  }
}
