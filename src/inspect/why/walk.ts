/**
 * Walks the way of a message link by link and stops at the first one that is broken.
 *
 * Over evidence that was gathered before; only the canary, which comes last, does something.
 */
import { Effect } from "effect"
import type { Scene } from "../Scene.ts"
import { sendCanary } from "./canary.ts"
import type { Evidence } from "./Evidence.ts"
import { binding, connection, exchange, queue } from "./links/broker.ts"
import { caller, clocks, load, server } from "./links/calls.ts"
import { consumers } from "./links/consumers.ts"
import { contract, listener } from "./links/contract.ts"
import { deadLetters, duplicates, message, retrying } from "./links/fate.ts"
import { decoding, outcome } from "./links/outcome.ts"
import { progress } from "./links/progress.ts"
import { emitted, emitter } from "./links/senders.ts"
import type { Cause, Link, LinkName, Report, Step } from "./Report.ts"

type Look = (evidence: Evidence) => Step | undefined

const eventLinks: ReadonlyArray<readonly [LinkName, Look]> = [
  ["emitter", emitter],
  ["emitted", emitted],
  ["exchange", exchange],
  ["queue", queue],
  ["binding", binding],
  ["consumers", consumers],
  ["progress", progress],
  ["retrying", retrying],
  ["dead-letters", deadLetters],
  ["decoding", decoding],
  ["outcome", outcome],
  ["duplicates", duplicates],
]

const callLinks: ReadonlyArray<readonly [LinkName, Look]> = [
  ["server", server],
  ["exchange", exchange],
  ["queue", queue],
  ["binding", binding],
  ["consumers", consumers],
  ["progress", load],
  ["caller", caller],
  ["decoding", decoding],
  ["outcome", outcome],
  ["duplicates", clocks],
]

/** What of a report a walk gives. */
export type Walked = Pick<Report, "verdict" | "links" | "cause">

/** See the top of the file. */
export const walk = Effect.fnUntraced(function* (
  scene: Scene,
  evidence: Evidence,
  kind: "event" | "call",
): Effect.fn.Return<Walked> {
  const links: Array<Link> = []
  let cause: Cause | undefined
  /** Whether the walk ends here. */
  const add = (link: LinkName, step: Step | undefined): boolean => {
    if (step === undefined) return false
    links.push({ link, state: step.state, evidence: step.evidence })
    if (step.state === "broken") cause = step.cause
    return step.state === "broken"
  }
  const end = (): Walked => ({ verdict: verdictOf(links), links, ...(cause !== undefined && { cause }) })

  if (add("contract", contract(evidence))) return end()
  if (add("connection", connection(evidence))) return end()
  if (add("listener", listener(evidence))) return end()
  if (kind === "event" && evidence.target === undefined) return end()
  const fate = kind === "event" ? message(evidence) : undefined
  if (add("message", fate?.step) || fate?.isFinal === true) return end()
  for (const [name, look] of kind === "event" ? eventLinks : callLinks) {
    if (add(name, look(evidence))) return end()
  }
  add("canary", yield* sendCanary(scene, evidence))
  return end()
})

/** A canary that came through has gone every link that could not be seen from outside. */
const crossed: ReadonlyArray<LinkName> = ["exchange", "binding", "consumers", "progress", "connection"]

const verdictOf = (links: ReadonlyArray<Link>): Report["verdict"] => {
  if (links.some(({ state }) => state === "broken")) return "broken"
  const isThrough = links.some(({ link, state }) => link === "canary" && state === "ok")
  const dark = links.filter(({ link, state }) => state === "unknown" && !(isThrough && crossed.includes(link)))
  return dark.length > 0 ? "unknown" : "whole"
}
