/**
 * Sends a canary along the way of a message, and says who met it: the whole way, without a handler run.
 *
 * Through the exchange, as a message goes, where every queue that gets a copy is one of Warren's and is consumed; else straight
 * into the listener's queue, since a program that is none of Warren's would take it for a message, and in a queue that nobody
 * consumes it would lie until somebody does.
 */
import { Effect } from "effect"
import { routeTo } from "../../wire/mod.ts"
import type { Scene } from "../Scene.ts"
import type { Evidence } from "./Evidence.ts"
import { broken, note, notKnown, ok, type Step } from "./Report.ts"
import { posts, type Team } from "./Team.ts"
import { count, list, span } from "./words.ts"

/** So long it may take to come through, ms. */
const patience = 600
/** Who finished something within so long gets on, ms. */
const lively = 5_000
/** Behind more messages than that it would not come in time. */
const mostBefore = 50

/** Walks the way; `undefined`: nothing is to be learned from it. */
export const sendCanary = Effect.fnUntraced(function* (
  { core, steward }: Scene,
  { target, at, around, team, question }: Evidence,
): Effect.fn.Return<Step> {
  const { queue = "", kind = "event", app = "", handler = "" } = target ?? {}
  if (question.canary === false) return notKnown("none was sent: it was not wanted")
  if (target === undefined) return notKnown("none was sent: there is nobody to meet it")
  const ready = at.now.known ? at.now.value?.ready ?? 0 : 0
  if (ready > mostBefore) return note(`none was sent: ${count(ready, "message")} are before it in the queue`)
  const all = posts(team, queue)
  if (
    all.length > 0 &&
    all.every(({ handler }) =>
      handler.running >= handler.concurrency && Math.max(handler.oldest ?? 0, handler.recent.p50) > patience
    )
  ) {
    return note("none was sent: every place of the handler is taken by something that takes longer than that")
  }
  const [places, p50] = [
    all.reduce((sum, { handler }) => sum + handler.concurrency, 0),
    Math.max(0, ...all.map(({ handler }) => handler.recent.p50)),
  ]
  if (ready > 0 && places > 0 && ready * p50 / places > patience) {
    return note(
      `none was sent: ${count(ready, "message")} are before it in the queue, for about ${span(ready * p50 / places)}`,
    )
  }
  const others = kind === "call" || !around.bindings.known
    ? []
    : around.bindings.value.filter((one) => one.queue !== queue && one.key === question.subject)
  const strange = others.filter((one) => !isWarrens(one.queue))
  const idle = yield* Effect.filter(
    others.filter((one) => isWarrens(one.queue)),
    (one) =>
      Effect.match(steward.look(one.queue), {
        onSuccess: (facts) => facts !== undefined && facts.consumers === 0,
        onFailure: () => true,
      }),
    { concurrency: 8 },
  )
  const isStraight = strange.length + idle.length > 0
  const route = isStraight
    ? routeTo.queue(queue)
    : kind === "call"
    ? routeTo.call(question.subject)
    : routeTo.event(question.subject)
  const began = core.monotonic()
  const { confirm, told } = yield* core.enquiries.probe(
    route,
    (some) => some.some(({ answer }) => answer.queue === queue),
    patience,
  )
  const met = told.find(({ answer }) => answer.queue === queue)
  const ms = core.monotonic() - began
  const way = isStraight
    ? `; it went straight into the queue, since ${
      list([...strange, ...idle].map((one) => `"${one.queue}"`))
    } would have kept a copy`
    : ""
  if (met !== undefined) {
    return ok(`a canary came to ${met.answer.handler}, ${whereOf(team, met.instance)}, in ${span(ms)}${way}`)
  }
  if (typeof confirm !== "string") {
    const text = confirm.message
    return confirm.reason._tag === "Forbidden" || confirm.reason._tag === "Disconnected"
      ? notKnown(`none could be sent: ${text}`)
      : broken("emit-refused", text, `The broker does not take it: ${text}.`, "Mend what the broker says")
  }
  if (confirm === "unroutable" && !isStraight) {
    return broken(
      kind === "call" ? "no-server" : "binding-missing",
      `the broker said of a canary that no queue wants it; "${queue}" is there`,
      kind === "call"
        ? `Nothing brings "${question.subject}" to a server.`
        : `The queue "${queue}" is not bound to "${question.subject}": the broker brings it nothing.`,
      `Start ${app || "the app"} again: it binds its queue when it starts`,
    )
  }
  const isLive = all.some(({ handler, process }) => handler.held && process.life === "running")
  if (!isStraight && !at.bindings.known && isLive && told.length > 0) {
    return broken(
      "binding-missing",
      `a canary came to ${
        list(told.map(({ answer }) => answer.handler))
      }, and not to ${app}.${handler}, which takes messages`,
      `The queue "${queue}" is not bound to "${question.subject}": others get it, and it does not.`,
      `Start ${app} again: it binds its queue when it starts`,
    )
  }
  const good = Math.max(0, ...all.map(({ handler }) => handler.lastHandled ?? 0))
  // what is before it is seen to get done
  if (ready > 0 && isLive && core.now() - good < lively) {
    return note(`a canary was sent, and is behind ${count(ready, "message")} after ${patience} ms${way}`)
  }
  return notKnown(`a canary was sent and did not come to ${app}.${handler} within ${patience} ms${way}`)
})

const isWarrens = (queue: string): boolean => queue.startsWith("warren.on.")

const whereOf = (team: Team, instance: string): string =>
  team.processes.find((one) => one.instance === instance)?.where || `instance ${instance}`
