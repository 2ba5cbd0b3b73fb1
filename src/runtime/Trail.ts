/**
 * The way of one call, hop by hop, for whoever asks for it (`warren call --trace`).
 *
 * Made only for calls that are traced: the caller notes what it does, the server notes what it does and tells it with the
 * reply, and so do the calls that its handler makes. Times are each side's own, since its beginning, so no two clocks have to
 * agree. Knows no transport; what comes from a peer is checked here before it is believed.
 */
import { Result, Schema } from "effect"
import type { HeaderValue } from "../transport/mod.ts"

/** One thing that happened. */
export interface Hop {
  /** ms since the beginning: of a call, when it was made; at a server, when it arrived. */
  readonly at: number
  readonly what: string
  /** Why, or how. */
  readonly detail?: string | undefined
}

/** What a server tells of a call. */
export interface ServerTrail {
  /** `parts.lookup`. */
  readonly handler: string
  readonly instance: string
  readonly host: string
  readonly pid: number
  readonly hops: ReadonlyArray<Hop>
  /** The calls its handler made. */
  readonly calls: ReadonlyArray<CallTrail>
}

/** The way of one call. */
export interface CallTrail {
  readonly call: string
  /** Id of the message. */
  readonly id: string
  /** The app that made it. */
  readonly app: string
  /** When it was made: ms since the beginning of the handler that made it; 0 where none did. */
  readonly from: number
  readonly hops: ReadonlyArray<Hop>
  /** What its server told with the reply; `undefined`: nothing. */
  readonly server?: ServerTrail | undefined
}

const HopSchema = Schema.Struct({ at: Schema.Finite, what: Schema.String, detail: Schema.optional(Schema.String) })

const CallTrailSchema: Schema.Codec<CallTrail> = Schema.Struct({
  call: Schema.String,
  id: Schema.String,
  app: Schema.String,
  from: Schema.Finite,
  hops: Schema.Array(HopSchema),
  server: Schema.optional(Schema.suspend((): Schema.Codec<ServerTrail> => ServerTrailSchema)),
})

const ServerTrailSchema: Schema.Codec<ServerTrail> = Schema.Struct({
  handler: Schema.String,
  instance: Schema.String,
  host: Schema.String,
  pid: Schema.Finite,
  hops: Schema.Array(HopSchema),
  calls: Schema.Array(CallTrailSchema),
})

/**
 * The longest that travels, bytes: a message has room for twice that beside its body. Of what is longer the calls of the handler
 * are left out.
 */
const longest = 32_000

/** Calls of one handler that are followed; a handler may make thousands. */
const mostCalls = 100

/** Notes what happens, since it was made. */
export class Trail {
  readonly #now: () => number
  readonly #began: number
  readonly #onHop: ((hop: Hop) => void) | undefined
  readonly hops: Array<Hop> = []
  readonly calls: Array<CallTrail> = []

  /** `now`: ms, finer than the clock of the day; `onHop`: is told each of them at once. */
  constructor(now: () => number, onHop?: (hop: Hop) => void) {
    this.#now = now
    this.#onHop = onHop
    this.#began = now()
  }

  /** ms since it was made. */
  get elapsed(): number {
    return Math.round((this.#now() - this.#began) * 1_000) / 1_000
  }

  /** Notes that something happens now. */
  add(what: string, detail?: string): void {
    const hop = detail === undefined ? { at: this.elapsed, what } : { at: this.elapsed, what, detail }
    this.hops.push(hop)
    this.#onHop?.(hop)
  }

  /** Notes the way of a call that the handler made. */
  addCall(trail: CallTrail): void {
    if (this.calls.length < mostCalls) this.calls.push(trail)
  }
}

/** Writes what a server tells. */
export const writeServerTrail = (trail: ServerTrail): string => {
  const whole = JSON.stringify(trail)
  // no character takes more than three bytes
  const fits = whole.length * 3 <= longest || new TextEncoder().encode(whole).length <= longest
  return fits ? whole : JSON.stringify({ ...trail, calls: [] })
}

/** Reads what a server tells; `undefined`: nothing that can be read. */
export const readServerTrail = (value: HeaderValue | undefined): ServerTrail | undefined =>
  read(ServerTrailSchema, value)

/** Reads the way of a call; `undefined`: there is none that can be read. */
export const readCallTrail = (value: string | null): CallTrail | undefined => read(CallTrailSchema, value ?? undefined)

const read = <A>(schema: Schema.Codec<A>, value: HeaderValue | undefined): A | undefined => {
  if (typeof value !== "string" || value.length > longest) return undefined
  const json = Result.try((): unknown => JSON.parse(value))
  if (Result.isFailure(json)) return undefined
  return Result.getOrUndefined(Schema.decodeUnknownResult(schema)(json.success))
}
