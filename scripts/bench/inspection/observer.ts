/**
 * Looks at a broker under load, as `warren ps --watch`, `warren why` and `warren tap` do, for as long as it is told to.
 *
 * Started and asked by `inspection.ts`; the broker is its argument. It joins once; what comes is counted and thrown away.
 */
import { Effect, Fiber, Option, Redacted, Schedule, type Scope, Stream } from "effect"
import process from "node:process"
import { quietly } from "../../../src/cli/joining.ts"
import { openScene } from "../../../src/cli/scene.ts"
import { type Scene, verbs } from "../../../src/inspect/mod.ts"
import { obey } from "../amqpCase.ts"

const [broker = ""] = process.argv.slice(2)

/** So often `ps` and `why` are asked. */
const every = "2 seconds"

const program = quietly(Effect.gen(function* () {
  const scene = yield* openScene({
    broker: Redacted.make(broker),
    management: Option.some("off"),
    workers: Option.none(),
  })
  let told = 0
  let watching: Fiber.Fiber<unknown, unknown> | undefined
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  yield* Effect.promise(() =>
    obey((job) => {
      if (job.job === "watch") {
        told = 0
        watching = runFork(Effect.scoped(watch(scene, job.what, () => told++)))
        return Promise.resolve({})
      }
      if (job.job !== "rest" || watching === undefined) return undefined
      return Effect.runPromise(Fiber.interrupt(watching)).then(() => ({ told }))
    })
  )
}))

const watch = (
  scene: Scene,
  what: "ps" | "why" | "tap",
  tell: () => void,
): Effect.Effect<unknown, unknown, Scope.Scope> => {
  const verb = verbs.get(what === "ps" ? "ps.watch" : what)
  if (verb === undefined) return Effect.die(new Error(`There is no verb "${what}"`))
  return verb.kind === "follow"
    ? Stream.runForEach(verb.run(scene, {}), () => Effect.sync(tell))
    : verb.run(scene, { subject: "orders.placed", to: "orders" }).pipe(
      Effect.tap(() => Effect.sync(tell)),
      Effect.repeat(Schedule.fixed(every)),
    )
}

await Effect.runPromise(program)
process.exit(0)
