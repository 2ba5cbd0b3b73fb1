/**
 * `basic.ack`, `nack`, `reject` and `recover`: what becomes of deliveries.
 *
 * Above the engine; a table for `Channel.ts`. A number that the channel has not in hand is refused; 0 with `multiple` means all
 * there are.
 */
import type { Long } from "../amqp/mod.ts"
import type { Channel } from "./Channel.ts"
import type { Handlers } from "./Handlers.ts"
import { refused } from "./refusal.ts"
import type { Settling } from "./Transaction.ts"

type Verdict = Settling["verdict"]

const settle = (channel: Channel, deliveryTag: Long, multiple: boolean, verdict: Verdict): undefined => {
  const settlings = take(channel, Number(deliveryTag), multiple, verdict)
  if (channel.transaction === undefined) carryOut(channel, settlings)
  else channel.transaction.settle(settlings)
}

/** Takes what is meant out of the channel's hand. */
const take = (channel: Channel, tag: number, multiple: boolean, verdict: Verdict): ReadonlyArray<Settling> => {
  const { unacked } = channel
  if (!multiple) {
    const found = unacked.get(tag)
    if (found === undefined) throw refused("PRECONDITION_FAILED", `unknown delivery tag ${tag}`)
    unacked.delete(tag)
    return [{ ...found, tag, verdict }]
  }
  if (tag !== 0 && !unacked.has(tag)) throw refused("PRECONDITION_FAILED", `unknown delivery tag ${tag}`)
  const taken: Array<Settling> = []
  for (const [one, found] of unacked) {
    if (tag !== 0 && one > tag) break
    taken.push({ ...found, tag: one, verdict })
    unacked.delete(one)
  }
  return taken
}

/**
 * Gives verdicts to the engine, all in one step. Those of one method that came by different consumers go one consumer after
 * another, in the order of their names, as with RabbitMQ.
 */
export const carryOut = (channel: Channel, ...told: ReadonlyArray<ReadonlyArray<Settling>>): void => {
  const { engine, prefetchGlobal } = channel
  const [settlings] = told
  const [only] = settlings ?? []
  if (only === undefined && told.length < 2) return
  if (prefetchGlobal > 0) {
    // what came to consumers makes room in the prefetch of the channel, from whichever kind of queue and if that is gone
    const counts = told.map((one) => one.filter(({ consumerTag }) => consumerTag !== undefined).length)
    return void engine.settleGroups(told.flatMap(groupsOf), { share: channel.share, counts })
  }
  if (only !== undefined && told.length === 1 && settlings?.length === 1) {
    return void engine.settle(only.hand, only.verdict)
  }
  engine.settleGroups(told.flatMap(groupsOf))
}

type Group = { readonly hands: Array<Settling["hand"]>; readonly verdict: Verdict }

/** By queue, and then by consumer; what was got comes before what was consumed, each alone. */
const groupsOf = (settlings: ReadonlyArray<Settling>): ReadonlyArray<Group> => {
  const groups = new Map<string, Group & { readonly queue: string; readonly consumerTag: string | undefined }>()
  for (const { hand, consumerTag, tag, verdict } of settlings) {
    const key = `${hand.queue}\0${consumerTag === undefined ? tag : `c${consumerTag}`}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { queue: hand.queue, consumerTag, hands: [hand], verdict })
    else group.hands.push(hand)
  }
  if (groups.size === 1) return [...groups.values()]
  return [...groups.values()].sort((a, b) => order(a.queue, b.queue) || order(a.consumerTag ?? "", b.consumerTag ?? ""))
}

const order = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const negative = (requeue: boolean): Verdict => requeue ? "requeue" : "reject"

const recover = (channel: Channel, requeue: boolean): void => {
  if (!requeue) throw refused("NOT_IMPLEMENTED", "requeue=false")
  carryOut(channel, take(channel, 0, true, "requeue"))
}

/** See the top of the file. */
export const settlingMethods: Handlers = {
  "basic.ack": (channel, { deliveryTag, multiple }) => settle(channel, deliveryTag, multiple, "ack"),
  "basic.nack": (channel, { deliveryTag, multiple, requeue }) =>
    settle(channel, deliveryTag, multiple, negative(requeue)),
  "basic.reject": (channel, { deliveryTag, requeue }) => settle(channel, deliveryTag, false, negative(requeue)),
  "basic.recover": (channel, { requeue }) => {
    recover(channel, requeue)
    return { name: "basic.recover-ok" }
  },
  "basic.recover-async": (channel, { requeue }) => {
    recover(channel, requeue)
    return undefined
  },
}
