/**
 * The embedded broker as the target of a run: hosted by whichever process of the run was first, taken over by another one
 * when that is killed.
 *
 * Below `brokers.ts`. Who hosts, and what is in its queues, is what any other process on this machine would see: the address
 * file, and the figures that the broker tells. Emitters are never killed, and so never host.
 */
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Effect, Redacted } from "effect"
import { type BrokerAddress, findEmbedded, urlOf } from "../../adapters/embedded/mod.ts"
import type { Child } from "./children.ts"
import type { Target } from "./Target.ts"

/** Longest that nobody may host, ms. */
const patience = 30_000

/** Longest wait for an answer, ms. */
const longest = 5_000

/** The target; the data is in a folder inside of the run's. */
export const embeddedTarget = (folder: string, children: ReadonlyArray<Child>): Target => {
  const data = join(folder, "broker")
  const address = async (): Promise<BrokerAddress> => {
    for (const until = Date.now() + patience; Date.now() < until;) {
      const found = await Effect.runPromise(findEmbedded(data))
      if (found !== undefined) return found
      await delay(50)
    }
    throw new Error(`Nobody hosts the broker of "${data}" within ${patience} ms`)
  }
  const host = async (): Promise<Child> => {
    const { pid } = await address()
    const found = children.find((child) => child.pid() === pid)
    if (found === undefined) throw new Error(`The broker is hosted by ${pid}, which is no process of this run`)
    return found
  }
  const ask = async (path: string): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> => {
    const { host, port, user, password } = await address()
    const answer = await fetch(`http://${host}:${port}/api/${path}`, {
      headers: { authorization: `Basic ${btoa(`${user}:${Redacted.value(password)}`)}` },
      signal: AbortSignal.timeout(longest),
    })
    if (!answer.ok) throw new Error(`The broker answers ${answer.status} to ${path}`)
    return await answer.json() as ReadonlyArray<Readonly<Record<string, unknown>>>
  }
  return {
    place: (kind) => ({ broker: undefined, embedded: { folder: data, mayHost: kind !== "emitter" } }),
    address: async () => Redacted.value(urlOf(await address())),
    depths: async () =>
      new Map((await ask("queues")).map(({ name, messages }) => [String(name), Number(messages)] as const)),
    open: async () => {
      const each = await ask("connections")
      return { connections: each.length, channels: each.reduce((sum, { channels }) => sum + Number(channels), 0) }
    },
    kill: async ({ away, everybody }) => {
      const one = await host()
      const all = everybody === true ? children.filter(({ name }) => !name.startsWith("emitter")) : [one]
      await Promise.all(all.map((child) => child.replace(away)))
    },
    closeConnections: async () => (await host()).tell("close connections"),
    pause: async ({ away }) => await (await host()).pause(away),
    alarm: async ({ away }) => {
      const one = await host()
      one.tell("alarm on")
      await delay(away)
      one.tell("alarm off")
    },
    cut: () => Promise.reject(new Error("The embedded broker is no cluster: nothing can be cut off")),
    // it ends with its processes
    stop: () => Promise.resolve(),
  }
}
