/**
 * A message that leaves: who sends it, its place in the trace, and how the journal is told of it.
 *
 * What `Emitter` and `Caller` have in common, below them. Sends nothing.
 */
import type { Fiber } from "effect"
import { type CallSpec, type EventSpec, fingerprint, type InvalidPayload, invalidPayload } from "../contract/mod.ts"
import type { TooLarge } from "../transport/mod.ts"
import { nextTrace, type Origin } from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"
import { type Current, traceOf } from "./Current.ts"
import type { Followed } from "./Follows.ts"
import type { Fact } from "./Journal.ts"
import type { OpenStep } from "./Telemetry.ts"

/** One message on its way out. */
export class Departure {
  /** What its packet says of where it comes from. */
  readonly origin: Origin
  /** Its span, where spans are recorded. */
  readonly step: OpenStep | undefined
  /** Held as long as it is under way, where somebody follows it. */
  readonly followed: Followed | undefined
  /** `sales.quote`, where a handler sends it. */
  readonly handler: string | undefined
  readonly #core: CoreShape

  constructor(
    core: CoreShape,
    origin: Origin,
    step: OpenStep | undefined,
    followed: Followed | undefined,
    handler: string | undefined,
  ) {
    this.origin = origin
    this.step = step
    this.followed = followed
    this.#core = core
    this.handler = handler
  }

  /** Tells the journal; `ms`: since it left, where that is known. */
  record(fact: Fact, at: number, ms?: number, error?: string, lane?: string, tag?: string): void {
    const { id, type, app, cause } = this.origin
    this.#core.journal.record({ fact, at, id, type, app, handler: this.handler, cause, ms, error, lane, tag })
  }
}

/** What leaves. */
export interface Leaving {
  readonly kind: "send" | "call"
  readonly contract: CallSpec | EventSpec
  readonly id: string
  /** An id that no span was made from yet: the id itself where it is fresh. */
  readonly spanId: string
  /** Bytes of its body. */
  readonly size: number
  /** ms since the epoch. */
  readonly now: number
  /** Who follows it, where that is said. */
  readonly follow: string | undefined
}

/** Contracts that a process remembers to have sent. */
const mostSpoken = 1_000

/** Lets a message leave the fiber that sends it, if one does, which may have a delivery in hand. */
export const depart = (
  core: CoreShape,
  fiber: Fiber.Fiber<unknown, unknown> | undefined,
  current: Current | undefined,
  { kind, contract, id, spanId, size, now, follow }: Leaving,
): Departure => {
  const { telemetry, spoken } = core
  const { type, version } = contract
  if (spoken.get(type) !== contract && (spoken.size < mostSpoken || spoken.has(type))) spoken.set(type, contract)
  const app = current?.app ?? core.settings.app
  const parent = fiber === undefined ? undefined : traceOf(fiber, current, telemetry !== undefined)
  const trace = nextTrace(parent, spanId)
  const step = telemetry?.begin({
    kind,
    trace,
    parent,
    id,
    type,
    app,
    handler: current?.handler,
    queue: undefined,
    attempt: 1,
    size,
    first: undefined,
  })
  const cause = current?.cause
  const schema = fingerprint(contract)
  const name = follow ?? current?.follow
  const followed = name === undefined ? undefined : core.follows.hold(name, { id, type }, app)
  const origin: Origin = {
    id,
    type,
    app,
    now,
    trace: step?.trace ?? trace,
    version,
    schema,
    cause,
    follow: followed?.name,
  }
  return new Departure(core, origin, step, followed, current?.handler)
}

/** What does not leave since its payload does not fit; the journal is told, so that whoever waits for it can be. */
export const misfit = (
  core: CoreShape,
  current: Current | undefined,
  fact: "not-emitted" | "refused",
  { type, id, error }: { readonly type: string; readonly id: string; readonly error: InvalidPayload },
): InvalidPayload => {
  core.journal.record({
    fact,
    at: core.now(),
    id,
    type,
    app: current?.app ?? core.settings.app,
    handler: current?.handler,
    cause: current?.cause,
    error: error.message,
    tag: error._tag,
  })
  return error
}

/** The error of a message that is larger than the transport carries. */
export const tooLarge = (type: string, { size, limit }: Pick<TooLarge, "size" | "limit">): InvalidPayload =>
  invalidPayload(type, [{ field: "", value: `${size} bytes`, expected: `at most ${limit} bytes` }])
