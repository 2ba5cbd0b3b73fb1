/**
 * Where one set-up happens: a virtual host of its own, and every process that takes part.
 *
 * Whatever is started here ends with `close`, in the reverse order, however the set-up went. Processes are real
 * (`warren run`), programs are `connect()`, strangers are plain amqplib.
 */
import amqp, { type ConfirmChannel, type Options } from "amqplib"
import { Buffer } from "node:buffer"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { connect, type Connected, type ConnectOptions } from "../../../src/mod.ts"
import type { Rabbit } from "../../../scripts/rabbitmq.ts"
import { type Warren, warren } from "../../cli/support.ts"
import type { Ground, Plot } from "./Ground.ts"
import type { Hands, Rights } from "./hands.ts"

/** Modules of the laboratory's team. */
export const workersFolder: string = join(import.meta.dirname, "workers")

/** How a process is started. */
export interface RunOptions {
  /** @default the set-up's, as `guest` */
  readonly url?: string
  readonly args?: ReadonlyArray<string>
  readonly env?: Record<string, string>
}

/** A stranger's channel. */
export interface Stranger {
  readonly channel: ConfirmChannel
  /** Publishes JSON, as any program in any language might; resolves once it is confirmed. */
  readonly publish: (exchange: string, key: string, body: unknown, options?: Options.Publish) => Promise<void>
  readonly close: () => Promise<void>
}

/** See the top of the file. */
export interface Situation {
  /** Where the management API is, where it has to be named. */
  readonly managementUrl: string | undefined
  /** Brings the broker short of memory, or ends that. */
  readonly alarm: (isOn: boolean) => Promise<void>
  readonly hands: Hands
  /** The set-up's virtual host, for a user whose password is the name. */
  readonly url: (user?: string) => string
  /** A `warren run` of one module below `workers`, ready. */
  readonly run: (module: string, options?: RunOptions) => Promise<Warren>
  /** A program with `connect()`. */
  readonly join: (app: string, options?: Partial<ConnectOptions>) => Promise<Connected>
  /** A program of somebody else's. */
  readonly stranger: (url?: string) => Promise<Stranger>
  /** A new user who may do this much here, and nothing elsewhere; the name. */
  readonly user: (rights: Rights) => Promise<string>
  /** Another virtual host of the same broker. */
  readonly another: () => Promise<Situation>
  /** Another broker on this machine. */
  readonly anotherBroker: () => Promise<Pick<Rabbit, "url" | "port">>
  /** Whether a virtual host is one of this set-up's, or a broker at one of these addresses is. */
  readonly owns: (vhost: string, addresses?: ReadonlyArray<string>) => boolean
  /** A queue's counts as the broker itself has them now; `undefined`: there is none. */
  readonly look: (queue: string) => Promise<{ readonly ready: number; readonly consumers: number } | undefined>
  /** Asks again until it is so; what it comes to. Fails with what was awaited. */
  readonly until: <A>(
    what: string,
    look: () => Promise<A | false | undefined> | A | false | undefined,
    ms?: number,
  ) => Promise<A>
  /** Waits until so many consumers of a queue are shown by the management API, which is some seconds late. */
  readonly shown: (queue: string, consumers: number) => Promise<void>
  /** Waits until a queue's counts are so. */
  readonly counts: (
    queue: string,
    fits: (counts: { readonly ready: number; readonly consumers: number }) => boolean,
    ms?: number,
  ) => Promise<void>
  readonly pause: (ms: number) => Promise<void>
  /** To be done in the end. */
  readonly later: (undo: () => unknown) => void
  readonly close: () => Promise<void>
}

/** Opens a virtual host for one set-up. */
export const openSituation = (ground: Pick<Ground, "plot">, name: string): Promise<Situation> =>
  situate(name, ground.plot)

