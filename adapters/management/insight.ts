/**
 * What the management API tells beyond counts: limits in force, who consumes, connections, alarms, permissions.
 *
 * Beside `openManagement.ts`, over the same questions (`ask.ts`). Reads the answers as strangers' words: what is not as it should
 * be is left out or `null`. Changes nothing.
 */
import { Effect } from "effect"
import type {
  ConnectionFacts,
  ConsumerFacts,
  Insight,
  NodeFacts,
  QueueInsight,
  QueueLimits,
  StewardError,
} from "../../src/transport/mod.ts"
import { type Answer, type Api, ask } from "./ask.ts"
import { type InForce, inForce } from "./policies.ts"
import { isRecord, type Json, numberOf, textOf } from "./read.ts"

/** Items a page; pages at most: of more connections or queues the rest is not seen. */
const page = { size: 500, most: 20 }

/** The insight of one virtual host. */
export const insightOf = (api: Api, vhost: string): Insight => {
  const at = encodeURIComponent(vhost)
  const get = (path: string): Effect.Effect<Answer, StewardError> => ask(api, path)

  const pages = Effect.fnUntraced(function* (path: string) {
    const all: Array<Json> = []
    for (let number = 1; number <= page.most; number++) {
      const { status, json } = yield* get(`${path}&page=${number}&page_size=${page.size}`)
      if (status !== 200 || !isRecord(json) || !Array.isArray(json["items"])) return all
      all.push(...json["items"].filter(isRecord))
      if (number >= (numberOf(json["page_count"]) ?? 1)) return all
    }
    return all
  })

  const connections = Effect.map(
    pages(
      "/api/connections?pagination=true&columns=name,vhost,user,peer_host,peer_port,state,connected_at,client_properties",
    ),
    (all) => all.map((one) => ({ key: textOf(one["name"]) ?? "", facts: readConnection(one) })),
  )

  /** Not everybody is told of them: `undefined`. */
  const listed = (kind: string): Effect.Effect<ReadonlyArray<Json> | undefined, StewardError> =>
    get(`/api/${kind}/${at}`).pipe(
      Effect.map(({ status, json }) => status === 200 && Array.isArray(json) ? json.filter(isRecord) : undefined),
      Effect.catch((error) => error.reason._tag === "Unauthorized" ? Effect.succeed(undefined) : Effect.fail(error)),
    )

  return {
    queue: Effect.fnUntraced(function* (name) {
      const [{ status, json }, policies, operators] = yield* Effect.all([
        get(`/api/queues/${at}/${encodeURIComponent(name)}`),
        listed("policies"),
        listed("operator-policies"),
      ], { concurrency: "unbounded" })
      if (status !== 200 || !isRecord(json)) return undefined
      const force = policies === undefined
        ? asTold(json)
        : inForce(policies, operators ?? [], { name, type: textOf(json["type"]) })
      const holders = Array.isArray(json["consumer_details"]) ? json["consumer_details"].filter(isRecord) : []
      const known = holders.length === 0 ? new Map<string, ConnectionFacts>() : new Map(
        (yield* connections).map(({ key, facts }) => [key, facts]),
      )
      return readQueue(name, json, force, holders.map((one) => readConsumer(one, known)))
    }),
    exchange: (name) =>
      Effect.map(get(`/api/exchanges/${at}/${encodeURIComponent(name)}`), ({ status, json }) => {
        if (status !== 200 || !isRecord(json)) return undefined
        const policy = isRecord(json["effective_policy_definition"]) ? json["effective_policy_definition"] : {}
        const own = isRecord(json["arguments"]) ? json["arguments"] : {}
        return {
          name,
          type: textOf(json["type"]) ?? "",
          alternate: textOf(own["alternate-exchange"]) ?? textOf(policy["alternate-exchange"]) ?? null,
        }
      }),
    bindings: (exchange) =>
      Effect.map(
        get(
          `/api/exchanges/${at}/${
            encodeURIComponent(exchange)
          }/bindings/source?columns=destination,destination_type,routing_key`,
        ),
        ({ json }) =>
          !Array.isArray(json) ? [] : json.filter(isRecord).flatMap((one) => {
            const [queue, key] = [textOf(one["destination"]), textOf(one["routing_key"])]
            return one["destination_type"] === "queue" && queue !== undefined && key !== undefined
              ? [{ queue, key }]
              : []
          }),
      ),
    connections: Effect.map(connections, (all) => all.map(({ facts }) => facts)),
    nodes: Effect.map(
      get(
        "/api/nodes?columns=name,running,mem_alarm,disk_free_alarm,mem_used,mem_limit,disk_free,disk_free_limit",
      ),
      ({ json }) => Array.isArray(json) ? json.filter(isRecord).map(readNode) : [],
    ),
    permissions: (user) =>
      get(`/api/permissions/${at}/${encodeURIComponent(user)}`).pipe(
        Effect.map(({ status, json }) =>
          status !== 200 || !isRecord(json) ? undefined : {
            user,
            configure: textOf(json["configure"]) ?? "",
            write: textOf(json["write"]) ?? "",
            read: textOf(json["read"]) ?? "",
          }
        ),
        // only administrators are told
        Effect.catch((error) => error.reason._tag === "Unauthorized" ? Effect.succeed(undefined) : Effect.fail(error)),
      ),
    elsewhere: (prefix) =>
      Effect.map(
        pages(`/api/queues?use_regex=true&name=${regexOf(prefix)}&columns=name,vhost`),
        (all) =>
          all.flatMap((one) => {
            const [queue, other] = [textOf(one["name"]), textOf(one["vhost"])]
            return queue?.startsWith(prefix) && other !== undefined && other !== vhost ? [{ vhost: other, queue }] : []
          }),
      ),
  }
}

