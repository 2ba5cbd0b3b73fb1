/**
 * Finds out what the walk needs, all at the same time, each part for so long and no longer.
 *
 * Above the scene's ports, below `walk.ts`. What could not be found out is unknown, with the reason; nothing here fails, and
 * nothing is changed.
 */
import { Effect } from "effect"
import type { Told } from "../../runtime/mod.ts"
import type { Packet, Steward } from "../../transport/mod.ts"
import { Exchange, Header, QueueName, readMeta, retryTiers } from "../../wire/mod.ts"
import { attempt, type Finding, found, unknown } from "../Finding.ts"
import { readLedger } from "../ledger.ts"
import { cannotSee } from "../remedies.ts"
import type { Scene } from "../Scene.ts"
import { lagOf } from "./clocks.ts"
import type { AtQueue, Evidence, Letter, Surroundings, Target, Tracked, Waiting } from "./Evidence.ts"
import type { Question } from "./Question.ts"
import { living, type Post, posts, type Process, type Team, teamOf } from "./Team.ts"

/** For each part, ms. */
const patience = 800
/** For a busy process to answer after all, ms. */
const lastChance = 700
/** Dead letters that are looked at, and messages of a retry tier. */
const searched = { letters: { messages: 5_000, bytes: 16_000_000 }, retries: 100 }

const within = <A>(effect: Effect.Effect<A, { readonly message: string }>): Effect.Effect<Finding<A>> =>
  Effect.timeoutOrElse(attempt(effect), {
    duration: patience,
    orElse: () => Effect.succeed(unknown<A>(`there was no answer within ${patience} ms`)),
  })

/** Who is there. */
export const gatherTeam = Effect.fnUntraced(function* ({ core, steward }: Scene) {
  const [told, ledger] = yield* Effect.all([
    core.enquiries.enquire("all", { kind: "stats" }, { patience: 700, quiet: 150 }),
    Effect.timeoutOrElse(readLedger(steward), {
      duration: patience,
      orElse: () => Effect.succeed(unknown<never>(`the ledger could not be read within ${patience} ms`)),
    }),
  ], { concurrency: "unbounded" })
  return teamOf(core.presence.list(), told, ledger)
})

/** Who holds a queue and did not answer may be busy: asked once more, for as long as there is time. */
export const awaitHolders = Effect.fnUntraced(function* (
  { core }: Scene,
  { team, queue, consumers }: { readonly team: Team; readonly queue: string; readonly consumers: number },
) {
  const heldIn = (some: Team) => posts(some, queue).filter(({ handler }) => handler.held).length
  // over a connection that takes nothing nobody is asked
  if (heldIn(team) >= consumers || core.outbox.obstacle() !== undefined) return team
  const again = (told: ReadonlyArray<Told<"stats">>) => teamOf(core.presence.list(), told, team.ledger)
  const told = yield* core.enquiries.enquire("all", { kind: "stats" }, {
    patience: lastChance,
    quiet: lastChance,
    enough: (some) => heldIn(again(some)) >= consumers,
  })
  const found = again(told)
  return heldIn(found) >= heldIn(team) ? found : team
})

/** What became of a message, as far as processes remember. */
export const track = Effect.fnUntraced(function* ({ core }: Scene, id: string, team: Team) {
  const told = yield* core.enquiries.enquire("all", { kind: "find", id }, { patience: 700, quiet: 150 })
  const names = new Map(team.processes.map((one) => [one.instance, one.apps.join(", ")]))
  return told.flatMap(({ instance, answer, ...times }): ReadonlyArray<Tracked> =>
    answer.sightings.map((one) => ({
      ...one,
      at: one.at - lagOf({ answer, ...times }),
      process: names.get(instance) || "a process",
    }))
  ).toSorted((a, b) => a.at - b.at)
})

/** What of the broker concerns every target. `isMissing`: somebody was not found, who may be elsewhere. */
export const gatherAround = (
  { core, surveyor, beacons, place }: Scene,
  kind: "event" | "call",
  isMissing: boolean,
): Effect.Effect<Surroundings> => {
  const { insight } = surveyor
  const exchange = kind === "event" ? Exchange.events : Exchange.calls
  const blind = unknown<never>(cannotSee(place))
  const seen = <A>(look: Effect.Effect<A, { readonly message: string }> | undefined): Effect.Effect<Finding<A>> =>
    look === undefined ? Effect.succeed(blind) : within(look)
  const wanted = <A>(look: Effect.Effect<A, { readonly message: string }> | undefined): Effect.Effect<Finding<A>> =>
    isMissing ? seen(look) : Effect.succeed(unknown<A>("it was not asked"))
  return Effect.map(
    Effect.all({
      exchange: seen(insight?.exchange(exchange)),
      bindings: seen(insight?.bindings(exchange)),
      nodes: seen(insight?.nodes),
      connections: wanted(insight?.connections),
      elsewhere: wanted(insight?.elsewhere("warren.")),
      beacons: seen(beacons),
    }, { concurrency: "unbounded" }),
    (all) => ({ ...all, obstacle: core.outbox.obstacle() }),
  )
}

/** What lies aside, for all targets of one question: each queue is read once, since whoever reads it has it in hand. */
export interface Aside {
  /** Dead letters of an app. */
  readonly dead: (app: string) => Effect.Effect<Finding<ReadonlyArray<Packet>>>
  /** What waits for its next attempt, and in which queue it comes back. */
  readonly retries: Effect.Effect<Finding<ReadonlyArray<Waiting & { readonly queue: string }>>>
}

