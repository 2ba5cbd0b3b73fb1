/**
 * `warren emit`: one event to whoever listens, its id on standard output once the broker has confirmed it.
 *
 * Through the gateway of a running process, or with `--broker` straight over RabbitMQ.
 */
import { Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { CliFailure } from "./Failure.ts"
import { printJson } from "./output.ts"
import { readPayload } from "./payload.ts"
import { payloadArgument, reachFlags, readName, timeoutFlag } from "./reach.ts"
import { CurrentSession } from "./Session.ts"

/** The command. */
export const emit = Command.make(
  "emit",
  {
    name: Argument.String("api.event").pipe(Argument.withDescription("The event, such as sales.orderPlaced")),
    payload: payloadArgument,
    ...reachFlags,
    timeout: timeoutFlag,
  },
  Effect.fnUntraced(function* (input) {
    const name = readName(input.name, "event")
    if (name instanceof CliFailure) return yield* name
    const payload = yield* readPayload(input.payload)
    const timeout = Option.getOrUndefined(input.timeout)
    const session = yield* CurrentSession
    if (session !== undefined) return yield* printJson(yield* session.emit({ name, payload, timeout }))
    if (Option.isSome(input.broker)) {
      const { emitDirectly } = yield* Effect.promise(() => import("./direct.ts"))
      return yield* printJson(yield* emitDirectly(input, { name, payload, timeout }))
    }
    const { remotely } = yield* Effect.promise(() => import("./remote.ts"))
    return yield* printJson(
      yield* remotely(input, (gateway) => gateway.emit(`${name.api}.${name.member}`, payload, { timeout })),
    )
  }),
).pipe(
  Command.withDescription("Emit an event to whoever listens, and print its id"),
  Command.withExamples([
    {
      command: `warren emit sales.orderPlaced '{"orderId":"o1","customer":"c1","sku":"P-100","quantity":1}'`,
      description: "Through the gateway on this machine",
    },
    { command: "warren emit sales.orderPlaced - < order.json", description: "The payload from a file" },
  ]),
)
