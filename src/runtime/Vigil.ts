/**
 * Watches over calls that wait: fails them with `HandlerDied` once nobody is left who could answer.
 *
 * The queue of a call goes with its last server, and the request with it; no reply and no refusal would come. So while
 * calls wait, the processes that serve them are pinged, once a second and once a process. One that two pings did not
 * find, and that said nothing in between, is gone. Proof is asked for, never guessed: missed heartbeats prove nothing, a
 * server that is unknown here (a foreign program) shows in the call's queue, and a connection that came back waits.
 */
import { Effect, Exit, Result, type Scope } from "effect"
import { HandlerDied } from "../contract/mod.ts"
import { Exchange, QueueName } from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"
import type { Handling, Instance } from "./Directory.ts"
import type { Presence } from "./Presence.ts"

/** A call that waits for its reply. */
export interface Waiting {
  readonly contract: { readonly type: string }
  /** When it was made, ms since the epoch. */
  readonly sentAt: number
  /** Whether the broker has taken it. */
  readonly confirmed: boolean
  readonly finish: (answer: Exit.Exit<never, HandlerDied>) => void
}

/** All of them. */
export type Pending = Iterable<Waiting> & { readonly size: number }

/** What of a core a vigil stands on. */
export type VigilCore = Pick<CoreShape, "now" | "presence" | "transport">

/** ms between two rounds; younger calls are not watched. */
const round = 1_000
/** A death fails calls that long after its first sign, ms: the last replies of a process may still be on their way. */
const doubt = 900
/** Pings under way at a time. */
const width = 16

/** Keeps watch until the scope closes; where the transport is not shared there is nothing to watch. */
export const keepVigil = (
  core: VigilCore,
  pending: Pending,
): Effect.Effect<void, never, Scope.Scope> => {
  if (core.presence.directory === undefined) return Effect.void
  /** When a ping first did not find a process. */
  const suspects = new Map<string, number>()
  return Effect.sleep(round).pipe(
    Effect.andThen(Effect.suspend(() => pending.size === 0 ? forget(suspects) : watch(core, pending, suspects))),
    Effect.forever,
    Effect.forkScoped,
    Effect.asVoid,
  )
}

const forget = (suspects: Map<string, number>) => Effect.sync(() => suspects.clear())

/** One round. */
const watch = Effect.fnUntraced(function* (
  core: VigilCore,
  pending: Pending,
  suspects: Map<string, number>,
) {
  const { presence, now } = core
  const late = () => [...pending].filter(({ confirmed, sentAt }) => confirmed && now() - sentAt >= round)
  const types = new Set(late().map(({ contract }) => contract.type))
  const servers = new Map<string, Instance>()
  for (const type of types) {
    for (const { instance } of servedBy(presence, type)) {
      if (!instance.isSelf && instance.life !== "gone") servers.set(instance.instance, instance)
    }
  }
  for (const name of suspects.keys()) if (!servers.has(name)) suspects.delete(name)
  yield* Effect.forEach(servers.values(), (instance) => examine(core, instance, suspects), {
    concurrency: width,
    discard: true,
  })
  for (const type of types) {
    const dead = deadOf(core, type)
    if (dead.length === 0 || !late().some((call) => isVictim(call, type, dead))) continue
    if (!(yield* hasVanished(core, type)) || deadOf(core, type).length === 0) continue
    for (const call of late()) {
      const guilty = isVictim(call, type, dead)
      if (guilty === undefined) continue
      const { instance } = guilty
      const ago = Math.round((now() - instance.lastHeard) / 100) / 10
      const detail = `${describe(guilty)} ${
        instance.state === "gone" ? "ended" : "is gone"
      }, last heard of ${ago} s ago, and nobody else serves the call`
      call.finish(Exit.fail(new HandlerDied({ call: type, detail, ...presence.seen(type) })))
    }
  }
})

/** Pings one process; the second ping that does not find it, a round later, is proof. */
const examine = Effect.fnUntraced(function* (
  { presence, now }: VigilCore,
  instance: Instance,
  suspects: Map<string, number>,
) {
  const name = instance.instance
  const isThere = yield* presence.ping(instance)
  const since = suspects.get(name)
  if (isThere !== false) suspects.delete(name)
  else if (since === undefined) suspects.set(name, now())
  else {
    suspects.delete(name)
    // the directory knows better where it was heard since
    presence.directory?.gone(name, since)
  }
})

const servedBy = ({ directory }: Presence, type: string): ReadonlyArray<Handling> =>
  directory?.handling(type).filter(({ handler }) => handler.kind === "call") ?? []

/** Those who served a call, when all of them are gone for long enough; else nobody. */
const deadOf = ({ presence, now }: VigilCore, type: string): ReadonlyArray<Handling> => {
  const all = servedBy(presence, type)
  return all.every(({ instance }) => instance.life === "gone") &&
      all.every(({ instance }) => now() - (instance.goneAt ?? 0) >= doubt)
    ? all
    : []
}

/** Who of the dead was alive when the call was made, the last to go first. */
const isVictim = ({ contract, sentAt }: Waiting, type: string, dead: ReadonlyArray<Handling>): Handling | undefined =>
  contract.type !== type ? undefined : dead
    .filter(({ instance }) => (instance.goneAt ?? 0) >= sentAt)
    .toSorted((a, b) => (b.instance.goneAt ?? 0) - (a.instance.goneAt ?? 0))[0]

/**
 * Whether the queue of a call is gone, with the request in it and all its servers, known or not. Its binding is declared
 * once more, which is refused where there is no queue and changes nothing where there is one.
 */
const hasVanished = ({ transport }: VigilCore, type: string): Effect.Effect<boolean> =>
  transport.declare({
    exchanges: [],
    queues: [],
    bindings: [{ exchange: Exchange.calls, queue: QueueName.call(type), key: type }],
  }).pipe(
    Effect.result,
    Effect.map((result) => Result.isFailure(result) && result.failure.reason._tag === "NotFound"),
    Effect.timeoutOrElse({ duration: doubt, orElse: () => Effect.succeed(false) }),
  )

const describe = ({ app, instance: { instance, host, pid } }: Handling): string =>
  `app "${app}" (instance ${instance}, host "${host}", pid ${pid})`
