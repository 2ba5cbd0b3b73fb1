/**
 * The broker that the laboratory stands on: a RabbitMQ, or embedded brokers; each set-up has a plot of its own.
 *
 * Below `Situation.ts`. A plot on RabbitMQ is a virtual host of one broker; embedded ones are made in no time, so each plot has
 * a broker to itself. What a broker has not is said with its reason, and set-ups that need it are left out there.
 */
import { Effect, Exit, Scope } from "effect"
import { listen, type ListenOptions } from "../../../adapters/embedded/mod.ts"
import { kept, type Server } from "../../../src/broker/mod.ts"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { type Hands, handsOn, type Needed, ownHands } from "./hands.ts"

/** See the top of the file. */
export interface Ground {
  readonly kind: "rabbitmq" | "embedded"
  /** What it has not, and why. */
  readonly lacks: Readonly<Partial<Record<Needed, string>>>
  /** A plot, with one virtual host of this name. */
  readonly plot: (vhost: string) => Promise<Plot>
}

/** One set-up's part of it. */
export interface Plot {
  readonly port: number
  /** Its management API, where it has to be named. */
  readonly managementUrl: string | undefined
  readonly hands: Hands
  /** Brings it short of memory, or ends that. */
  readonly alarm: (isOn: boolean) => Promise<void>
  /** Another virtual host of the same broker. */
  readonly another: (vhost: string) => Promise<Plot>
  /** Another broker on this machine. */
  readonly anotherBroker: () => Promise<Pick<Rabbit, "url" | "port" | "stop">>
  readonly close: () => Promise<void>
}

/** On a RabbitMQ with its management API. */
export const onRabbit = (rabbit: Rabbit): Ground => {
  const plot = async (vhost: string): Promise<Plot> => {
    const hands = handsOn(rabbit.managementUrl!, vhost)
    await hands.open()
    return {
      port: rabbit.port,
      managementUrl: rabbit.managementUrl,
      hands,
      alarm: (isOn) => rabbit.alarm(isOn),
      another: plot,
      anotherBroker: () => startRabbit(),
      close: hands.close,
    }
  }
  return { kind: "rabbitmq", lacks: {}, plot }
}

/** Messages may take so much of an embedded broker's memory here, bytes. */
const memory = { high: 64 * 1024 * 1024, low: 48 * 1024 * 1024 }

/** On embedded brokers in this process. */
export const onEmbedded: Ground = {
  kind: "embedded",
  lacks: {
    rights: "whoever may connect to the embedded broker may do everything",
    policies: "a queue of the embedded broker has the limits that it was declared with",
  },
  plot: async (vhost) => {
    // as it is called on RabbitMQ
    const other = vhost.replace(/-\w+$/, "-other$&")
    const { server, port, stop } = await host({
      virtualHosts: ["/", vhost, other],
      limits: { memoryHigh: memory.high, memoryLow: memory.low },
    })
    const inside = (name: string): Plot => ({
      port,
      managementUrl: undefined,
      hands: ownHands(`http://127.0.0.1:${port}`, name, server),
      alarm: (isOn) => {
        if (isOn) fill(server, name)
        else server.engine(name)?.deleteQueue(ballast)
        return Promise.resolve()
      },
      another: () => Promise.resolve(inside(other)),
      anotherBroker: () => host({}),
      close: stop,
    })
    return inside(vhost)
  },
}

const host = async (options: Partial<ListenOptions>) => {
  const scope = Scope.makeUnsafe()
  const listening = await Effect.runPromise(
    Scope.provide(
      listen({ users: [{ user: "guest", password: "guest" }], name: `lab-${crypto.randomUUID()}`, ...options }),
      scope,
    ),
  )
  const url = `amqp://guest:guest@127.0.0.1:${listening.port}`
  return { ...listening, url, stop: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

const ballast = "ballast"

/** Puts in more than a broker may hold, past every connection. */
const fill = (server: Server, vhost: string): void => {
  const engine = server.engine(vhost)!
  engine.declareQueue({ name: ballast, type: "classic", durable: false })
  for (let i = 0; i < 6; i++) {
    engine.publish("", ballast, kept.read({ properties: new Uint8Array(2), body: new Uint8Array(memory.high / 5) }))
  }
  server.weigh()
}
