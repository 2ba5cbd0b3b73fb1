/**
 * Asks a crowd `ps` and `why` as the commands do: joins the broker, asks, asks once more, and leaves.
 *
 * Started and asked by `crowd.ts`; the broker and the subject of `why` are its arguments.
 */
import { Effect, Option, Redacted } from "effect"
import process from "node:process"
import { quietly } from "../../../src/cli/joining.ts"
import { openScene } from "../../../src/cli/scene.ts"
import { type PsReport, type Scene, verbs, type WhyReport } from "../../../src/inspect/mod.ts"
import { ledgerParts, QueueName } from "../../../src/wire/mod.ts"
import { obey } from "../amqpCase.ts"
import type { Observed } from "./shape.ts"

const [broker = "", subject = "", to = ""] = process.argv.slice(2)

const documents = ({ steward }: Scene) =>
  Effect.map(
    Effect.forEach([QueueName.ledger, QueueName.contracts], (queue) =>
      Effect.orElseSucceed(steward.peek(queue, ledgerParts), () => [])),
    (found) =>
      found.flat().reduce((sum, { packet }) => sum + packet.body.length, 0),
  )

const observe = (name: "ps" | "why"): Effect.Effect<Observed, unknown> =>
  quietly(Effect.gen(function* () {
    const verb = verbs.get(name)
    if (verb?.kind !== "ask") return yield* Effect.die(new Error(`There is no verb "${name}"`))
    const began = performance.now()
    const scene = yield* openScene({
      broker: Redacted.make(broker),
      management: Option.some("off"),
      workers: Option.none(),
    })
    const input = name === "ps" ? {} : { subject, to }
    yield* verb.run(scene, input)
    const joined = performance.now()
    const report = yield* verb.run(scene, input)
    const ended = performance.now()
    const processes = name === "ps" ? (report as PsReport).processes : []
    return {
      first: joined - began,
      again: ended - joined,
      listed: processes.length,
      answered: processes.filter(({ answers }) => answers).length,
      verdict: name === "why" ? (report as WhyReport).verdict : "",
      amiss: name === "why"
        ? JSON.stringify((report as WhyReport).links.filter(({ state }) => state === "broken" || state === "unknown"))
        : "",
      ledger: yield* documents(scene),
    }
  }))

await obey(({ job }) => job === "ps" || job === "why" ? Effect.runPromise(observe(job)) : undefined)
process.exit(0)
