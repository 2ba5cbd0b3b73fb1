/**
 * The transport port over AMQP 0-9-1: RabbitMQ, or Warren's embedded broker.
 *
 * Above it: the runtime, which knows only `Transport`. Below it: `Connection.ts` and, through it, the network.
 * One connection a layer. When it is lost the status says `Disconnected` and everything pending fails; it does not
 * reconnect.
 */
import { Effect, Layer, Option, PubSub, type Redacted, Stream } from "effect"
import { Disconnected, type Status, Transport, TransportError } from "../../src/transport/mod.ts"
import { type Address, parse } from "./Address.ts"
import { connect } from "./Connection.ts"
import { consume } from "./Consumer.ts"
import { declare } from "./declare.ts"
import { type BrokerFailure, failure, reason } from "./Failure.ts"
import { make as makePublisher, maxBytes } from "./Publisher.ts"

/** Which broker to use, and under which name. */
export interface AmqpOptions {
  /** `amqp://user:password@host:5672/vhost` or `amqps://…`; `?heartbeat=` in s. Never printed with its password. */
  readonly url: string | Redacted.Redacted<string>
  /** The connection's name in the broker's tools. @default "warren" */
  readonly name?: string
}

/** Provides `Transport` by a connection that lives as long as the layer. */
export const layer = (options: AmqpOptions): Layer.Layer<Transport, TransportError> =>
  Layer.effect(Transport, make(options))

const make = Effect.fnUntraced(function* (options: AmqpOptions) {
  const address = yield* addressOf(options.url)
  const statuses = yield* PubSub.unbounded<Status>({ replay: 1 })
  let last: Status["_tag"] = "Connecting"
  const become = (status: Status) => {
    if (last === "Closed") return
    last = status._tag
    PubSub.publishUnsafe(statuses, status)
  }
  // the last to be released: by then the connection is closed
  yield* Effect.addFinalizer(() => Effect.sync(() => become({ _tag: "Closed" })))

  let closing = false
  const connection = yield* connect(address, options.name ?? "warren", {
    onLost: (why) => closing ? undefined : become({ _tag: "Disconnected", reason: why.text }),
    onBlocked: (why) => become({ _tag: "Blocked", reason: why }),
    onUnblocked: () => become({ _tag: "Ready", server: connection.server }),
  }).pipe(Effect.mapError((failed) => refused(address, failed)))
  yield* Effect.addFinalizer(() => Effect.sync(() => closing = true))

  const exchanges = new Set<string>([""])
  const publisher = yield* Effect.mapError(
    makePublisher(connection, exchanges),
    (failed) => refused(address, failed),
  )
  become({ _tag: "Ready", server: connection.server })
  return {
    traits: { name: "amqp", durable: true, shared: true, maxBytes },
    status: Stream.fromPubSub(statuses).pipe(Stream.takeUntil((status) => status._tag === "Closed")),
    declare: (topology) =>
      declare(connection, topology).pipe(
        Effect.andThen(Effect.sync(() => topology.exchanges.forEach(({ name }) => exchanges.add(name)))),
      ),
    publish: publisher.publish,
    consume: (queue, consuming, deliver) => consume(connection, queue, consuming, deliver),
  } satisfies Transport["Service"]
})

const addressOf = (url: AmqpOptions["url"]): Effect.Effect<Address, TransportError> =>
  Option.match(parse(url), {
    onSome: Effect.succeed,
    onNone: () =>
      Effect.fail(
        new TransportError({
          operation: "connect",
          target: "broker",
          reason: new Disconnected({ detail: "its URL must look like amqp://user:password@host:5672/vhost" }),
        }),
      ),
  })

// The library hides the broker's words when a virtual host is refused.
const vhostRefused = /Expected ConnectionOpenOk; got <ConnectionClose/

const refused = (address: Address, failed: BrokerFailure): TransportError => {
  const { vhost, user, label } = address
  const told: BrokerFailure = vhostRefused.test(failed.text)
    ? failure(
      Object.assign(new Error(`virtual host "${vhost}" does not exist, or user "${user}" may not use it`), {
        code: 403,
      }),
    )
    : failed.code === 403
    ? { ...failed, text: `user or password is wrong for "${user}" (${failed.text})` }
    : { ...failed, text: explain(failed.text) }
  return new TransportError({ operation: "connect", target: label, reason: reason(told, label) })
}

const explain = (text: string): string => {
  if (text.includes("ECONNREFUSED")) return `nothing listens there, start the broker or mend the address (${text})`
  if (text.includes("ENOTFOUND") || text.includes("EAI_AGAIN")) return `the host is unknown, mend the address (${text})`
  return text
}
