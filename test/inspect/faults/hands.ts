/**
 * What an operator does to a broker by hand, and sees in its pages: RabbitMQ's management API, one virtual host at a time.
 *
 * Proves that a set-up's state is there, independently of what is being tested. Knows HTTP and RabbitMQ; on the embedded broker,
 * which answers the questions alike, what changes something is done inside of it.
 */
import type { Server } from "../../../src/broker/mod.ts"

/** What not every broker has. */
export type Needed = "rights" | "policies"

/** A user of the broker, as patterns of names. */
export interface Rights {
  readonly configure?: string
  readonly write?: string
  readonly read?: string
}

/** A queue as the pages show it; figures may be a second old. */
export interface QueuePage {
  readonly name: string
  readonly messages_ready?: number
  readonly messages_unacknowledged?: number
  readonly consumers?: number
  readonly policy?: string | null
  readonly consumer_details?: ReadonlyArray<{ readonly consumer_tag: string; readonly active?: boolean }>
}

/** A connection as the pages show it. */
export interface ConnectionPage {
  readonly name: string
  readonly user: string
  readonly vhost: string
  readonly state?: string
  readonly client_properties?: { readonly connection_name?: string }
}

/** A hand on one virtual host. */
export interface Hands {
  readonly vhost: string
  readonly open: () => Promise<void>
  /** Removes the virtual host with all that is in it. */
  readonly close: () => Promise<void>
  /** Makes a user who may do this much here, or changes what that user may do. */
  readonly user: (name: string, rights: Rights) => Promise<void>
  readonly removeUser: (name: string) => Promise<void>
  readonly policy: (
    name: string,
    pattern: string,
    definition: Readonly<Record<string, unknown>>,
    of?: "queues" | "exchanges",
  ) => Promise<void>
  readonly removePolicy: (name: string) => Promise<void>
  /** `undefined`: there is none of that name. */
  readonly queue: (name: string) => Promise<QueuePage | undefined>
  readonly declareQueue: (name: string, declaration: Readonly<Record<string, unknown>>) => Promise<void>
  readonly removeQueue: (name: string) => Promise<void>
  readonly hasExchange: (name: string) => Promise<boolean>
  readonly removeExchange: (name: string) => Promise<void>
  /** The routing keys by which an exchange feeds a queue. */
  readonly bindings: (exchange: string, queue: string) => Promise<ReadonlyArray<string>>
  readonly unbind: (exchange: string, queue: string, key: string) => Promise<void>
  readonly connections: () => Promise<ReadonlyArray<ConnectionPage>>
  readonly closeConnections: (user: string) => Promise<void>
}

const part = encodeURIComponent

/** The hands of the administrator `guest`. */
export const handsOn = (managementUrl: string, vhost: string): Hands => {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${managementUrl}/api${path}`, {
      method,
      headers: { authorization: `Basic ${btoa("guest:guest")}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === "" ? null : JSON.parse(text)
  }
  const here = part(vhost)
  const allow = (user: string, { configure = "", write = "", read = "" }: Rights) =>
    ask("PUT", `/permissions/${here}/${part(user)}`, { configure, write, read })
  const connections = async () =>
    (await ask("GET", `/vhosts/${here}/connections`) ?? []) as ReadonlyArray<ConnectionPage>
  return {
    vhost,
    open: async () => {
      await ask("PUT", `/vhosts/${here}`, {})
      await allow("guest", { configure: ".*", write: ".*", read: ".*" })
    },
    close: async () => void await ask("DELETE", `/vhosts/${here}`),
    user: async (name, rights) => {
      await ask("PUT", `/users/${part(name)}`, { password: name, tags: "" })
      await allow(name, rights)
    },
    removeUser: async (name) => void await ask("DELETE", `/users/${part(name)}`),
    policy: async (name, pattern, definition, of = "queues") =>
      void await ask("PUT", `/policies/${here}/${part(name)}`, { pattern, definition, "apply-to": of }),
    removePolicy: async (name) => void await ask("DELETE", `/policies/${here}/${part(name)}`),
    queue: async (name) => await ask("GET", `/queues/${here}/${part(name)}`) as QueuePage | undefined,
    declareQueue: async (name, declaration) => void await ask("PUT", `/queues/${here}/${part(name)}`, declaration),
    removeQueue: async (name) => void await ask("DELETE", `/queues/${here}/${part(name)}`),
    hasExchange: async (name) => await ask("GET", `/exchanges/${here}/${part(name)}`) !== undefined,
    removeExchange: async (name) => void await ask("DELETE", `/exchanges/${here}/${part(name)}`),
    bindings: async (exchange, queue) => {
      const found = await ask("GET", `/bindings/${here}/e/${part(exchange)}/q/${part(queue)}`) ?? []
      return (found as ReadonlyArray<{ readonly routing_key: string }>).map(({ routing_key }) => routing_key)
    },
    unbind: async (exchange, queue, key) =>
      void await ask("DELETE", `/bindings/${here}/e/${part(exchange)}/q/${part(queue)}/${part(key)}`),
    connections,
    closeConnections: async (user) => {
      const own = (await connections()).filter((one) => one.user === user)
      for (const { name } of own) await ask("DELETE", `/connections/${part(name)}`)
    },
  }
}

/** Hands in the engine of an embedded broker that this process hosts. */
export const ownHands = (url: string, vhost: string, server: Server): Hands => {
  const engine = server.engine(vhost)!
  const none = (what: string) => () => Promise.reject(new Error(`The embedded broker has no ${what}`))
  const done = (result: unknown): Promise<void> => {
    if (typeof result === "object") return Promise.reject(new Error(JSON.stringify(result)))
    return Promise.resolve()
  }
  return {
    ...handsOn(url, vhost),
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    user: none("users with rights of their own"),
    removeUser: none("users with rights of their own"),
    policy: none("policies"),
    removePolicy: none("policies"),
    declareQueue: none("management API that changes something"),
    removeQueue: (name) => done(engine.deleteQueue(name)),
    removeExchange: (name) => done(engine.deleteExchange(name)),
    bindings: (exchange, queue) =>
      Promise.resolve(
        engine.view().bindings.filter((one) => one.exchange === exchange && one.queue === queue).map(({ key }) => key),
      ),
    unbind: (exchange, queue, key) => done(engine.unbind({ exchange, queue, key })),
  }
}
