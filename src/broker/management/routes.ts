/**
 * Answers questions about a server as RabbitMQ's management API does: the part of it that shows, and nothing that changes.
 *
 * Above the forms and the figures; below whoever carries it (`adapters/embedded`). With it whatever looks into RabbitMQ looks
 * into this broker, too. Whoever may connect may ask. Pure but for what it reads of the server.
 */
import { Buffer } from "node:buffer"
import { isKnown } from "../server/credentials.ts"
import type { ServerFigures, VirtualHostFigures } from "../server/figures.ts"
import type { Server } from "../server/Server.ts"
import {
  bindingForms,
  channelForm,
  connectionForm,
  consumerForm,
  exchangeForm,
  type Json,
  nodeForm,
  overviewForm,
  queueForm,
} from "./forms.ts"
import { type Answer, listed, refuse, single } from "./listing.ts"

/** A question. */
export interface Question {
  readonly method: string
  /** With its query: `/api/queues/%2F?page=1`. */
  readonly target: string
  /** What the header of that name says. */
  readonly authorization: string | undefined
}

/** Answers; never throws for what a stranger says. */
export const manage = (server: Server, { method, target, authorization }: Question): Answer => {
  const user = userOf(authorization, server)
  if (user === undefined) return refuse(401, "not_authorised", "Login failed")
  if (method !== "GET") return refuse(405, "method_not_allowed", "it shows, and changes nothing: GET alone")
  const [path = "", query = ""] = target.split("?", 2)
  const parts = partsOf(path)
  const [root, kind = "", ...rest] = parts ?? []
  const route = root === "api" && Object.hasOwn(routes, kind) ? routes[kind] : undefined
  const asked = new Asked(server, user, new URLSearchParams(query))
  const answer = route?.(asked, rest)
  return answer ?? refuse(404, "Object Not Found", "Not Found")
}

/** Who asks; `undefined`: nobody who may. */
const userOf = (authorization: string | undefined, server: Server): string | undefined => {
  const found = /^basic +([\w+/=-]+)$/i.exec(authorization ?? "")?.[1] ?? ""
  const text = Buffer.from(found, "base64").toString("utf8")
  const at = text.indexOf(":")
  const said = { user: text.slice(0, Math.max(0, at)), password: text.slice(at + 1) }
  return isKnown(said, server.users) ? said.user : undefined
}

/** The decoded parts of a path; `undefined`: it cannot be decoded. A slash at the end is none. */
const partsOf = (path: string): ReadonlyArray<string> | undefined => {
  try {
    return path.replace(/^\/|\/$/g, "").split("/").map(decodeURIComponent)
  } catch {
    return undefined
  }
}

/** What a route is given; figures are read only where they are needed: with many queues they take milliseconds. */
class Asked {
  readonly server: Server
  readonly user: string
  readonly query: URLSearchParams
  #figures: ServerFigures | undefined

  constructor(server: Server, user: string, query: URLSearchParams) {
    this.server = server
    this.user = user
    this.query = query
  }

  get figures(): ServerFigures {
    return this.#figures ??= this.server.figures()
  }
}

/** What answers below a name; `undefined`: there is nothing of that path. */
type Route = (asked: Asked, rest: ReadonlyArray<string>) => Answer | undefined

/** A list of something of all virtual hosts, of one of them, or one thing by its name, and what more there is below that. */
const perHost = (
  all: (host: VirtualHostFigures, figures: ServerFigures) => ReadonlyArray<Json>,
  one?: (host: VirtualHostFigures, name: string, more: ReadonlyArray<string>, asked: Asked) => Answer | undefined,
): Route =>
(asked, [vhost, name, ...more]) => {
  const { figures, query } = asked
  if (vhost === undefined) return listed(figures.virtualHosts.flatMap((host) => all(host, figures)), query)
  const host = figures.virtualHosts.find((one) => one.name === vhost)
  if (host === undefined) return undefined
  return name === undefined ? listed(all(host, figures), query) : one?.(host, name, more, asked)
}

const queuesOf = ({ name: vhost, queues }: VirtualHostFigures, { name: node }: ServerFigures): ReadonlyArray<Json> =>
  queues.map((queue) => queueForm(vhost, node, queue))