const situate = async (name: string, open: (vhost: string) => Promise<Plot>): Promise<Situation> => {
  const vhost = `${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}-${crypto.randomUUID().slice(0, 4)}`
  const plot = await open(vhost)
  const { hands, port } = plot
  const vhosts = [hands.vhost]
  const brokers: Array<string> = []
  const undoing: Array<() => unknown> = []
  const later = (undo: () => unknown) => void undoing.push(undo)
  later(plot.close)

  const url = (user = "guest") => `amqp://${user}:${user}@127.0.0.1:${port}/${hands.vhost}`

  let looking: Promise<amqp.ChannelModel> | undefined
  const looker = () =>
    looking ??= amqp.connect(url()).then((connection) => {
      connection.on("error", () => {})
      later(() => connection.close())
      return connection
    })

  const look: Situation["look"] = async (queue) => {
    const channel = await (await looker()).createChannel()
    channel.on("error", () => {})
    try {
      const { messageCount: ready, consumerCount: consumers } = await channel.checkQueue(queue)
      await channel.close()
      return { ready, consumers }
    } catch (error) {
      if (/NOT_FOUND/.test(String(error))) return undefined
      throw error
    }
  }

  const until: Situation["until"] = async (what, look, ms = 20_000) => {
    const late = performance.now() + ms
    for (;;) {
      const found = await look()
      if (found !== false && found !== undefined) return found
      if (performance.now() > late) throw new Error(`${what}: not so within ${ms} ms`)
      await delay(25)
    }
  }

  const stranger: Situation["stranger"] = async (at = url()) => {
    const connection = await amqp.connect(at)
    connection.on("error", () => {})
    later(() => connection.close())
    const channel = await connection.createConfirmChannel()
    channel.on("error", () => {})
    return {
      channel,
      publish: async (exchange, key, body, options = {}) => {
        channel.publish(exchange, key, Buffer.from(JSON.stringify(body)), {
          contentType: "application/json",
          persistent: true,
          messageId: crypto.randomUUID(),
          ...options,
        })
        await channel.waitForConfirms()
      },
      close: () => connection.close(),
    }
  }

  return {
    managementUrl: plot.managementUrl,
    alarm: plot.alarm,
    hands,
    url,
    run: async (module, { url: at = url(), args = [], env = {} } = {}) => {
      const started = warren(
        ["run", join(workersFolder, module), "--broker", at, "--json", ...args],
        { env: { WARREN_BEACONS: process.env["WARREN_BEACONS"] ?? "off", ...env } },
      )
      later(async () => {
        if (started.child.exitCode !== null || started.child.signalCode !== null) return
        started.signal("SIGKILL")
        await started.ended
      })
      await started.until(/"message":"ready"/, 30_000)
      return started
    },
    join: async (app, options = {}) => {
      const bus = await connect({ app, broker: url(), ...options })
      later(bus.close)
      return bus
    },
    stranger,
    user: async (rights) => {
      const name = `user-${crypto.randomUUID().slice(0, 8)}`
      await hands.user(name, rights)
      later(() => hands.removeUser(name))
      return name
    },
    another: async () => {
      const other = await situate(`${name}-other`, plot.another)
      later(other.close)
      vhosts.push(other.hands.vhost)
      return other
    },
    anotherBroker: async () => {
      const other = await plot.anotherBroker()
      later(other.stop)
      brokers.push(`127.0.0.1:${other.port}`)
      return other
    },
    owns: (one, addresses = []) => vhosts.includes(one) || addresses.some((each) => brokers.includes(each)),
    look,
    until,
    shown: async (queue, consumers) => {
      await until(
        `${consumers} consumers of ${queue} are shown`,
        async () => (await hands.queue(queue))?.consumer_details?.length === consumers,
      )
    },
    counts: async (queue, fits, ms) => {
      await until(`the counts of ${queue}`, async () => {
        const counts = await look(queue)
        return counts !== undefined && fits(counts)
      }, ms)
    },
    pause: async (ms) => void await delay(ms),
    later,
    close: async () => {
      for (const undo of undoing.reverse()) {
        try {
          await undo()
        } catch {
          // it went by itself
        }
      }
      undoing.length = 0
    },
  }
}
