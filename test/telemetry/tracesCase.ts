/**
 * What a trace of the company looks like, whatever the broker: one call that calls two others and emits an event, whose
 * listener fails once.
 */
import assert from "node:assert/strict"
import { connect } from "../../src/mod.ts"
import {
  type Collector,
  collector,
  company,
  exporting,
  type Received,
  Support,
  until,
  withVariables,
} from "./receiver.ts"

const kind = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

/** The only span of a name and kind. */
const one = (spans: ReadonlyArray<Received>, name: string, kindOf: number): Received => {
  const found = spans.filter((span) => span.name === name && span.kind === kindOf)
  assert.equal(found.length, 1, `${name}: ${JSON.stringify(spans.map((span) => [span.name, span.kind]))}`)
  return found[0]!
}

const isChild = (child: Received, parent: Received) =>
  assert.equal(child.parentSpanId, parent.spanId, `${child.name} of ${parent.name}`)

/** Makes the call and looks at what arrives. */
export const tracesCase = async (broker: string | undefined): Promise<void> => {
  const there = await collector()
  try {
    await withVariables(exporting(there), () => observe(there, broker))
  } finally {
    await there.close()
  }
}

const observe = async (there: Collector, broker: string | undefined): Promise<void> => {
  const { workers, attempts } = company()
  {
    await using bus = await connect({ app: "web", broker, workers })
    assert.equal(await bus.call(Support.check({ sku: "P-1" })), true)
    await until(() => there.spans.filter(({ name }) => name === "process support.checked").length === 2)
    assert.equal(attempts.count, 2)
  }
  const { spans } = there
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1, "one trace")
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length, "each span has an id of its own")

  const asked = one(spans, "call support.check", kind.client)
  assert.equal(asked.parentSpanId ?? "", "")
  const checked = one(spans, "process support.check", kind.server)
  isChild(checked, asked)
  const lookup = one(spans, "call parts.lookup", kind.client)
  isChild(lookup, checked)
  const looked = one(spans, "process parts.lookup", kind.server)
  isChild(looked, lookup)
  isChild(one(spans, "parts.read", kind.internal), looked)
  const ask = one(spans, "support.ask", kind.internal)
  isChild(ask, checked)
  const valid = one(spans, "call warranty.valid", kind.client)
  isChild(valid, ask)
  isChild(one(spans, "process warranty.valid", kind.server), valid)
  const sent = one(spans, "send support.checked", kind.producer)
  isChild(sent, checked)
  const heard = spans.filter(({ name }) => name === "process support.checked")
    .toSorted((a, b) => Number(a.attributes["warren.attempt"]) - Number(b.attributes["warren.attempt"]))
  assert.equal(heard.length, 2)
  const [first, second] = heard as [Received, Received]
  for (const span of heard) {
    isChild(span, sent)
    assert.equal(span.kind, kind.consumer)
  }
  assert.deepEqual([first.status.code, first.status.message], [2, "TypeError: not yet"])
  assert.deepEqual(
    [first.attributes["warren.outcome"], first.attributes["error.type"], first.links],
    ["retry", "TypeError", []],
  )
  assert.deepEqual([second.attributes["warren.attempt"], second.attributes["warren.outcome"]], [2, "handled"])
  assert.deepEqual(second.links.map(({ traceId, spanId }) => [traceId, spanId]), [[first.traceId, first.spanId]])

  assert.deepEqual(
    [asked, checked, lookup, looked, sent, first].map(({ service }) => service),
    ["web", "support", "support", "parts", "support", "warranty"],
  )
  const system = broker === undefined ? "in-process" : "rabbitmq"
  const id = sent.attributes["messaging.message.id"]
  const routing = broker === undefined ? {} : { "messaging.rabbitmq.destination.routing_key": "support.checked" }
  const size = '{"sku":"P-1"}'.length
  assert.deepEqual(sent.attributes, {
    "warren.app": "support",
    "warren.handler": "support.check",
    "messaging.system": system,
    "messaging.operation.type": "send",
    "messaging.operation.name": "send",
    "messaging.destination.name": "support.checked",
    "messaging.message.id": id,
    "messaging.message.body.size": size,
    ...routing,
    "warren.outcome": "heard",
  })
  assert.deepEqual(second.attributes, {
    "warren.app": "warranty",
    "warren.handler": "warranty.note",
    "messaging.system": system,
    "messaging.operation.type": "process",
    "messaging.operation.name": "process",
    "messaging.destination.name": "support.checked",
    "messaging.message.id": id,
    "messaging.message.body.size": size,
    ...routing,
    "messaging.consumer.group.name": "warranty.note",
    "messaging.destination.subscription.name": "warren.on.warranty.note",
    "warren.attempt": 2,
    "warren.outcome": "handled",
  })
  assert.deepEqual([looked.attributes["rpc.system.name"], looked.attributes["rpc.method"]], ["warren", "parts/lookup"])
  assert.equal(asked.attributes["warren.outcome"], "answered")
  assert.equal(asked.status.code, 0)
}
