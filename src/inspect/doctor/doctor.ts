/**
 * The verb `doctor`: is the broker as it should be, and are the processes on it?
 *
 * Puts together the broker's part and the processes' part; what concerns the machine of whoever asks is the command
 * line's business. Each part says what it could not look at.
 */
import { Effect } from "effect"
import type { Scene } from "../Scene.ts"
import type { Asking } from "../Verb.ts"
import { examineBroker } from "./broker.ts"
import type { Examined } from "./Check.ts"
import { advertisedOf, examineProcesses, instancesTorn } from "./processes.ts"

const waits = { patience: 900, quiet: 200 } as const

/** Examines a scene. */
export const examine = Effect.fnUntraced(function* (scene: Scene): Effect.fn.Return<Examined> {
  const { core } = scene
  const { enquire } = core.enquiries
  const [broker, stats, pings] = yield* Effect.all([
    examineBroker(scene),
    enquire("all", { kind: "stats" }, waits),
    enquire("all", { kind: "ping" }, waits),
  ], { concurrency: "unbounded" })
  // whoever asks and does nothing else is none of them
  const isOwn = stats.some(({ isSelf, answer }) => isSelf && answer.handlers.length + answer.sent.length > 0)
  const instances = core.presence.list().filter(({ isSelf }) => !isSelf || isOwn)
  const counts = <A extends { readonly isSelf: boolean }>({ isSelf }: A): boolean => !isSelf || isOwn
  const told = stats.filter(counts)
  // contracts are long: only those are asked for them who know one by another schema than others
  const torn = instancesTorn(told)
  const infos = torn.length === 0 ? [] : yield* enquire(torn, { kind: "info" }, waits)
  return {
    checks: [
      ...broker,
      ...examineProcesses({
        instances,
        stats: told,
        // a clock that is compared with itself proves nothing
        pings: pings.filter(({ isSelf }) => !isSelf),
        infos,
        consumerTimeout: core.settings.consumerTimeout,
        isPatient: scene.place.kind === "embedded",
      }),
    ],
    advertised: advertisedOf(instances),
  }
})

/** The verb. */
export const doctor: Asking = { kind: "ask", name: "doctor", looks: true, run: examine }
