/**
 * Counts what goes over the wire: packets out and their confirms, packets in and their verdicts, the connection.
 *
 * Part of `Meter`, fed by `measured`. Packets are told apart by kind, type and, on their way in, by queue; the queues of
 * single processes count as one, so that there are few.
 */
import type { Confirm, Route, Status, Verdict } from "../transport/mod.ts"
import { Exchange, QueueName } from "../wire/mod.ts"
import { mostTypes, rest } from "./Deeds.ts"
import { Durations, seconds } from "./Durations.ts"
import type { Family, Labels, Point } from "./Family.ts"

/** Packets of one kind and type on their way out. */
export interface Outgoing {
  readonly labels: Labels
  published: number
  confirmed: number
  returned: number
  unconfirmed: number
  readonly confirming: Durations
}

/** Packets of one kind, type and queue on their way in. */
export interface Incoming {
  readonly labels: Labels
  delivered: number
  acked: number
  requeued: number
}

/** Traffic since the start. */
export class Traffic {
  readonly #outgoing = new Map<string, Map<string, Outgoing>>()
  readonly #incoming = new Map<string, Map<string, Incoming>>()
  readonly #statuses = new Set<Status["_tag"]>()
  #status: Status["_tag"] | undefined

  /** Where packets of that type on that route are counted. */
  outgoing(route: Route, type: string): Outgoing {
    const kind = kindOfRoute(route)
    return counted(this.#outgoing, kind, type, (known) => ({
      labels: { kind, type: known },
      published: 0,
      confirmed: 0,
      returned: 0,
      unconfirmed: 0,
      confirming: new Durations(),
    }))
  }

  /** Where packets of that type from that queue are counted. */
  incoming(queue: string, type: string): Incoming {
    const shared = sharedName(queue)
    return counted(this.#incoming, shared, type, (known) => ({
      labels: { kind: kindOfQueue(queue), type: known, queue: shared },
      delivered: 0,
      acked: 0,
      requeued: 0,
    }))
  }

  /** The connection is in that state now. */
  status({ _tag }: Status): void {
    this.#statuses.add(_tag)
    this.#status = _tag
  }

  /** Everything so far. */
  families(): ReadonlyArray<Family> {
    const out = rowsOf(this.#outgoing)
    const into = rowsOf(this.#incoming)
    return [
      counter("warren_messages_published_total", "Messages given to the broker", out, (row) => row.published),
      counter("warren_messages_confirmed_total", "Messages the broker took and routed", out, (row) => row.confirmed),
      counter("warren_messages_returned_total", "Messages that no queue wanted", out, (row) => row.returned),
      counter("warren_messages_unconfirmed_total", "Messages without a confirm", out, (row) => row.unconfirmed),
      counter("warren_messages_delivered_total", "Messages the broker gave to us", into, (row) => row.delivered),
      counter("warren_messages_acked_total", "Messages done with", into, (row) => row.acked),
      counter("warren_messages_requeued_total", "Messages given back", into, (row) => row.requeued),
      {
        name: "warren_confirm_duration_seconds",
        help: "How long the broker took to confirm",
        type: "histogram",
        bounds: seconds,
        points: out.flatMap(({ confirming, labels }) => confirming.points(labels)),
      },
      {
        name: "warren_connection_state",
        help: "1 for the state the connection to the broker is in, 0 for those it was in",
        type: "gauge",
        points: [...this.#statuses].map((status) => ({
          labels: { status: status.toLowerCase() },
          value: status === this.#status ? 1 : 0,
        })),
      },
    ]
  }
}

/** Counts a confirm, or that there was none. */
export const confirmed = (row: Outgoing, confirm: Confirm | undefined, ms: number): void => {
  if (confirm === undefined) return void row.unconfirmed++
  if (confirm === "routed") row.confirmed++
  else row.returned++
  row.confirming.add(ms)
}

/** Counts a verdict. */
export const settled = (row: Incoming, verdict: Verdict): void => {
  if (verdict === "ack") row.acked++
  else if (verdict === "requeue") row.requeued++
}

const counted = <Row>(
  rows: Map<string, Map<string, Row>>,
  key: string,
  type: string,
  make: (type: string) => Row,
): Row => {
  let byType = rows.get(key)
  if (byType === undefined) rows.set(key, byType = new Map())
  const found = byType.get(type)
  if (found !== undefined) return found
  if (byType.size >= mostTypes && type !== rest) return counted(rows, key, rest, make)
  const row = make(type)
  byType.set(type, row)
  return row
}

const rowsOf = <Row>(rows: ReadonlyMap<string, ReadonlyMap<string, Row>>): ReadonlyArray<Row> =>
  [...rows.values()].flatMap((byType) => [...byType.values()])

const counter = <Row extends { readonly labels: Labels }>(
  name: string,
  help: string,
  rows: ReadonlyArray<Row>,
  value: (row: Row) => number,
): Family => ({
  name,
  help,
  type: "counter",
  points: rows.map((row): Point => ({ labels: row.labels, value: value(row) })).filter(({ value }) => value > 0),
})

const prefixes: ReadonlyArray<readonly [prefix: string, kind: string]> = [
  [QueueName.replies(""), "reply"],
  [QueueName.call(""), "call"],
  ["warren.on.", "event"],
  ["warren.every.", "tick"],
  ["warren.token.", "token"],
  [QueueName.dead(""), "dead"],
  [QueueName.control(""), "control"],
  ["warren.tap.", "control"],
  [QueueName.retry(""), "retry"],
]

const kindOfQueue = (queue: string): string => prefixes.find(([prefix]) => queue.startsWith(prefix))?.[1] ?? "other"

const kindOfRoute = ({ exchange, key }: Route): string => {
  switch (exchange) {
    case Exchange.events:
      return "event"
    case Exchange.calls:
      return "call"
    case Exchange.control:
      return "control"
    default:
      return kindOfQueue(exchange === "" ? key : exchange)
  }
}

/** A queue's name without the process it belongs to. */
const sharedName = (queue: string): string => {
  const own = [QueueName.replies(""), QueueName.control("")].find((prefix) => queue.startsWith(prefix))
  return own === undefined ? queue : own.slice(0, -1)
}
