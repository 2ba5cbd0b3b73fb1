/**
 * The broker of the calls bench: one RabbitMQ, and for each system a virtual host of its own.
 *
 * Systems that share a broker must not share queues, nor hear of each other's processes. A virtual host goes with what it
 * holds when its system ends.
 */
import { type Rabbit, startRabbit } from "../../rabbitmq.ts"

/** A virtual host. */
export interface Host {
  readonly url: string
  readonly remove: () => Promise<void>
}

/** See the top of the file. */
export interface Broker {
  /** Its process, on this machine; another one in a container. */
  readonly pid: number
  readonly version: string
  readonly newHost: () => Promise<Host>
  readonly stop: () => Promise<void>
}

/** Much, since this is about time: who has many callers must not be told to wait for memory. */
const memory = "vm_memory_high_watermark.absolute = 8GB"

/** Starts it. */
export const startBroker = async (): Promise<Broker> => {
  const rabbit: Rabbit = await startRabbit({ config: [memory] })
  let hosts = 0
  return {
    pid: rabbit.pid,
    version: (await rabbit.evaluate(`rabbit_misc:version().`)).replaceAll('"', ""),
    newHost: async () => {
      const name = `bench${hosts++}`
      const all = `<<".*">>`
      await rabbit.evaluate(
        `rabbit_vhost:add(<<"${name}">>, <<"bench">>), ` +
          `rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"${name}">>, ${all}, ${all}, ${all}, <<"bench">>).`,
      )
      return {
        url: `${rabbit.url}/${name}`,
        remove: async () => void (await rabbit.evaluate(`rabbit_vhost:delete(<<"${name}">>, <<"bench">>).`)),
      }
    },
    stop: () => rabbit.stop(),
  }
}
