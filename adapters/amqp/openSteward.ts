/**
 * The steward's port over AMQP alone: counts of queues that are known by name, and every change.
 *
 * On one connection of its own, so that nothing it does touches a transport; a channel for each step, since a refusal
 * closes its channel. Lists nothing, which AMQP cannot; what can (`adapters/management`) is told where it would be.
 */
import { Effect, type Redacted, type Scope } from "effect"
import {
  CurrentIdentity,
  Disconnected,
  InUse,
  NotEmpty,
  type QueueFacts,
  type Steward,
  StewardError,
} from "../../src/transport/mod.ts"
import { type Address, placesOf } from "./Address.ts"
import type { AmqpOptions } from "./AmqpTransport.ts"
import { browse } from "./browse.ts"
import { type Channel, connect, type Connection } from "./Connection.ts"
import { accessRefused, type BrokerFailure, notFound, reason, resourceLocked } from "./Failure.ts"
import { move } from "./move.ts"
import { peek } from "./peek.ts"
import { receive } from "./receive.ts"
import { refusal } from "./refusal.ts"
import { sift } from "./sift.ts"

/** One node of the broker, and who asks. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
  readonly user: string
  readonly password: Redacted.Redacted<string>
  readonly vhost: string
}

/** A steward, and what leads to other sources about the same broker. */
export interface Stewardship {
  readonly steward: Steward
  /** What it is: the broker embedded in Warren says so, and everything else is taken for RabbitMQ. */
  readonly kind: "rabbitmq" | "embedded"
  /** The broker's name and version, for people. */
  readonly server: string
  /** Where it was reached, without a password. */
  readonly label: string
  readonly vhost: string
  /** The cluster's name; `undefined`: the broker does not say. */
  readonly cluster: string | undefined
  /** Every node that the URL names, the one that answered first. */
  readonly places: ReadonlyArray<Place>
}

/** Connects to the first node that answers; the connection ends with the scope. */
export const openSteward = Effect.fnUntraced(function* (
  options: AmqpOptions,
): Effect.fn.Return<Stewardship, StewardError, Scope.Scope> {
  const addresses = (yield* placesOf(options)) ?? []
  let refused = new StewardError({
    operation: "connect",
    target: "broker",
    reason: new Disconnected({ detail: "its URL must look like amqp://user:password@host:5672/vhost" }),
  })
  const own = yield* CurrentIdentity
  const identity = { ...own, name: options.name ?? own.name, role: "looks" }
  for (const address of addresses) {
    const tried = yield* Effect.result(connect(address, identity, { onBlocked: () => {}, onUnblocked: () => {} }))
    if (tried._tag === "Success") return stewardship(tried.success, address, addresses)
    const { error } = refusal(address, tried.failure)
    refused = new StewardError({ operation: "connect", target: error.target, reason: error.reason })
  }
  return yield* refused
})

const stewardship = (connection: Connection, address: Address, addresses: ReadonlyArray<Address>): Stewardship => {
  const { label, vhost } = address
  const { server, cluster } = connection
  const places = [address, ...addresses.filter((one) => one !== address)].map(placeOf)
  const kind = server.startsWith("Warren ") ? "embedded" : "rabbitmq"
  return { steward: makeSteward(connection, label), kind, server, label, vhost, cluster, places }
}

const placeOf = ({ host, port, user, password, vhost, tls }: Address): Place => ({
  host,
  port,
  isSecure: tls !== undefined,
  user,
  password,
  vhost,
})

const makeSteward = (connection: Connection, label: string): Steward => {
  const step = <A>(
    operation: StewardError["operation"],
    target: string,
    use: (channel: Channel) => Effect.Effect<A, BrokerFailure | StewardError>,
  ): Effect.Effect<A, StewardError> =>
    Effect.acquireUseRelease(connection.openChannel("plain", {}), use, (channel) => channel.close).pipe(
      Effect.mapError(told(operation, target)),
    )

  const look = (queue: string): Effect.Effect<QueueFacts | undefined, StewardError> =>
    step("look", queue, (channel) =>
      channel.checkQueue(queue).pipe(
        Effect.map((counts): QueueFacts => ({ name: queue, type: null, unacked: null, ...counts })),
        Effect.catch((failed): Effect.Effect<QueueFacts | undefined, BrokerFailure> => {
          if (failed.code === notFound) return Effect.succeed(undefined)
          // it is there, and another connection or other users have it to themselves
          return failed.code === resourceLocked || failed.code === accessRefused
            ? Effect.succeed({ name: queue, type: null, ready: null, unacked: null, consumers: null })
            : Effect.fail(failed)
        }),
      ))

  return {
    source: `AMQP alone (${label})`,
    survey: ({ known }) =>
      Effect.map(Effect.forEach([...new Set(known)], look, { concurrency: 8 }), (found) => ({
        complete: false,
        queues: found.filter((one) => one !== undefined),
        bindings: undefined,
      })),
    look,
    peek: (queue, most) => Effect.mapError(peek(connection, queue, most), told("peek", queue)),
    browse: (queue, limits, visit) => Effect.mapError(browse(connection, queue, limits, visit), told("browse", queue)),
    sift: (queue, sifting) => Effect.mapError(sift(connection, queue, sifting), told("sift", queue)),
    move: (from, to, headers) => Effect.mapError(move(connection, from, to, headers), told("move", from)),
    receive: (queue, receiving) => Effect.mapError(receive(connection, queue, receiving), told("receive", queue)),
    bind: ({ exchange, queue, key }) => step("bind", queue, (channel) => channel.bind(queue, exchange, key)),
    unbind: ({ exchange, queue, key }) =>
      step(
        "unbind",
        queue,
        (channel) =>
          Effect.catch(
            channel.unbind(queue, exchange, key),
            (failed) => failed.code === notFound ? Effect.void : Effect.fail(failed),
          ),
      ),
    remove: (queue, most) =>
      step(
        "remove",
        queue,
        Effect.fnUntraced(function* (channel) {
          const { ready, consumers } = yield* channel.checkQueue(queue)
          const refuse = (why: InUse | NotEmpty) =>
            new StewardError({ operation: "remove", target: queue, reason: why })
          if (consumers > 0) return yield* refuse(new InUse({ consumers }))
          if (ready > most) return yield* refuse(new NotEmpty({ ready }))
          return yield* channel.deleteQueue(queue)
        }),
      ),
  }
}

const told =
  (operation: StewardError["operation"], target: string) => (failed: BrokerFailure | StewardError): StewardError =>
    failed._tag === "StewardError" ? failed : new StewardError({ operation, target, reason: reason(failed, target) })
