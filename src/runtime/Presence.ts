/**
 * Who else is there, and who says so: the directory kept up to date, and this process announced to the others.
 *
 * Part of `Core`; the errors of calls cite it, `Vigil` asks it for proof of a death. It knows those that handle something;
 * of those that handle nothing it hears only where it serves calls itself, or lists all. On a transport that is not
 * shared there is nobody else: what is seen is exact, and nothing is sent. Notices: `src/wire/presence.ts`.
 */
import { Effect, type Scope, Stream } from "effect"
import { fingerprint, type Seen } from "../contract/mod.ts"
import type { Packet, TransportError } from "../transport/mod.ts"
import {
  type Announcement,
  ControlKeys,
  decodeNotice,
  encodeNotice,
  Header,
  type Notice,
  noticePacket,
  presenceType,
  QueueName,
  readMeta,
  routeTo,
} from "../wire/mod.ts"
import { type Announcer, type AnnouncerCore, makeAnnouncer, type Work } from "./Announcer.ts"
import type { CoreShape } from "./Core.ts"
import { Directory, type Instance, type SentAt } from "./Directory.ts"
import { describeDrift, Drifts } from "./drift.ts"
import type { Bound } from "./invoke.ts"
import { CurrentMachine } from "./Machine.ts"
import { makeRoll } from "./Roll.ts"
import type { Tally } from "./stats/Tally.ts"

