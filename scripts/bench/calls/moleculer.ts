/**
 * Moleculer over AMQP: its own balancer, JSON, one queue a process, as its defaults are but for two.
 */
import { randomUUID } from "node:crypto"
import { type Order, prefetch } from "../amqpCase.ts"
import { load } from "./packages.ts"
import { checkOrder, ordersOf, type System } from "./System.ts"

/** What is used of the package. */
interface Package {
  readonly ServiceBroker: new (options: object) => {
    readonly createService: (schema: object) => void
    readonly start: () => Promise<void>
    readonly waitForServices: (name: string, timeout: number) => Promise<unknown>
    readonly call: (action: string, parameters: unknown) => Promise<unknown>
  }
}

const open = (broker: string) => {
  const { ServiceBroker } = load<Package>("moleculer")
  return new ServiceBroker({
    nodeID: randomUUID(),
    // with a prefetch of 1, its default, it would wait for each ack; with Nagle's algorithm for 40 ms, now and then
    transporter: { type: "AMQP", options: { url: broker, prefetch, socketOptions: { noDelay: true } } },
    requestTimeout: 5_000,
    logger: false,
  })
}

/** Moleculer. */
export const system: System = {
  serve: async ({ broker }) => {
    const node = open(broker)
    node.createService({
      name: "orders",
      actions: { echo: (context: { readonly params: unknown }) => context.params },
    })
    await node.start()
    return "orders.echo"
  },
  connect: async ([address = "orders.echo"], { broker, bytes }) => {
    const node = open(broker)
    await node.start()
    await node.waitForServices("orders", 10_000)
    const orders = ordersOf(bytes)
    return async () => {
      const asked = orders()
      checkOrder(await node.call(address, asked) as Order, asked)
    }
  },
}
