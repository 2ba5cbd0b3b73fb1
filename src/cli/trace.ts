/**
 * `warren trace`: sends one real message and prints every hop of it, and of whatever it causes, as it happens.
 *
 * Through the gateway of a running process, or with `--broker` straight over RabbitMQ. Asks the verb of that name, and
 * prints; the exit code says whether all ended well.
 */
import { Console, Effect, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { EndTold, TraceInput, TraceTold } from "../inspect/mod.ts"
import { CliFailure } from "./Failure.ts"
import { follow, inspectFlags } from "./inspecting.ts"
import { paintFor } from "./paint.ts"
import { readPayload } from "./payload.ts"
import { payloadArgument, readName } from "./reach.ts"
import { durationExpected, readDuration, setting } from "./settings.ts"

/** What happens within this time is put in order: processes are heard in turn. */
const patience = "250 millis"

/** The command. */
export const trace = Command.make(
  "trace",
  {
    name: Argument.String("api.member").pipe(
      Argument.withDescription("The event or the call, such as sales.orderPlaced"),
    ),
    payload: payloadArgument,
    ...inspectFlags,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print one JSON object a line, as it happens"),
      Flag.withDefault(false),
    ),
    wait: Flag.Boolean("wait").pipe(
      Flag.withDescription("Wait for retries, too, as long as the timeout allows"),
      Flag.withDefault(false),
    ),
    timeout: setting({
      flag: "timeout",
      metavar: "duration",
      description: "Longest wait until all has ended; 10s otherwise",
      expected: durationExpected,
      read: readDuration,
    }),
  },
  Effect.fnUntraced(function* (input) {
    const name = readName(input.name, "event or call")
    if (name instanceof CliFailure) return yield* name
    const payload = yield* readPayload(input.payload)
    const timeout = Option.getOrUndefined(input.timeout)
    const asked: TraceInput = {
      type: `${name.api}.${name.member}`,
      payload,
      wait: input.wait,
      ...(timeout !== undefined && { timeout }),
    }
    const [{ TraceTree }, { inTree }] = yield* Effect.promise(() =>
      Promise.all([import("./traceTree.ts"), import("./traceOrder.ts")])
    )
    const paint = paintFor("stdout")
    const tree = new TraceTree(paint)
    let end: EndTold | undefined
    const hops = follow(input, "trace", asked)
    const together = input.json ? Stream.map(hops, (one) => [one]) : Stream.groupedWithin(hops, 1_000, patience)
    yield* Stream.runForEach(together, (values) => {
      // what the verb of this very version tells; a gateway of another one may tell more
      const told = values as ReadonlyArray<TraceTold>
      end ??= told.find((one) => one.kind === "end")
      const lines = input.json ? told.map((one) => JSON.stringify(one)) : inTree(told).flatMap((one) => tree.lines(one))
      return Effect.forEach(lines, (line) => Console.log(line), { discard: true })
    })
    if (end === undefined) return yield* new CliFailure({ problem: "The trace broke off: nothing said how it ended" })
    if (end.outcome !== "whole") return yield* failureOf(end, input.wait, asked.type)
    if (input.json) return
    const value = "value" in end ? `  ${JSON.stringify(end.value)}` : ""
    yield* Console.log(`${paint("green", "all ended well")}${value}`)
  }),
).pipe(
  Command.withDescription("Send one message and print every hop of it, and of what it causes, as it happens"),
  Command.withExamples([
    {
      command: `warren trace sales.orderPlaced '{"orderId":"o1","customer":"c1","sku":"P-100","quantity":1}'`,
      description: "Through the gateway on this machine",
    },
    {
      command: `warren trace sales.quote '{"sku":"P-100","quantity":2}' --broker amqp://localhost`,
      description: "Over RabbitMQ, with the apis of workers/",
    },
  ]),
)

const failureOf = ({ outcome, at, failures, open, error }: EndTold, waited: boolean, type: string): CliFailure => {
  if (outcome === "failed") {
    const isRetry = failures.some((text) => text.includes("tries again"))
    const remedy = error === undefined
      ? isRetry && !waited ? "To see what becomes of it, trace with --wait" : undefined
      : [error.consequence, ...(unheard.has(error.tag) ? [whyHint(type)] : [])].filter((one) => one !== undefined).join(
        "\n       ",
      )
    return new CliFailure({ problem: failures.join("\n       "), remedy })
  }
  const listed = open.map(({ type, what }) => `\n       ${type}: ${what}`).join("")
  const silent = open.find(({ queue }) => queue !== undefined)
  const handler = silent?.queue === undefined ? undefined : /^warren\.on\.(.+)$/.exec(silent.queue)?.[1]
  return new CliFailure({
    problem: `Not all has ended after ${Math.round(at) / 1_000} s:${listed}`,
    remedy: silent === undefined || handler === undefined
      ? "Give it more time with --timeout"
      : `${whyHint(silent.type, handler)}; or give it more time with --timeout`,
  })
}

/** Errors of a call whose cause is somewhere between caller and handler. */
const unheard: ReadonlySet<string> = new Set([
  "NoHandler",
  "DeadlineExceeded",
  "HandlerDied",
  "Disconnected",
  "Overloaded",
])

const whyHint = (type: string, to?: string): string =>
  `\`warren why ${type}${to === undefined ? "" : ` --to ${to}`}\` finds the cause`
