/**
 * `warren broker`: the project's embedded broker in a process of its own.
 *
 * The flags and who does the work, which is loaded when it is asked for.
 */
import { Effect, Option, Result } from "effect"
import { Command } from "effect/cli"
import { parseAddress } from "../../adapters/runtime/mod.ts"
import { dataFlag, embeddedOptions, ephemeralFlag } from "./embedded.ts"
import { jsonFlag, logLevelFlag } from "./run.ts"
import { setting } from "./settings.ts"

const flags = {
  data: dataFlag,
  listen: setting({
    flag: "listen",
    variable: "WARREN_LISTEN",
    metavar: "host:port",
    description:
      "Where it listens; on 127.0.0.1 otherwise, at the port it had before if that is free. Beyond this machine it needs " +
      "WARREN_BROKER_USER and WARREN_BROKER_PASSWORD",
    expected: "a port or host:port, such as 5672, 127.0.0.1:5672 or 0.0.0.0:5672",
    read: (text) => Result.getOrUndefined(parseAddress(text)),
  }),
  ephemeral: ephemeralFlag,
  logLevel: logLevelFlag,
  json: jsonFlag,
}

/** The command. */
export const broker = Command.make(
  "broker",
  flags,
  Effect.fnUntraced(function* (input) {
    const listen = Option.getOrUndefined(input.listen)
    const embedded = yield* embeddedOptions(input)
    const { host } = yield* Effect.promise(() => import("./brokerHost.ts"))
    return yield* host({
      embedded: {
        ...embedded,
        mustHost: true,
        ...(listen !== undefined && { listen: { host: listen.hostname, port: listen.port } }),
      },
      logLevel: Option.getOrElse(input.logLevel, () => "info" as const),
      json: Option.getOrUndefined(input.json),
    })
  }),
).pipe(
  Command.withDescription(
    "Host the project's embedded broker in a process of its own. `warren run` hosts it by itself where nobody does; with " +
      "this it goes on whoever of them ends",
  ),
  Command.withShortDescription("Host the project's embedded broker"),
  Command.withExamples([
    { command: "warren broker", description: "Of the project, in .warren/broker" },
    {
      command: "warren broker --listen 5672 --data /var/lib/shop",
      description: "At RabbitMQ's port, in another folder",
    },
    {
      command: "WARREN_BROKER_USER=shop WARREN_BROKER_PASSWORD=… warren broker --listen 0.0.0.0:5672",
      description: "For other machines too, which connect with --broker amqp://shop:…@host",
    },
  ]),
)
