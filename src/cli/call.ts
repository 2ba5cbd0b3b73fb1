/**
 * `warren call`: one call to a running app, its value on standard output.
 *
 * Through the gateway of a running process, or with `--broker` straight over RabbitMQ.
 */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { CallTrail } from "../runtime/mod.ts"
import { CliFailure, misuse } from "./Failure.ts"
import { printJson } from "./output.ts"
import { readPayload } from "./payload.ts"
import { callLaneFlag } from "./lane.ts"
import { payloadArgument, reachFlags, readName, timeoutFlag } from "./reach.ts"
import { CurrentSession } from "./Session.ts"
import { printTrail } from "./trail.ts"

/** The command. */
export const call = Command.make(
  "call",
  {
    name: Argument.String("api.call").pipe(Argument.withDescription("The call, such as sales.quote")),
    payload: payloadArgument,
    ...reachFlags,
    timeout: timeoutFlag,
    lane: callLaneFlag,
    trace: Flag.Boolean("trace").pipe(
      Flag.withDescription("Print every hop of the call, with its time and why it went that way, to standard error"),
      Flag.withDefault(false),
    ),
  },
  Effect.fnUntraced(function* (input) {
    const name = readName(input.name, "call")
    if (name instanceof CliFailure) return yield* name
    const payload = yield* readPayload(input.payload)
    const timeout = Option.getOrUndefined(input.timeout)
    let trail: CallTrail | undefined
    const onTrail = input.trace ? (told: CallTrail) => void (trail = told) : undefined
    const tell = Effect.suspend(() => input.trace ? printTrail(trail) : Effect.void)
    const saying = { name, payload, timeout, lane: Option.getOrUndefined(input.lane), onTrail }
    const session = yield* CurrentSession
    if (session !== undefined) return yield* printJson(yield* Effect.ensuring(session.call(saying), tell))
    if (Option.isSome(input.broker)) {
      const { callDirectly } = yield* Effect.promise(() => import("./direct.ts"))
      return yield* printJson(yield* Effect.ensuring(callDirectly(input, saying), tell))
    }
    if (Option.isSome(input.lane)) {
      return yield* misuse("A gateway chooses the lane itself", "Go over the broker, with --broker")
    }
    const { remotely } = yield* Effect.promise(() => import("./remote.ts"))
    const asking = remotely(
      input,
      (gateway) => gateway.call(`${name.api}.${name.member}`, payload, { timeout, onTrail }),
    )
    return yield* printJson(yield* Effect.ensuring(asking, tell))
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
    {
      command: `warren call parts.lookup '{"sku":"P-100"}' --broker amqp://localhost --trace`,
      description: "With every hop on the way",
    },
  ]),
)
