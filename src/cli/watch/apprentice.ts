/**
 * The process under a supervisor: does what `warren run` does, one ordered step at a time.
 *
 * Takes its orders over the channel and none from the terminal, whose signals its supervisor answers. A supervisor that
 * is gone means the end, so that nothing is left running.
 */
import { Clock, Effect, Queue } from "effect"
import process from "node:process"
import { CliFailure } from "../Failure.ts"
import type { Hosting } from "../hosting.ts"
import { makeLifetime } from "../lifetime.ts"
import type { Loaded } from "../load.ts"
import type { RunOptions } from "../run.ts"
import { announce, end, type RunLog, start } from "../steps.ts"
import { callExchange, type Line } from "./channel.ts"
import { putIn, takeOut } from "./handover.ts"
import type { Order, Report } from "./orders.ts"

/** The variable that tells an apprentice where its supervisor is. */
export const apprenticeVariable = "WARREN_SUPERVISOR"

/** Where the supervisor is; `undefined`: this process is no apprentice. */
export const apprenticeAddress = (): string | undefined => process.env[apprenticeVariable]

/** Serves a supervisor until it orders the end, or is gone. */
export const apprentice = (address: string, options: RunOptions, log: RunLog) =>
  Effect.scoped(Effect.gen(function* () {
    // what the workers start themselves are no apprentices
    delete process.env[apprenticeVariable]
    const clock = yield* Clock.Clock
    const line = yield* Effect.tryPromise({
      try: () => callExchange<Order, Report>(address),
      catch: (from) => new CliFailure({ problem: "Cannot reach the process that watches", from }),
    })
    const orders = yield* Queue.unbounded<Order>()
    line.hear = (order) => void Queue.offerUnsafe(orders, order)
    line.say({ did: "call", pid: process.pid })
    const lifetime = yield* makeLifetime(log, () => clock.currentTimeMillisUnsafe(), {
      ignores: ["SIGINT", "SIGTERM", "SIGHUP"],
    })
    let isEnding = false
    line.gone = () => {
      if (isEnding) Effect.runFork(lifetime.force)
      else Queue.offerUnsafe(orders, { order: "stop", reason: "its supervisor is gone" })
    }
    const { hosting, loaded } = yield* start(options)
    // between the predecessor's closing and this one's opening nobody answers: nothing is left to be loaded then
    if (options.http !== undefined) yield* hosting.prepare
    line.say({ did: "start" })
    for (;;) {
      const order = yield* Queue.take(orders)
      switch (order.order) {
        case "open":
          yield* open(options, log, { hosting, loaded }, line, order)
          break
        case "take":
          yield* take(hosting, order.messages)
          break
        case "yield":
          yield* leave(hosting, line, options.grace)
          return
        case "stop":
          isEnding = true
          if ((yield* end(hosting, order.reason, options.grace)) > 0) return yield* lifetime.force
          return
      }
    }
  }))

const open = Effect.fnUntraced(function* (
  options: RunOptions,
  log: RunLog,
  { hosting, loaded }: { readonly hosting: Hosting; readonly loaded: Loaded },
  line: Line<Order, Report>,
  { port, after }: Extract<Order, { order: "open" }>,
) {
  const { http, token, insecure, grace } = options
  const gateway = http === undefined ? undefined : yield* hosting.open({
    address: port === null ? http : { ...http, port },
    token,
    insecure,
    grace,
    patience: after === null ? 0 : 5_000,
    contracts: loaded.contracts.values(),
    inspect: options.inspect,
    management: options.management,
  })
  line.say({ did: "open", port: gateway?.address.port ?? null })
  if (after === null) yield* announce(options, log, { loaded, gateway, core: hosting.launched.core })
  else yield* Effect.logInfo(`Took over after the edit of ${after}, in ${Math.round(process.uptime() * 1000)} ms`)
})

const take = Effect.fnUntraced(
  function* ({ launched }: Hosting, messages: Extract<Order, { order: "take" }>["messages"]) {
    if (launched.broker === undefined) return
    const strange = putIn(launched.broker.engine, messages)
    yield* Effect.logDebug(`Took ${messages.messages.length} queued messages over`)
    for (const [queue, count] of strange) {
      yield* Effect.logWarning(
        `${count} messages wait in "${queue}", but no handler of that name is left; they are kept`,
      )
    }
  },
)

/** Makes room for the successor: at once for what is new, after the work in hand for the rest. */
const leave = Effect.fnUntraced(function* (hosting: Hosting, line: Line<Order, Report>, grace: number) {
  const engine = hosting.launched.broker?.engine
  const give = Effect.sync(() => {
    const messages = engine === undefined ? undefined : takeOut(engine)
    if (messages !== undefined && messages.messages.length > 0) line.say({ did: "give", messages })
  })
  yield* hosting.close
  yield* give
  line.say({ did: "yield" })
  const left = yield* hosting.finish(grace)
  // what the work in hand emitted, and what was given back
  yield* give
  if (left > 0) {
    yield* Effect.logWarning(`${left} not finished within ${grace} ms: interrupted and given to the new process`)
  }
  yield* Effect.logDebug("The process before the edit has ended")
  // thousands of messages take a while
  yield* Effect.timeoutOption(Effect.promise(() => line.hangUp()), "30 seconds")
})
