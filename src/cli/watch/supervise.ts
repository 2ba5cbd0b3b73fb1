/**
 * `warren run --watch`: looks at the files and lets a new process take over after each edit.
 *
 * The process the user started. Runs no worker itself: it starts apprentices, hands the queues on from the one that
 * leaves to the one that stays, and answers for all of them to the terminal. A process that cannot start leaves the one
 * before it at work. Where the broker is the embedded one, it takes part in it first, so that no edit moves the broker.
 */
import { Cause, Clock, Effect, Queue, type Scope } from "effect"
import type { EmbeddedOptions } from "../../../adapters/embedded/mod.ts"
import { endings, exit, respawn, type Respawned } from "../../../adapters/runtime/mod.ts"
import process from "node:process"
import { discover } from "../discover.ts"
import { CliFailure } from "../Failure.ts"
import { makeLifetime, type Reason } from "../lifetime.ts"
import type { RunOptions } from "../run.ts"
import { shown } from "../stack.ts"
import type { RunLog } from "../steps.ts"
import { apprenticeVariable } from "./apprentice.ts"
import { look, nextChange } from "./changes.ts"
import { type Exchange, openExchange } from "./channel.ts"
import { importsOf } from "./imports.ts"
import type { Order, Report } from "./orders.ts"
import { type Apprentice, type Happening, Team } from "./Team.ts"

/** How much longer than the grace a process may take to end before it is killed, ms. */
const slack = 3_000

/** Supervises until it is told to end. */
export const supervise = (options: RunOptions, log: RunLog) =>
  Effect.scoped(Effect.gen(function* () {
    const clock = yield* Clock.Clock
    yield* Effect.fromResult(discover(options.paths))
    if (options.embedded !== undefined) yield* takePart(options.embedded)
    const happenings = yield* Queue.unbounded<Happening>()
    const tell = (happening: Happening) => void Queue.offerUnsafe(happenings, happening)
    const exchange = yield* exchangeFor(tell)
    const now = () => clock.currentTimeMillisUnsafe()
    const team = new Team({
      start: () => startApprentice(exchange, tell),
      say: (level, message) => log.write({ at: now(), level, message }),
    })
    const lifetime = yield* makeLifetime(log, now, {
      beforeForce: () => {
        team.kill()
        exchange.close()
      },
    })
    yield* Effect.forkScoped(watchFiles(options, tell))
    yield* Effect.forkScoped(Effect.map(lifetime.ending, (reason) => tell({ _tag: "Ending", reason })))
    team.begin()
    for (;;) {
      const happening = yield* Queue.take(happenings)
      if (happening._tag === "Ending") {
        return yield* dismiss(team, exchange, happenings, happening.reason, options.grace)
      }
      const failed = team.on(happening)
      if (failed !== undefined) {
        // it has said why itself
        exchange.close()
        return yield* Effect.promise(() => exit(failed))
      }
    }
  }))

const takePart = Effect.fnUntraced(
  function* (options: EmbeddedOptions): Effect.fn.Return<void, CliFailure, Scope.Scope> {
    const { openEmbedded } = yield* Effect.promise(() => import("../../../adapters/embedded/mod.ts"))
    yield* Effect.mapError(openEmbedded(options), (from) => new CliFailure({ problem: from.message, from }))
  },
)

const exchangeFor = (tell: (happening: Happening) => void): Effect.Effect<Exchange, CliFailure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        openExchange<Report, Order>((line) => {
          line.hear = (report) => tell({ _tag: "Report", line, report })
        }),
      catch: (from) =>
        new CliFailure({
          problem: `Cannot watch: ${from instanceof Error ? from.message : String(from)}`,
          remedy: "A socket in the folder for temporary files is needed; TMPDIR names another",
          from,
        }),
    }),
    (exchange) => Effect.sync(exchange.close),
  )

const script = new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url).href

const startApprentice = (exchange: Exchange, tell: (happening: Happening) => void): Apprentice => {
  const child: Respawned = respawn(script, process.argv.slice(2), { [apprenticeVariable]: exchange.address })
  const apprentice: Apprentice = { pid: child.pid, line: undefined, kill: child.kill }
  void child.ended.then((code) => tell({ _tag: "Ended", apprentice, code }))
  return apprentice
}

/** Tells of each edit, and looks anew at what is imported after it. */
const watchFiles = (options: RunOptions, tell: (happening: Happening) => void) =>
  Effect.gen(function* () {
    const modules = () => {
      const found = discover(options.paths)
      return found._tag === "Success" ? found.success.files : []
    }
    let watched = importsOf(modules())
    const files = () => new Set([...watched, ...modules()])
    for (let seen = look(files());;) {
      const changed = yield* nextChange(files, seen)
      tell({ _tag: "Changed", files: changed.map(shown) })
      watched = importsOf(modules())
      seen = look(files())
    }
  }).pipe(Effect.catchCause((cause) => Effect.logError("Cannot watch any longer", Cause.squash(cause))))

/** Ends every apprentice in order, within the grace. */
const dismiss = Effect.fnUntraced(function* (
  team: Team,
  exchange: Exchange,
  happenings: Queue.Queue<Happening>,
  reason: Reason,
  grace: number,
) {
  team.dismiss(reason)
  const codes: Array<number> = []
  const all = Effect.gen(function* () {
    while (!team.isEmpty) {
      const happening = yield* Queue.take(happenings)
      if (happening._tag === "Ended") codes.push(happening.code)
      team.on(happening)
    }
  })
  const late = yield* Effect.timeoutOption(all, grace + slack)
  if (late._tag === "None") team.kill()
  if (late._tag === "None" || codes.some((code) => code !== 0)) {
    exchange.close()
    yield* Effect.promise(() => exit(reason === "order" ? endings.SIGTERM : endings[reason]))
  }
})
