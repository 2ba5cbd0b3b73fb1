/**
 * A span with an identity given from outside: what the runtime's steps are recorded as, and the handlers' Effects in them.
 *
 * Effect's own spans choose their ids themselves; ours are the ones that travel in messages. Handed on when it ends, if it
 * is sampled. Formats nothing: see `otlpSpan.ts`.
 */
import { type Context, type Exit, Option, Tracer } from "effect"
import type { Trace } from "../wire/mod.ts"

/** What a span begins with. */
export interface SpanOptions {
  readonly name: string
  readonly trace: Trace
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: ReadonlyArray<Tracer.SpanLink>
  readonly kind: Tracer.SpanKind
  /** ns since the epoch. */
  readonly startTime: bigint
  /** The app it belongs to. */
  readonly app: string
  /** Called once, at its end. */
  readonly done: (span: Span) => void
}

/** Something that happened within a span: its name, when (ns since the epoch), and what is known of it. */
export type SpanEvent = readonly [name: string, at: bigint, attributes: Readonly<Record<string, unknown>>]

/** A span under way, or over. */
export class Span implements Tracer.Span {
  readonly _tag = "Span"
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
  readonly state: string | undefined
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly kind: Tracer.SpanKind
  readonly app: string
  readonly attributes = new Map<string, unknown>()
  readonly links: Array<Tracer.SpanLink>
  readonly events: Array<SpanEvent> = []
  status: Tracer.SpanStatus
  readonly #done: (span: Span) => void

  constructor(options: SpanOptions) {
    this.name = options.name
    this.traceId = options.trace.traceId
    this.spanId = options.trace.spanId
    this.sampled = options.trace.sampled
    this.state = options.trace.state
    this.parent = options.parent
    this.annotations = options.annotations
    this.kind = options.kind
    this.app = options.app
    this.links = [...options.links]
    this.status = { _tag: "Started", startTime: options.startTime }
    this.#done = options.done
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
    if (this.sampled) this.#done(this)
  }

  attribute(key: string, value: unknown): void {
    if (this.status._tag === "Started") this.attributes.set(key, value)
  }

  event(name: string, startTime: bigint, attributes: Record<string, unknown> = {}): void {
    if (this.status._tag === "Started") this.events.push([name, startTime, attributes])
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    if (this.status._tag === "Started") this.links.push(...links)
  }
}