const regexOf = (prefix: string): string => encodeURIComponent(`^${prefix.replaceAll(/[^\w]/g, "\\$&")}`)

/** What the queue itself says of policies, seconds after they changed. */
const asTold = (json: Json): InForce => ({
  policy: textOf(json["policy"]) ?? textOf(json["operator_policy"]) ?? null,
  definition: isRecord(json["effective_policy_definition"]) ? json["effective_policy_definition"] : {},
})

const readQueue = (
  name: string,
  json: Json,
  { policy, definition }: InForce,
  holders: ReadonlyArray<ConsumerFacts>,
): QueueInsight => {
  const stats = isRecord(json["message_stats"]) ? json["message_stats"] : {}
  const rate = (what: string): number | null => {
    const details = stats[`${what}_details`]
    return isRecord(details) ? numberOf(details["rate"]) ?? null : null
  }
  return {
    name,
    type: textOf(json["type"]) ?? null,
    ready: numberOf(json["messages_ready"]) ?? null,
    unacked: numberOf(json["messages_unacknowledged"]) ?? null,
    consumers: numberOf(json["consumers"]) ?? null,
    state: textOf(json["state"]) ?? null,
    policy,
    limits: readLimits(json, definition),
    bytes: numberOf(json["message_bytes_ready"]) ?? null,
    holders,
    rates: {
      published: rate("publish"),
      delivered: rate("deliver_get"),
      acked: rate("ack"),
      redelivered: rate("redeliver"),
    },
  }
}

/** Of a limit that both give, the lower one is in force; of any other setting, the queue's own. */
const readLimits = (json: Json, policy: Json): QueueLimits => {
  const own = isRecord(json["arguments"]) ? json["arguments"] : {}
  const least = (name: string): number | null => {
    const given = [numberOf(own[`x-${name}`]), numberOf(policy[name])].filter((one) => one !== undefined)
    return given.length === 0 ? null : Math.min(...given)
  }
  const text = (name: string): string | undefined => textOf(own[`x-${name}`]) ?? textOf(policy[name])
  return {
    messageTtl: least("message-ttl"),
    maxLength: least("max-length"),
    maxBytes: least("max-length-bytes"),
    overflow: text("overflow")?.startsWith("reject-publish") === true ? "reject-publish" : "drop-head",
    expires: least("expires"),
    deliveryLimit: least("delivery-limit"),
    deadLetterExchange: text("dead-letter-exchange") ?? null,
    singleActiveConsumer: own["x-single-active-consumer"] === true,
  }
}

const readConsumer = (json: Json, known: ReadonlyMap<string, ConnectionFacts>): ConsumerFacts => {
  const channel = isRecord(json["channel_details"]) ? json["channel_details"] : {}
  const connection = known.get(textOf(channel["connection_name"]) ?? "")
  return {
    tag: textOf(json["consumer_tag"]) ?? "",
    connection: connection?.name ?? "",
    // a consumer may be told of some seconds before its connection is
    instance: connection === undefined ? null : connection.instance,
    peer: peerOf(channel),
    user: textOf(channel["user"]) ?? "",
    prefetch: numberOf(json["prefetch_count"]) ?? null,
    active: json["active"] !== false,
  }
}

const readConnection = (json: Json): ConnectionFacts => {
  const said = isRecord(json["client_properties"]) ? json["client_properties"] : {}
  return {
    name: textOf(said["connection_name"]) ?? "",
    vhost: textOf(json["vhost"]) ?? "",
    user: textOf(json["user"]) ?? "",
    peer: peerOf(json),
    state: textOf(json["state"]) ?? "",
    instance: textOf(said["warren_instance"]),
    apps: (textOf(said["warren_apps"]) ?? "").split(",").filter((app) => app !== ""),
    connectedAt: numberOf(json["connected_at"]) ?? null,
  }
}

const peerOf = (json: Json): string => {
  const host = textOf(json["peer_host"])
  const port = numberOf(json["peer_port"])
  return host === undefined ? "" : port === undefined ? host : `${host}:${port}`
}

const readNode = (json: Json): NodeFacts => ({
  name: textOf(json["name"]) ?? "",
  running: json["running"] === true,
  memoryAlarm: json["mem_alarm"] === true,
  diskAlarm: json["disk_free_alarm"] === true,
  memoryUsed: numberOf(json["mem_used"]) ?? null,
  memoryLimit: numberOf(json["mem_limit"]) ?? null,
  diskFree: numberOf(json["disk_free"]) ?? null,
  diskLimit: numberOf(json["disk_free_limit"]) ?? null,
})
