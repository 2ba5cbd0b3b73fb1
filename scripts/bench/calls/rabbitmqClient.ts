/**
 * `rabbitmq-client`, its own RPC: direct reply-to, without confirms. JSON. Nagle's algorithm, which it leaves on, is off.
 */
import { type Order, prefetch } from "../amqpCase.ts"
import { load } from "./packages.ts"
import { checkOrder, ordersOf, type System } from "./System.ts"

/** What is used of the package. */
interface Package {
  readonly Connection: new (options: { readonly url: string; readonly noDelay: boolean }) => {
    readonly on: (event: "error", listener: (error: Error) => void) => void
    readonly onConnect: (timeout: number) => Promise<void>
    readonly createConsumer: (
      options: object,
      handler: (request: { readonly body: unknown }, reply: (body: unknown) => Promise<void>) => Promise<void>,
    ) => { readonly on: (event: "ready", listener: () => void) => void }
    readonly createRPCClient: (options: object) => {
      readonly send: (queue: string, body: unknown) => Promise<{ readonly body: unknown }>
    }
  }
}

const queue = "bench.rabbitmq-client.echo"

const open = async (broker: string) => {
  const { Connection } = load<Package>("rabbitmq-client")
  const connection = new Connection({ url: broker, noDelay: true })
  connection.on("error", (error) => console.error(error))
  await connection.onConnect(5_000)
  return connection
}

/** `rabbitmq-client`. */
export const system: System = {
  serve: async ({ broker }) => {
    const connection = await open(broker)
    const consumer = connection.createConsumer({
      queue,
      qos: { prefetchCount: prefetch },
      queueOptions: { durable: true, autoDelete: true, arguments: { "x-queue-type": "classic" } },
    }, async ({ body }, reply) => await reply(body))
    await new Promise<void>((resolve) => consumer.on("ready", resolve))
    return queue
  },
  connect: async ([address = queue], { broker, bytes }) => {
    const client = (await open(broker)).createRPCClient({ confirm: false, timeout: 5_000 })
    const orders = ordersOf(bytes)
    return async () => {
      const asked = orders()
      const { body } = await client.send(address, asked)
      checkOrder(body as Order, asked)
    }
  },
}
