/**
 * `why`: why does an app not get an event, or a caller no answer?
 *
 * The verb: reads the question, gathers, walks, and chooses among several listeners the one that is broken. Everything it
 * knows of brokers and messages is below it.
 */
import { Effect, type Scope } from "effect"
import type { Scene } from "../Scene.ts"
import type { Asking, InspectError } from "../Verb.ts"
import {
  awaitHolders,
  evidenceOf,
  gatherAround,
  gatherQueue,
  gatherTeam,
  isAnybodyMissing,
  lookAside,
  track,
} from "./gather.ts"
import type { AtQueue, Target } from "./Evidence.ts"
import { readQuestion } from "./Question.ts"
import type { Report } from "./Report.ts"
import { unknown } from "../Finding.ts"
import { kindOf, supposedTargets, targetsOf } from "./targets.ts"
import { walk, type Walked } from "./walk.ts"

/** Answers a question. */
export const why = Effect.fnUntraced(function* (
  scene: Scene,
  input: unknown,
): Effect.fn.Return<Report, InspectError, Scope.Scope> {
  const question = yield* readQuestion(input)
  const { core, contracts, listeners = [], steward, surveyor } = scene
  const began = core.monotonic()
  const team = yield* gatherTeam(scene)
  const kind = kindOf(question.subject, contracts, team) ?? "event"
  const spoken = targetsOf(question, kind, team)
  const isMissing = isAnybodyMissing(question, kind, spoken, team)
  const [around, tracked] = yield* Effect.all([
    gatherAround(scene, kind, isMissing),
    question.id === undefined ? Effect.succeed(undefined) : track(scene, question.id, team),
  ], { concurrency: "unbounded" })
  const targets = spoken.length > 0 || kind === "call" ? spoken : yield* Effect.filter(
    supposedTargets(question, team, listeners, around.bindings),
    ({ queue }) => Effect.orElseSucceed(Effect.map(steward.look(queue), (facts) => facts !== undefined), () => false),
    { concurrency: "unbounded" },
  )
  const aside = yield* lookAside(scene, targets)
  const walkTo = Effect.fnUntraced(function* (target: Target | undefined) {
    const at = target === undefined ? nowhere : yield* gatherQueue(scene, target, around, aside, team, question.id)
    const consumers = at.now.known ? at.now.value?.consumers ?? 0 : 0
    const heard = target === undefined ? team : yield* awaitHolders(scene, { team, queue: target.queue, consumers })
    const evidence = evidenceOf(scene, { question, team: heard, target, at, around, tracked })
    return { target, ...(yield* walk(scene, evidence, kind)) }
  })
  const walked = yield* Effect.forEach(targets.length === 0 ? [undefined] : targets, walkTo, { concurrency: 4 })
  const chosen = worst(walked)
  const notes = [...scene.note === undefined ? [] : [scene.note], ...scene.unread ?? []]
  const others = walked.filter((one) => one !== chosen && one.target !== undefined)
  return {
    question: {
      ...question,
      kind,
      ...(chosen.target !== undefined && chosen.target.handler !== "" && {
        handler: `${chosen.target.app}.${chosen.target.handler}`,
      }),
    },
    verdict: chosen.verdict,
    links: [
      ...chosen.links,
      ...others.map(({ target, verdict, cause }) => ({
        link: "listener" as const,
        state: "note" as const,
        evidence: `${target?.app}.${target?.handler} listens to it too: ${
          cause === undefined ? verdict : `${verdict}, ${cause.text}`
        }`,
      })),
    ],
    ...(chosen.cause !== undefined && { cause: chosen.cause }),
    source: surveyor.source,
    ...(notes.length > 0 && { note: notes.join("; ") }),
    ms: Math.round(core.monotonic() - began),
  }
})

const worst = <W extends Walked>(walked: ReadonlyArray<W>): W =>
  walked.find(({ verdict }) => verdict === "broken") ?? walked.find(({ verdict }) => verdict === "unknown") ??
    walked[0]!

const none = unknown<never>("there is no queue to look at")
const nowhere: AtQueue = { now: none, insight: none, bindings: none, letters: none, retries: none }

/** The verb. */
export const whyVerb: Asking = { kind: "ask", name: "why", looks: true, run: why }
