/**
 * What exists in an engine, as its declarers say it: exchanges, queues and bindings, with everything RabbitMQ knows of them.
 *
 * Below `Catalog` and `declare.ts`. Each is what the transport port declares and more, so that the port's own
 * specifications fit as they are; plain data, that a journal can write down and read back.
 */
import type * as Port from "../transport/mod.ts"
import type { Arguments } from "./Arguments.ts"

/** An exchange. */
export interface ExchangeSpec {
  readonly name: string
  /** `headers`: by the arguments of a binding, `x-match` first. */
  readonly type: Port.ExchangeSpec["type"] | "headers"
  /** @default true */
  readonly durable?: boolean
  /** Deleted when the last binding that starts from it is gone. @default false */
  readonly autoDelete?: boolean
  /** Reached through other exchanges only. @default false */
  readonly internal?: boolean
  /** The exchange that gets what leads nowhere from here (`alternate-exchange`). */
  readonly alternate?: string
  /** All arguments as they were said: kept for whoever looks, compared by nobody. */
  readonly arguments?: Arguments
}

/** A queue and its limits. Times are in ms. */
export interface QueueSpec extends Omit<Port.QueueSpec, "overflow"> {
  /** Bytes of ready bodies at most (`x-max-length-bytes`). */
  readonly maxBytes?: number
  /**
   * What gives way at `maxLength` and `maxBytes`: the newcomer is refused (and goes to the dead-letter exchange, where
   * `reject-publish-dlx` says so), or the oldest is dropped.
   *
   * @default "reject-publish"
   */
  readonly overflow?: "reject-publish" | "reject-publish-dlx" | "drop-head"
  /** Messages of higher priority go first, up to this one (`x-max-priority`). @default none do */
  readonly maxPriority?: number
  /**
   * All arguments as they were said. Where both declarations of a queue have them, they decide whether the two are equal
   * in place of the properties made from them: RabbitMQ tells an argument that says the default from none.
   */
  readonly arguments?: Arguments
}

/** From an exchange to a queue. */
export interface Binding extends Port.Binding {
  /** What a headers exchange looks at; part of what the binding is. @default none */
  readonly arguments?: Arguments
}

/** From an exchange to another. */
export interface ExchangeBinding {
  readonly exchange: string
  /** The exchange that messages go on to. */
  readonly target: string
  readonly key: string
  /** As with `Binding`. @default none */
  readonly arguments?: Arguments
}
