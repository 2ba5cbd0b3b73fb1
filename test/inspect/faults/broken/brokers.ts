/**
 * The broker itself is in trouble. These disturb everybody on it.
 */
import { order, place } from "../company.ts"
import type { SetUp } from "../SetUp.ts"

export const brokers: ReadonlyArray<SetUp> = [
  {
    name: "the broker takes nothing, for want of memory",
    isAlone: true,
    isEverywhere: true,
    ask: { subject: "sales.orderPlaced", to: "warranty" },
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      at.later(() => at.alarm(false))
      await at.alarm(true)
      // a connection is blocked once it publishes; this one gives up long after the question
      sales.emit(order(), { timeout: "2 minutes" }).catch(() => {})
      await at.until("the emitter is blocked", async () => {
        const states = (await at.hands.connections()).map(({ state }) => state)
        return states.includes("blocked")
      })
    },
    expected: { verdict: "broken", code: "broker-blocked", says: /memory/ },
  },
]
