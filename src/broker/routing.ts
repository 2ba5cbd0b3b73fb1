/**
 * Where a message goes that reaches an exchange: through bindings to queues, to other exchanges and on, each queue once.
 *
 * Below `Catalog`. Exchanges may lead in circles: each is asked once. One that leads nowhere passes the message to its
 * alternate, as RabbitMQ does. Pure.
 */
import type { Arguments } from "./Arguments.ts"
import type { Exchange } from "./Exchange.ts"
import type { Queue } from "./Queue.ts"

/** Where it goes, and whether that depends on more than its key. */
export interface Route<P> {
  readonly queues: ReadonlyArray<Queue<P>>
  readonly isByHeaders: boolean
}

/** Follows the bindings from `start`. */
export const follow = <P>(
  start: Exchange<P>,
  keys: ReadonlyArray<string>,
  headers: () => Arguments,
  exchanges: ReadonlyMap<string, Exchange<P>>,
): Route<P> => {
  const queues = new Set<Queue<P>>()
  const asked = new Set([start])
  let isByHeaders = false
  // grows while it is read
  for (const exchange of asked) {
    isByHeaders ||= exchange.spec.type === "headers"
    const [here, next] = [new Set<Queue<P>>(), new Set<Exchange<P>>()]
    exchange.queues.match(keys, headers, here)
    exchange.exchanges.match(keys, headers, next)
    if (here.size + next.size === 0) {
      const alternate = exchange.spec.alternate === undefined ? undefined : exchanges.get(exchange.spec.alternate)
      if (alternate !== undefined) asked.add(alternate)
    }
    for (const queue of here) queues.add(queue)
    for (const one of next) asked.add(one)
  }
  return { queues: [...queues], isByHeaders }
}