const consumersOf = (
  { name: vhost, consumers }: VirtualHostFigures,
  { name: node, connections }: ServerFigures,
): ReadonlyArray<Json> => {
  const byId = new Map(connections.map((one) => [one.id, one]))
  return consumers.map((one) => consumerForm(vhost, node, one, byId.get(one.connection)))
}

/** The default exchange, which nobody declares. */
const nameless = { name: "", type: "direct" } as const

const exchangesOf = ({ name: vhost, exchanges }: VirtualHostFigures): ReadonlyArray<Json> => {
  const declared = exchanges.filter(({ name }) => name !== "")
  return [nameless, ...declared].map((spec) => exchangeForm(vhost, spec))
}

/** RabbitMQ lists connections once they are open. */
const connectionsOf = ({ connections, name }: ServerFigures, vhost?: string): ReadonlyArray<Json> =>
  connections.filter((one) => one.vhost !== "" && (vhost === undefined || one.vhost === vhost))
    .map((one) => connectionForm(one, name))

const everything = { configure: ".*", write: ".*", read: ".*" } as const

const permissionsOf = ({ name: vhost }: VirtualHostFigures, { users }: ServerFigures): ReadonlyArray<Json> =>
  users.map((user) => ({ user, vhost, ...everything }))

/** There are none, and nobody can make any. */
const none: Route = ({ server, query }, [vhost, name]) =>
  name === undefined && (vhost === undefined || server.virtualHost(vhost) !== undefined) ? listed([], query) : undefined

const routes: Readonly<Record<string, Route>> = {
  overview: ({ figures, query }) => single(overviewForm(figures), query),
  whoami: ({ user, query }) => single({ name: user, tags: ["administrator"] }, query),
  nodes: ({ figures, query }) => listed([nodeForm(figures)], query),
  vhosts: ({ figures, query }, [vhost, of]) => {
    if (vhost === undefined) return listed(figures.virtualHosts.map(({ name }) => ({ name })), query)
    if (!figures.virtualHosts.some(({ name }) => name === vhost)) return undefined
    if (of === "connections") return listed(connectionsOf(figures, vhost), query)
    return of === undefined ? single({ name: vhost }, query) : undefined
  },
  connections: ({ figures, query }, [name]) => name === undefined ? listed(connectionsOf(figures), query) : undefined,
  channels: ({ figures, query }, [name]) =>
    name === undefined
      ? listed(
        figures.connections.flatMap((one) => one.channels.map((channel) => channelForm(one, channel, figures.name))),
        query,
      )
      : undefined,
  queues: perHost(queuesOf, (host, name, [of], { figures, query }) => {
    const found = host.queues.find((queue) => queue.name === name)
    if (of === "bindings") {
      const to = (one: Json) => one["destination_type"] === "queue" && one["destination"] === name
      return found && listed(bindingForms(host).filter(to), query)
    }
    if (of !== undefined) return undefined
    const holders = { ...host, consumers: host.consumers.filter(({ queue }) => queue === name) }
    return single(
      found && { ...queueForm(host.name, figures.name, found), consumer_details: consumersOf(holders, figures) },
      query,
    )
  }),
  exchanges: perHost(exchangesOf, (host, said, [bindings, side], { query }) => {
    const name = said === "amq.default" ? "" : said
    const found = exchangesOf(host).find((one) => one["name"] === name)
    if (found === undefined || bindings === undefined) return single(found, query)
    if (bindings !== "bindings") return undefined
    const all = bindingForms(host)
    if (side === "source") return listed(all.filter(({ source }) => source === name), query)
    const to = (one: Json) => one["destination_type"] === "exchange" && one["destination"] === name
    return side === "destination" ? listed(all.filter(to), query) : undefined
  }),
  bindings: perHost(bindingForms),
  consumers: perHost(consumersOf),
  permissions: perHost(
    permissionsOf,
    (host, user, more, { figures, query }) =>
      more.length > 0 ? undefined : single(permissionsOf(host, figures).find((one) => one["user"] === user), query),
  ),
  policies: none,
  "operator-policies": none,
}
