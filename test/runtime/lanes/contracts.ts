/**
 * What the processes of these tests say to each other, and handlers whose end the test decides.
 */
import { Effect, Schema } from "effect"
import { api, call } from "../../../src/contract/mod.ts"
import { handle, type HandlerContext, type Namespace } from "../../../src/runtime/mod.ts"
import type { Process, World } from "./World.ts"

/** A declared error. */
export class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { n: Schema.Int }) {}

/** The api of these tests. */
export const Parts = api("parts", {
  /** Answers at once. */
  lookup: call({ n: Schema.Int }, { returns: Schema.Int, fails: Unknown }),
  /** Takes a while. */
  slow: call({ n: Schema.Int, ms: Schema.Int }, { returns: Schema.Int }),
  /** The same, and may be run twice. */
  again: call({ n: Schema.Int, ms: Schema.Int }, { returns: Schema.Int, idempotent: true }),
  /** A text of any length, and back. */
  echo: call({ text: Schema.String, times: Schema.Int }, { returns: Schema.String }),
  /** Calls `lookup`. */
  relay: call({ n: Schema.Int }, { returns: Schema.Int }),
  /** Nobody serves it. */
  nobody: call({}),
})

/** One execution of a handler. */
export interface Run {
  readonly server: string
  readonly call: string
  readonly n: number
  readonly attempt: number
  readonly redelivered: boolean
  /** ms since the world began. */
  readonly at: number
  /** When its caller stops waiting, as the handler knows it; ms since the world began. */
  readonly deadline: number
  ended: "value" | "interrupted" | undefined
}

/** The handlers of one server; `ledger` is told of each run. */
export const parts = (
  server: string,
  world: World,
  ledger: Array<Run>,
  concurrency = 16,
): Readonly<Record<string, Namespace>> => {
  const run = (
    call: string,
    n: number,
    ms: number,
    { attempt, redelivered, deadline = Number.NaN, now }: Pick<
      HandlerContext<never>,
      "attempt" | "redelivered" | "deadline" | "now"
    >,
  ) => {
    const at = world.now()
    const left = deadline - now()
    const entry: Run = { server, call, n, attempt, redelivered, at, deadline: at + left, ended: undefined }
    ledger.push(entry)
    return (ms > 0 ? Effect.sleep(ms) : Effect.void).pipe(
      Effect.tap(() => Effect.sync(() => entry.ended = "value")),
      Effect.onInterrupt(() => Effect.sync(() => entry.ended = "interrupted")),
      Effect.as(n),
    )
  }
  const options = { concurrency }
  return {
    parts: {
      lookup: handle(
        Parts.lookup,
        ({ n }, context) => n < 0 ? new Unknown({ n }) : run("lookup", n, 0, context),
        options,
      ),
      slow: handle(Parts.slow, ({ n, ms }, context) => run("slow", n, ms, context), options),
      again: handle(Parts.again, ({ n, ms }, context) => run("again", n, ms, context), options),
      echo: handle(Parts.echo, ({ text, times }) => text.repeat(times), options),
      relay: handle(Parts.relay, ({ n }, { call }) => call(Parts.lookup({ n })), options),
    },
  }
}

/** Calls once, so that links are there, and waits until they are. */
export const meet = async (world: World, caller: Process, ...servers: ReadonlyArray<Process>): Promise<void> => {
  await world.advance(100)
  const first = caller.call(Parts.lookup({ n: 0 }))
  await world.answered(first)
  first.value()
  await world.until("links are up", () => servers.every(({ endpoint }) => linked(world, caller.endpoint, endpoint)))
  await world.advance(100)
}

const linked = ({ network }: World, one: string, other: string): boolean => network.isUp(one, other)