/** What a process knows of the others, and tells them. */
export interface Presence {
  /** Every process known, this one included; none where the transport is not shared. See `watch`. */
  readonly list: () => ReadonlyArray<Instance>
  /** What is known of a call's servers right now. */
  readonly seen: (type: string) => Seen
  /** The processes themselves; `undefined` where the transport is not shared. */
  readonly directory: Directory | undefined
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
export type PresenceCore =
  & AnnouncerCore
  & Pick<CoreShape, "control" | "journal" | "lateness" | "served">
  & {
    /** Counts what the announcements say of this process. */
    readonly tally: Tally
    /** What this process does. */
    readonly works: Array<Work>
    /** Whether it takes part; else nothing is said and nobody is known. */
    readonly isInspected: boolean
  }

/** Answers to an ask come within that time, ms, so that they do not come all at once. */
const spread = 50
/** So soon after a lost connection came back, others may still be on their way back to a restarted broker. */
const returning = 3_000
/** A ping's answer is worth nothing later. */
const patience = 900

/** The presence of one core; it does nothing before `start`. */
export const makePresence = (core: PresenceCore): Presence =>
  core.transport.traits.shared && core.isInspected ? present(core) : alone(core)

const alone = ({ control, now, served, works }: PresenceCore): Presence => ({
  list: () => [],
  seen: (type) => {
    const servers = served.get(type) ?? 0
    // in one process a server is alive as long as the caller is
    return { servers, lane: "broker", lastHeartbeat: servers > 0 ? now() : null }
  },
  directory: undefined,
  take: () => false,
  compare: () => undefined,
  watch: Effect.void,
  prepare: (calls) => control.hear(ControlKeys.handling(calls)),
  host: (work) => void works.push(work),
  drain: () => {},
  ping: () => Effect.succeed(undefined),
  start: Effect.void,
})

const present = (core: PresenceCore): Presence => {
  const { instance: self, now, transport } = core
  const directory = new Directory(self, now, core.settings.heartbeat)
  const drifts = new Drifts(directory)
  let announcer: Announcer | undefined
  let connectedAt = now()
  let isConnected = true
  let isBack = false
  let isWatching = false

  const heard = (announcement: Announcement, sentAt?: SentAt): void =>
    tellDrift(directory.heard(announcement, sentAt), announcement.instance)

  const tellDrift = (isNews: boolean, announced: string): void => {
    if (!isNews) return
    for (const drift of drifts.of(announced)) {
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
  const compareClocks = (instance: string, packet: Packet): SentAt => {
    const { sent } = readMeta(packet)
    if (sent === undefined) return {}
    core.lateness.of(QueueName.replies(instance), { clock: sent, at: packet.timestamp })
    return { sent: Math.max(0, Math.round(sent)), at: packet.timestamp }
  }

  const packetOf = (body: Uint8Array, expiration: number, sent?: number): Packet =>
    noticePacket(core.ids.next(now()), core.settings.app, now(), expiration, body, sent)

  const notice = (said: Exclude<Notice, { readonly kind: "announce" | "told" }>, expiration: number): Packet =>
    packetOf(encodeNotice(said) ?? new Uint8Array(0), expiration)

  const roll = makeRoll({
    core,
    directory,
    notice,
    telling: (part, expiration) => packetOf(part, expiration, Math.round(core.monotonic())),
    mayTell: () => isConnected && core.works.length > 0 && !core.works.some((work) => work.isDraining()),
    watch: Effect.suspend(() => watch),
    onHearsay: (hearsay) => {
      const { ago, announcement: { instance }, at, sent } = hearsay
      if (instance === self) return
      if (sent !== undefined) core.lateness.heard(QueueName.replies(instance), { clock: sent, at }, ago)
      tellDrift(directory.told(hearsay), instance)
    },
  })
  const ask = Effect.suspend(() => Effect.andThen(roll.ask(false), isWatching ? roll.ask(true) : Effect.void))

  const watch = Effect.suspend(() => {
    if (isWatching) return Effect.void
    return core.control.hear(ControlKeys.watching).pipe(
      Effect.andThen(Effect.sync(() => isWatching = true)),
      Effect.andThen(roll.ask(true)),
    )
  })

  const follow = transport.status.pipe(
    Stream.runForEach((status) => {
      if (status._tag !== "Ready") {
        if (status._tag !== "Blocked") {
          isConnected = false
          roll.lost()
        }
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
      const isKnown = servers > 0 || isConnected && roll.isKnown()
      return { servers: isKnown ? servers : null, lane: "broker", lastHeartbeat }
    },
    directory,
    take: (packet) => {
      if (packet.type !== presenceType) return false
      const said = decodeNotice(packet.body)
      if (said?.kind === "announce" && said.announcement.instance !== self) {
        heard(said.announcement, compareClocks(said.announcement.instance, packet))
      }
      if (said?.kind === "told") {
        compareClocks(said.told.instance, packet)
        roll.take(said.told)
      }
      if (said?.kind === "tell") roll.answer(said.instance, said.callers)
      // whoever handles something was asked by everybody at the start
      const isMeant = said?.kind === "ask" && said.instance !== self &&
        !(said.callers === true && core.works.length > 0)
      if (isMeant) announcer?.answer(said.instance, spread)
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
    host: (work) => {
      core.works.push(work)
      announcer?.announce()
    },
    drain: () => announcer?.become("draining"),
    ping: (instance) => {
      // only a queue that was there on this very connection's broker can have vanished
      if (!isConnected || isBack && now() - connectedAt < returning || instance.lastHeard < connectedAt) {
        return Effect.succeed(undefined)
      }
      return transport.publish(
        routeTo.queue(QueueName.control(instance.instance)),
        notice({ kind: "ping", instance: self }, patience),
      ).pipe(
        Effect.map((confirm) => confirm === "routed"),
        Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(undefined) }),
        Effect.orElseSucceed(() => undefined),
      )
    },
    start: Effect.gen(function* () {
      announcer = yield* makeAnnouncer({
        core,
        machine: yield* CurrentMachine,
        tally: core.tally,
        works: core.works,
        isConnected: () => isConnected,
        servers: () => directory.servers(),
        onAnnounce: (announcement) => {
          directory.sweep()
          heard(announcement)
        },
      })
      yield* Effect.forkScoped(follow)
      yield* roll.start
      core.runFork(ask)
      // one that begins to handle something meanwhile says so, and need not be announced as one that does not
      announcer.soon(spread * 10)
    }),
  }
}
