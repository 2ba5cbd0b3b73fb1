/**
 * `warren call`: one call to a running app, its value on standard output.
 *
 * Through the gateway of a running process, or with `--broker` straight over RabbitMQ.
 */
import { Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { CliFailure } from "./Failure.ts"
import { printJson } from "./output.ts"
import { readPayload } from "./payload.ts"
import { payloadArgument, reachFlags, readName, timeoutFlag } from "./reach.ts"

/** The command. */
export const call = Command.make(
  "call",
  {
    name: Argument.String("api.call").pipe(Argument.withDescription("The call, such as sales.quote")),
    payload: payloadArgument,
    ...reachFlags,
    timeout: timeoutFlag,
  },
  Effect.fnUntraced(function* (input) {
    const name = readName(input.name, "call")
    if (name instanceof CliFailure) return yield* name
    const payload = yield* readPayload(input.payload)
    const timeout = Option.getOrUndefined(input.timeout)
    if (Option.isSome(input.broker)) {
      const { callDirectly } = yield* Effect.promise(() => import("./direct.ts"))
      return yield* printJson(yield* callDirectly(input, { name, payload, timeout }))
    }
    const { remotely } = yield* Effect.promise(() => import("./remote.ts"))
    return yield* printJson(
      yield* remotely(input, (gateway) => gateway.call(`${name.api}.${name.member}`, payload, { timeout })),
    )
  }),
).pipe(
  Command.withDescription("Call a running app and print its answer"),
  Command.withExamples([
    { command: `warren call parts.lookup '{"sku":"P-100"}'`, description: "Through the gateway on this machine" },
    { command: `echo '{"sku":"P-100"}' | warren call parts.lookup -`, description: "The payload from standard input" },
    {
      command: `warren call parts.lookup '{"sku":"P-100"}' --broker amqp://localhost`,
      description: "Over RabbitMQ, with the apis of workers/",
    },
  ]),
)