/** Reads nothing before it is asked. */
export const lookAside = Effect.fnUntraced(function* (
  { steward }: Pick<Scene, "steward">,
  targets: ReadonlyArray<Target>,
): Effect.fn.Return<Aside> {
  const dead = new Map<string, Effect.Effect<Finding<ReadonlyArray<Packet>>>>()
  for (const app of new Set(targets.map(({ app }) => app))) {
    dead.set(app, yield* Effect.cached(within(deadOf(steward, QueueName.dead(app)))))
  }
  const retries = yield* Effect.cached(within(retriesOf(steward)))
  return { dead: (app) => dead.get(app) ?? Effect.succeed(found([])), retries }
})

/** What is at one queue. */
export const gatherQueue = Effect.fnUntraced(function* (
  { steward, surveyor, place }: Scene,
  { kind, app, handler, queue }: Target,
  { bindings }: Surroundings,
  aside: Aside,
  team: Team,
  id: string | undefined,
): Effect.fn.Return<AtQueue> {
  const isEvent = kind === "event"
  const known = posts(team, queue)
  // processes tell of retries they have made; those of a process that is gone lie in the tiers
  const isTold = id === undefined && known.some(({ handler: { handled, retried } }) => handled + retried > 0)
  const { dead, retries, ...found_ } = yield* Effect.all({
    now: within(steward.look(queue)),
    // an API that has not answered one question costs no time for another
    insight: surveyor.insight === undefined || !bindings.known
      ? Effect.succeed(unknown<never>(bindings.known ? cannotSee(place) : bindings.why))
      : within(surveyor.insight.queue(queue)),
    dead: isEvent ? aside.dead(app) : Effect.succeed(found([])),
    retries: isEvent && !isTold ? aside.retries : Effect.succeed(found([])),
  }, { concurrency: "unbounded" })
  return {
    ...found_,
    letters: dead.known ? found(lettersOf(dead.value, `${app}.${handler}`, queue, known)) : dead,
    retries: retries.known ? found(retries.value.filter((one) => one.queue === queue)) : retries,
    bindings: bindings.known ? found(bindings.value.flatMap((one) => one.queue === queue ? [one.key] : [])) : bindings,
  }
})

const deadOf = Effect.fnUntraced(function* (steward: Steward, queue: string) {
  const facts = yield* steward.look(queue)
  if (facts === undefined || facts.ready === 0) return []
  const packets: Array<Packet> = []
  yield* steward.browse(queue, searched.letters, ({ packet }) => void packets.push(packet))
  return packets
})

/** When a letter died by this process's clock: who buried it says so; of an older one the clock of who handles now is taken. */
const diedAt = (id: string, at: number, all: ReadonlyArray<Post>): number =>
  all.find(({ handler }) => handler.lastDead?.id === id)?.handler.lastDead?.at ??
    at - Math.max(0, ...all.map(({ process }) => process.lag))

/** Those of one handler, the newest first. */
const lettersOf = (
  dead: ReadonlyArray<Packet>,
  label: string,
  queue: string,
  all: ReadonlyArray<Post>,
): ReadonlyArray<Letter> =>
  dead.flatMap((packet): ReadonlyArray<Letter> => {
    const { headers } = packet
    const by = headers[Header.deadHandler]
    const from = headers["x-first-death-queue"]
    if (by === undefined ? from !== queue : by !== label) return []
    const at = headers[Header.deadAt]
    return [{
      packet,
      reason: String(headers[Header.deadReason] ?? headers["x-first-death-reason"] ?? "unknown"),
      error: String(headers[Header.deadError] ?? ""),
      at: typeof at === "number" ? diedAt(packet.id, at, all) : 0,
    }]
  }).toSorted((a, b) => b.at - a.at)

const retriesOf = Effect.fnUntraced(function* (steward: Steward) {
  const tiers = yield* Effect.forEach(
    retryTiers,
    Effect.fnUntraced(function* ([tier, delay]) {
      const name = QueueName.retry(tier)
      const facts = yield* steward.look(name)
      if (facts === undefined || facts.ready === 0) return []
      return (yield* steward.peek(name, searched.retries)).map(({ packet, key }) => ({
        queue: key,
        id: packet.id,
        type: packet.type,
        attempt: readMeta(packet).attempt,
        delay,
      }))
    }),
    { concurrency: "unbounded" },
  )
  return tiers.flat()
})

/** Whether somebody whom the question names, or whom it needs, is not among those who run here. */
export const isAnybodyMissing = (
  { subject, from }: Question,
  kind: "event" | "call",
  targets: ReadonlyArray<Target>,
  team: Team,
): boolean => {
  const here = living(team)
  const does = ({ emits, calls }: Process) => (kind === "event" ? emits : calls).includes(subject)
  const isServed = ({ queue }: Target) => here.some(({ handles }) => handles.some((one) => one.queue === queue))
  return !here.some((one) => does(one) && (from === undefined || one.apps.includes(from))) ||
    targets.length === 0 || !targets.every(isServed)
}

/** All that is found, for one target. */
export const evidenceOf = (
  { place, surveyor, contracts, unread = [], core }: Scene,
  parts: Pick<Evidence, "question" | "team" | "target" | "at" | "around" | "tracked">,
): Evidence => ({ ...parts, now: core.now(), place, source: surveyor.source, contracts, unread })
