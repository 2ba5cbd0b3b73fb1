/**
 * Nothing comes because nothing is sent: nobody emits, somebody does elsewhere, or the broker does not take it.
 */
import { order, place, register, Sales } from "../company.ts"
import type { SetUp } from "../SetUp.ts"

const ask = { subject: "sales.orderPlaced", to: "warranty" }

/** Everything of the broker but the exchange of events. */
const allButEvents = "^(?!warren\\.events$).*"

export const emitters: ReadonlyArray<SetUp> = [
  {
    name: "nobody emits",
    isEverywhere: true,
    isCommand: true,
    ask,
    prepare: async (at) => void await at.run("warranty.ts"),
    expected: { verdict: "broken", code: "nobody-emits", says: /sales\.orderPlaced/ },
  },
  {
    name: "another app emits than was thought",
    ask: { ...ask, from: "shop" },
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: { verdict: "broken", code: "nobody-emits", says: /shop/ },
  },
  {
    name: "the emitter's name is nearly right",
    ask: { ...ask, from: "salse" },
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      await place(await at.join("sales"))
      await warranty.said(/^done$/)
    },
    expected: { verdict: "broken", code: "nobody-emits", says: /--from sales/ },
  },
  {
    name: "the emitter is in another vhost",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      const other = await at.another()
      const sales = await other.join("sales")
      await place(sales)
      await at.until("the emitter's connection can be seen", async () => (await other.hands.connections()).length > 0)
    },
    expected: { verdict: "broken", code: "emitter-in-other-vhost", says: /the-emitter-is-in-another-vhost-other/ },
  },
  {
    name: "the emitter is on another broker",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      const { url } = await at.anotherBroker()
      await place(await at.join("sales", { broker: url }))
    },
    // it says where it is, to other programs on its machine
    expected: { verdict: "broken", code: "emitter-on-other-broker", says: /127\.0\.0\.1:\d+/ },
  },
  {
    name: "a name that is nearly right, which a stranger emits",
    isCommand: true,
    ask: { ...ask, subject: "sales.order_placed" },
    prepare: async (at) => {
      await at.run("warranty.ts")
      await (await at.stranger()).publish("warren.events", "sales.order_placed", { orderId: "o1", customer: "c1" })
    },
    expected: { verdict: "broken", code: "nearly-right", says: /sales\.orderPlaced/ },
  },
  {
    name: "a name that nobody knows",
    ask: { ...ask, subject: "shipping.parcelLost" },
    prepare: async (at) => void await at.run("warranty.ts"),
    // where the ledger is in somebody's hand, that the app does not listen to it is all that is known
    expected: { verdict: "broken", code: ["unknown-contract", "no-such-handler"], says: /shipping\.parcelLost/ },
  },
  {
    name: "the emitter may not write to the exchange",
    needs: "rights",
    isCommand: true,
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      const user = await at.user({ configure: ".*", write: allButEvents, read: ".*" })
      const sales = await at.join("sales", { broker: at.url(user) })
      await refused(sales.emit(order()))
    },
    expected: { verdict: "broken", code: "permission-missing", says: /user-[0-9a-f]{8}/ },
    // the emitter was told so, and says it
    blind: { verdict: "broken", code: ["permission-missing", "emit-refused"] },
  },
  {
    name: "the emitter's payload does not fit its own contract",
    ask,
    prepare: async (at) => {
      await at.run("warranty.ts")
      const sales = await at.join("sales")
      await refused(sales.emit(Sales.orderPlaced({ orderId: "o1", customer: 7 as never })))
    },
    expected: { verdict: "broken", code: "emit-refused", says: /customer/ },
  },
  {
    name: "the exchange was deleted by hand",
    ask,
    prepare: async (at) => {
      const warranty = await at.run("warranty.ts")
      const sales = await at.join("sales")
      await place(sales)
      await warranty.said(/^done$/)
      await at.hands.removeExchange("warren.events")
      await refused(sales.emit(order()))
      await at.counts(register, ({ consumers }) => consumers === 1)
    },
    // whoever joins the broker declares it anew, without what was bound to it
    expected: { verdict: "broken", code: ["exchange-missing", "binding-missing"] },
  },
]

/** It was not sent. */
export const refused = async (sent: Promise<unknown>): Promise<void> => {
  const answer = await sent.then(() => undefined, (error: unknown) => error)
  if (answer === undefined) throw new Error("It was sent, although it should have been refused")
}
