/**
 * Surveys through RabbitMQ's management API: every queue, its figures, and the bindings of an exchange.
 *
 * Beside `adapters/amqp`, which does whatever changes something. Reads the answers as strangers' words: what is not as
 * it should be is left out, or is no management API. Makes sure first that it is the same broker: on one machine
 * another may have the usual port.
 */
import { Effect, Redacted } from "effect"
import {
  type Binding,
  NotManagement,
  OtherBroker,
  type QueueFacts,
  StewardError,
  type StewardReason,
  type Surveyor,
  TooMuch,
} from "../../src/transport/mod.ts"
import { type Api, ask } from "./ask.ts"
import { insightOf } from "./insight.ts"
import { isRecord } from "./read.ts"

/** Which API to use, and for which broker. */
export interface ManagementOptions {
  /** `http://host:15672` or `https://…`; a user and password in it go before the others. */
  readonly url: Redacted.Redacted<string> | string
  readonly user: string
  readonly password: Redacted.Redacted<string>
  readonly vhost: string
  /** The cluster that it must be; `undefined`: not known. */
  readonly cluster: string | undefined
  /** What it is called, for people. @default "the management API" */
  readonly called?: string
  /** Bytes of an answer at most. @default 16 MiB */
  readonly bytes?: number
  /** ms until an answer must have come. @default 5_000 */
  readonly patience?: number
}

/** Queues a page; pages at most. */
const page = { size: 500, most: 200 }

/** Asks the API who it is; fails when it is none, or another broker's. */
export const openManagement = Effect.fnUntraced(function* (
  options: ManagementOptions,
): Effect.fn.Return<Surveyor, StewardError> {
  const api = apiOf(options)
  const refuse = (reason: StewardReason) => new StewardError({ operation: "survey", target: api.url, reason })
  const { status, json } = yield* ask(api, "/api/overview?columns=cluster_name,management_version")
  if (status !== 200 || !isRecord(json) || typeof json["management_version"] !== "string") {
    return yield* refuse(new NotManagement({ detail: `"/api/overview" is not there (status ${status})` }))
  }
  const found = json["cluster_name"]
  if (options.cluster !== undefined && typeof found === "string" && found !== options.cluster) {
    return yield* refuse(new OtherBroker({ found, wanted: options.cluster }))
  }
  const vhost = encodeURIComponent(options.vhost)

  const queues = Effect.fnUntraced(function* (prefix: string) {
    const all: Array<QueueFacts> = []
    const name = encodeURIComponent(`^${prefix.replaceAll(/[^\w]/g, "\\$&")}`)
    for (let number = 1; number <= page.most; number++) {
      const path = `/api/queues/${vhost}?page=${number}&page_size=${page.size}&use_regex=true&name=${name}&columns=` +
        "name,type,messages_ready,messages_unacknowledged,consumers"
      const answer = yield* ask(api, path)
      // queues went while it read: there is no such page any more
      if (answer.status === 400 && number > 1) return all
      if (answer.status !== 200 || !isRecord(answer.json) || !Array.isArray(answer.json["items"])) {
        const detail = `"/api/queues" gives no list for virtual host "${options.vhost}" (status ${answer.status})`
        return yield* refuse(new NotManagement({ detail }))
      }
      all.push(...answer.json["items"].flatMap(readQueue))
      if (number >= Number(answer.json["page_count"] ?? 1)) return all
    }
    return yield* refuse(new TooMuch({ detail: `more than ${page.most * page.size} queues` }))
  })

  const bindings = Effect.fnUntraced(function* (exchange: string) {
    const path = `/api/exchanges/${vhost}/${encodeURIComponent(exchange)}/bindings/source?columns=` +
      "destination,destination_type,routing_key"
    const answer = yield* ask(api, path)
    // an exchange that nobody has declared yet
    if (answer.status === 404) return []
    if (!Array.isArray(answer.json)) {
      return yield* refuse(new NotManagement({ detail: `"/api/exchanges" gives no list (status ${answer.status})` }))
    }
    return answer.json.flatMap((one): ReadonlyArray<Binding> => {
      if (!isRecord(one) || one["destination_type"] !== "queue") return []
      const { destination: queue, routing_key: key } = one
      return typeof queue === "string" && typeof key === "string" ? [{ exchange, queue, key }] : []
    })
  })

  return {
    source: `${options.called ?? "the management API"} (${api.url})`,
    insight: insightOf(api, options.vhost),
    survey: ({ prefix, exchange }) =>
      Effect.map(Effect.all([queues(prefix), bindings(exchange)]), ([found, bound]) => ({
        complete: true,
        // a page may repeat what moved on while it read
        queues: [...new Map(found.map((one) => [one.name, one])).values()].filter(({ name }) =>
          name.startsWith(prefix)
        ),
        bindings: bound,
      })),
  }
})

const apiOf = ({ url, user, password, bytes, patience }: ManagementOptions): Api => {
  const given = new URL(Redacted.isRedacted(url) ? Redacted.value(url) : url)
  const own = given.username === "" ? undefined : {
    user: decode(given.username),
    password: Redacted.make(decode(given.password)),
  }
  return {
    url: `${given.protocol}//${given.host}${given.pathname.replace(/\/(api\/?)?$/, "")}`,
    ...(own ?? { user, password }),
    bytes: bytes ?? 16 * 1024 * 1024,
    patience: patience ?? 5_000,
  }
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const readQueue = (one: unknown): ReadonlyArray<QueueFacts> => {
  if (!isRecord(one) || typeof one["name"] !== "string") return []
  const { name, type, messages_ready: ready, messages_unacknowledged: unacked, consumers } = one
  return [{
    name,
    type: typeof type === "string" ? type : null,
    ready: count(ready),
    unacked: count(unacked),
    consumers: count(consumers),
  }]
}

const count = (value: unknown): number | null => typeof value === "number" && Number.isSafeInteger(value) ? value : null
