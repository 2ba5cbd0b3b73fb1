/**
 * Many messages of a queue in this process: read as they are, and chosen ones taken out.
 *
 * Below `steward.ts`; above `Engine`, where reading disturbs nobody and each change is one step.
 */
import { Effect } from "effect"
import {
  type Browsed,
  type BrowseLimits,
  type Copy,
  type Fate,
  type HeaderValue,
  makePace,
  type Packet,
  type Peeked,
  Rejected,
  type Sifting,
  type StewardReason,
} from "../transport/mod.ts"
import { reasonOf } from "./Connection.ts"
import type { Engine } from "./Engine.ts"

/** Reads from the head, within the limits. */
export const browse = (
  engine: Engine,
  name: string,
  limits: BrowseLimits,
  visit: (message: Peeked) => void,
): Effect.Effect<Browsed, StewardReason> =>
  Effect.suspend(() => {
    const found = engine.peek(name, limits.messages)
    if ("_tag" in found) return Effect.fail(reasonOf(found))
    const { ready = 0, consumers: others = 0 } = engine.queue(name) ?? {}
    let [read, bytes] = [0, 0]
    for (const message of found) {
      if (read > 0 && bytes >= limits.bytes) break
      visit(message)
      read++
      bytes += message.packet.body.length
    }
    return Effect.succeed({ ready, read, others })
  })

/** Takes chosen ones out; at a rate one after another, else in one step. */
export const sift = Effect.fnUntraced(function* (
  engine: Engine,
  name: string,
  { most, decide, done, perSecond }: Sifting,
): Effect.fn.Return<void, StewardReason> {
  const pace = makePace(perSecond)
  // what comes while it waits stays behind those that are looked at
  let left = Math.min(most, engine.queue(name)?.ready ?? 0)
  for (;;) {
    yield* pace
    const through: Array<readonly [Peeked, Exclude<Fate, "keep">]> = []
    const sifted = engine.sift(name, left, perSecond === undefined ? Number.POSITIVE_INFINITY : 1, (message) => {
      const fate = decide(message)
      if (fate === "keep") return fate
      through.push([message, fate])
      return fate === "drop" ? fate : { to: fate.to, packet: copyOf(message.packet, fate) }
    })
    if (sifted._tag !== "Sifted") return yield* Effect.fail(reasonOf(sifted))
    for (const [message, fate] of through.slice(0, sifted.through)) done(message, fate)
    const { failure } = sifted
    if (failure !== undefined) {
      const isFull = failure._tag === "Full"
      return yield* Effect.fail(
        isFull ? new Rejected({ detail: `"${failure.name}" takes nothing more` }) : reasonOf(failure),
      )
    }
    left -= sifted.through
    if (perSecond === undefined || sifted.through === 0 || left <= 0) return
  }
})

const copyOf = ({ expiration: _, ...packet }: Packet, { set, unset, body = packet.body }: Copy): Packet => {
  const headers: Record<string, HeaderValue> = {}
  for (const [name, value] of Object.entries(packet.headers)) {
    if (!unset.includes(name) && !isRecord(name)) headers[name] = value
  }
  return { ...packet, persistent: true, headers: { ...headers, ...set }, body }
}

/** Whether a header is part of the record of a message's deaths: a copy begins a new life. */
export const isRecord = (name: string): boolean => /^x-(first-|last-)?death/.test(name)
