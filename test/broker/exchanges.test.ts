/**
 * Exchanges: of every type, bound to each other in any way, with alternates, and what their declarations mean.
 *
 * The engine with its memory of answers is held against a router without one.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { type Arguments, Engine, type ExchangeSpec, type Payload, type Value } from "../../src/broker/mod.ts"
import { fits, words } from "../../src/transport/mod.ts"
import { clocked, collect, packet, queue } from "./support.ts"

const text = (value: string): Value => ({ type: "longstr", value })
const table = (values: Readonly<Record<string, Value>>): Arguments => new Map(Object.entries(values))

/** What these tests publish: headers, and further keys. */
interface Note {
  readonly headers: Arguments
  readonly keys?: ReadonlyArray<string>
}

const notes: Payload<Note> = {
  expiration: () => undefined,
  size: () => 1,
  priority: () => 0,
  headers: ({ headers }) => headers,
  carbons: ({ keys, ...packet }) => keys === undefined ? undefined : { keys, packet },
  deaths: () => [],
  withDeath: (note) => note,
}

const makeEngine = () => new Engine<Note>({ payload: notes, now: () => 0 })

const names = ["w", "x", "y", "z"]
const targets = ["a", "b", "c"]
const key = fc.array(fc.constantFrom("k", "l"), { maxLength: 2 }).map((parts) => parts.join("."))
const pattern = fc.array(fc.constantFrom("k", "l", "*", "#"), { maxLength: 3 }).map((parts) => parts.join("."))
const headers = fc.record({ h: fc.constantFrom(text("1"), text("2")), g: fc.constant(text("1")) }, { requiredKeys: [] })
  .map((record) => table(record as Record<string, Value>))
const args = fc.record({
  "x-match": fc.constantFrom(text("any"), text("all")),
  h: fc.constantFrom<Value>(text("1"), { type: "void", value: undefined }),
  g: fc.constantFrom(text("1"), text("2")),
}, { requiredKeys: [] }).map((record) => table(record as Record<string, Value>))
const specs = fc.tuple(...names.map((name) =>
  fc.record({
    name: fc.constant(name),
    type: fc.constantFrom("direct" as const, "topic" as const, "fanout" as const, "headers" as const),
    alternate: fc.constantFrom(undefined, ...names, "nowhere"),
  })
))
const step = fc.record({
  act: fc.constantFrom("bind", "bind", "unbind", "link", "link", "unlink", "publish", "publish", "lose"),
  from: fc.constantFrom(...names),
  to: fc.nat(3),
  pattern,
  args,
  keys: fc.array(key, { minLength: 1, maxLength: 2 }),
  headers,
})

type Rule = readonly [from: string, to: string, pattern: string, args: Arguments]

const isSame = (a: Arguments, b: Arguments) =>
  a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)

const fitsRule = (type: ExchangeSpec["type"], [, , p, args]: Rule, keys: ReadonlyArray<string>, headers: Arguments) => {
  if (type === "fanout") return true
  if (type === "direct") return keys.includes(p)
  if (type === "topic") return keys.some((k) => fits(words(p), words(k)))
  const asked = ["h", "g"].filter((name) => args.has(name))
  const isThere = (name: string) =>
    headers.has(name) && (args.get(name)?.type === "void" || args.get(name)?.value === headers.get(name)?.value)
  return args.get("x-match")?.value === "any" ? asked.some(isThere) : asked.every(isThere)
}

describe("exchanges", () => {
  test("lead where their bindings say, through others and round in circles, whatever was asked before", () => {
    fc.assert(
      fc.property(specs, fc.array(step, { maxLength: 60 }), (specs, steps) => {
        const engine = makeEngine()
        for (const { alternate, ...spec } of specs) {
          engine.declareExchange(alternate === undefined ? spec : { ...spec, alternate })
        }
        for (const name of targets) engine.declareQueue(queue(name))
        let rules: ReadonlyArray<Rule> = []
        const without = ([from, to, p, args]: Rule) =>
          rules.filter((one) => !(one[0] === from && one[1] === to && one[2] === p && isSame(one[3], args)))

        const route = (start: string, keys: ReadonlyArray<string>, headers: Arguments): ReadonlyArray<string> => {
          const [reached, asked] = [new Set<string>(), new Set([start])]
          for (const name of asked) {
            const { type = "direct", alternate } = specs.find((spec) => spec.name === name) ?? {}
            const fitting = rules.filter((rule) => rule[0] === name && fitsRule(type, rule, keys, headers))
            for (const [, to] of fitting) if (targets.includes(to)) reached.add(to)
            for (const [, to] of fitting) if (names.includes(to)) asked.add(to)
            if (fitting.length === 0 && alternate !== undefined && names.includes(alternate)) asked.add(alternate)
          }
          return [...reached].sort()
        }

        for (const { act, from, to, pattern, args, keys, headers } of steps) {
          const [name = "a", other = "w"] = [targets[to % 3], names[to]]
          const more = { exchange: from, key: pattern, arguments: args }
          if (act === "bind") {
            rules = [...without([from, name, pattern, args]), [from, name, pattern, args]]
            engine.bind({ ...more, queue: name })
          } else if (act === "unbind") {
            rules = without([from, name, pattern, args])
            engine.unbind({ ...more, queue: name })
          } else if (act === "link") {
            rules = [...without([from, other, pattern, args]), [from, other, pattern, args]]
            engine.bindExchange({ ...more, target: other })
          } else if (act === "unlink") {
            rules = without([from, other, pattern, args])
            engine.unbindExchange({ ...more, target: other })
          } else if (act === "lose") {
            rules = rules.filter((rule) => rule[1] !== name)
            engine.deleteQueue(name)
            engine.declareQueue(queue(name))
          } else {
            const before = targets.map((name) => engine.queue(name)?.ready ?? 0)
            const [first = "", ...further] = keys
            const published = engine.publish(
              from,
              first,
              further.length === 0 ? { headers } : { headers, keys: further },
            )
            const reached = targets.filter((name, i) => engine.queue(name)?.ready === (before[i] ?? 0) + 1)
            assert.deepEqual(reached, route(from, keys, headers))
            assert.equal(published._tag, reached.length === 0 ? "Unroutable" : "Routed")
          }
          const { bindings, links } = engine.view()
          assert.equal(bindings.length + links.length, rules.length)
        }
      }),
      { seed: 3, numRuns: 400 },
    )
  })

  test("remember no endlessly many keys", () => {
    const engine = makeEngine()
    engine.declareExchange({ name: "x", type: "topic" })
    engine.declareQueue(queue("a", { maxLength: 10 }))
    engine.bind({ exchange: "x", queue: "a", key: "#" })
    for (let i = 0; i < 25_000; i++) {
      assert.notEqual(engine.publish("x", `key.${i}`, { headers: new Map() })._tag, "Unroutable")
    }
  })

  test("of type headers look at names that begin with x- only where that was asked for", () => {
    const engine = makeEngine()
    engine.declareExchange({ name: "x", type: "headers" })
    const reaches = (asked: Readonly<Record<string, Value>>, given: Readonly<Record<string, Value>>): boolean => {
      engine.deleteQueue("a")
      engine.declareQueue(queue("a"))
      assert.equal(engine.bind({ exchange: "x", queue: "a", key: "", arguments: table(asked) }), undefined)
      return engine.publish("x", "", { headers: table(given) })._tag === "Routed"
    }
    const any = { "x-match": text("any") }
    assert.equal(reaches({}, {}), true)
    assert.equal(reaches(any, { h: text("1") }), false)
    assert.equal(reaches({ "x-h": text("1") }, {}), true)
    assert.equal(reaches({ ...any, "x-h": text("1") }, { "x-h": text("1") }), false)
    assert.equal(reaches({ "x-match": text("any-with-x"), "x-h": text("1") }, { "x-h": text("1") }), true)
    assert.equal(reaches({ "x-match": text("all-with-x"), "x-h": text("1") }, {}), false)
    assert.equal(reaches({ h: { type: "long", value: 1 } }, { h: { type: "double", value: 1 } }), true)
    assert.equal(reaches({ h: text("1") }, { h: { type: "binary", value: new Uint8Array([49]) } }), true)
    assert.equal(reaches({ h: text("true") }, { h: { type: "bool", value: true } }), false)
    const list = (type: string): Value => ({ type: "array", value: [{ type, value: 1 }] })
    assert.equal(reaches({ h: list("long") }, { h: list("byte") }), false)
    assert.equal(
      reaches({ h: { type: "table", value: table({ a: text("1") }) } }, {
        h: { type: "table", value: table({ a: text("1") }) },
      }),
      true,
    )
    const refusal = engine.bind({ exchange: "x", queue: "a", key: "", arguments: table({ "x-match": text("some") }) })
    assert.equal(refusal?._tag, "Clash")
    const byNumber = table({ "x-match": { type: "long", value: 1 } })
    assert.equal(engine.bindExchange({ exchange: "x", target: "x", key: "", arguments: byNumber })?._tag, "Clash")
  })

  test("that are internal take messages from others only", () => {
    const engine = makeEngine()
    engine.declareExchange({ name: "inner", type: "fanout", internal: true })
    engine.declareExchange({ name: "outer", type: "fanout" })
    engine.declareQueue(queue("a"))
    engine.bind({ exchange: "inner", queue: "a", key: "" })
    engine.bindExchange({ exchange: "outer", target: "inner", key: "" })
    const [plain, several] = [{ headers: new Map() }, { headers: new Map(), keys: ["k"] }]
    for (const note of [plain, several]) {
      assert.equal(engine.publish("inner", "", note)._tag, "Forbidden")
      assert.equal(engine.publish("outer", "", note)._tag, "Routed")
    }
  })

  test("deleted by themselves go with the last that starts from them, one after another", () => {
    const engine = makeEngine()
    for (const name of ["x", "y"]) engine.declareExchange({ name, type: "fanout", autoDelete: true })
    engine.declareQueue(queue("a"))
    assert.equal(engine.unbind({ exchange: "y", queue: "a", key: "" }), undefined)
    assert.notEqual(engine.exchange("y"), undefined)
    engine.bind({ exchange: "y", queue: "a", key: "" })
    engine.bindExchange({ exchange: "x", target: "y", key: "" })
    engine.deleteQueue("a")
    assert.deepEqual([engine.exchange("x"), engine.exchange("y")], [undefined, undefined])
    assert.deepEqual(engine.view().links, [])
  })

  test("stay while something starts from them, if that was asked for", () => {
    const engine = makeEngine()
    engine.declareExchange({ name: "x", type: "fanout" })
    engine.declareExchange({ name: "y", type: "fanout" })
    engine.bindExchange({ exchange: "x", target: "y", key: "" })
    assert.equal(engine.deleteExchange("x", { ifUnused: true })?._tag, "InUse")
    assert.equal(engine.deleteExchange("y", { ifUnused: true }), undefined)
    assert.equal(engine.deleteExchange("x", { ifUnused: true }), undefined)
    assert.equal(engine.deleteExchange("x"), undefined)
    assert.equal(engine.deleteExchange("")?._tag, "Forbidden")
  })

  test("tell a declaration from another in every property but the arguments", () => {
    const engine = makeEngine()
    const spec = { name: "x", type: "direct" } as const
    engine.declareExchange(spec)
    const equal = { ...spec, durable: true, autoDelete: false, internal: false, arguments: table({ k: text("v") }) }
    assert.equal(engine.declareExchange(equal), undefined)
    const others: ReadonlyArray<Partial<ExchangeSpec>> = [
      { type: "fanout" },
      { durable: false },
      { autoDelete: true },
      { internal: true },
      { alternate: "y" },
    ]
    for (const more of others) {
      const refusal = engine.declareExchange({ ...spec, ...more })
      assert.ok(refusal?._tag === "Clash")
      assert.equal(refusal.difference?.property, Object.keys(more)[0])
    }
  })

  test("keep bindings apart that differ in their arguments only", () => {
    const engine = makeEngine()
    engine.declareExchange({ name: "x", type: "direct" })
    engine.declareQueue(queue("a"))
    const [one, two] = [table({ n: text("1") }), table({ n: text("2") })]
    for (const args of [one, two, one]) engine.bind({ exchange: "x", queue: "a", key: "k", arguments: args })
    assert.equal(engine.view().bindings.length, 2)
    engine.unbind({ exchange: "x", queue: "a", key: "k" })
    engine.unbind({ exchange: "x", queue: "a", key: "k", arguments: table({ n: text("1") }) })
    assert.deepEqual(engine.view().bindings, [{ exchange: "x", queue: "a", key: "k", arguments: two }])
  })
})

describe("further keys of one message", () => {
  test("lead to each queue once, and the message goes on as it should be seen", () => {
    const engine = makeEngine()
    for (const name of targets) engine.declareQueue(queue(name))
    assert.equal(engine.publish("", "a", { headers: new Map(), keys: ["b", "a"] })._tag, "Routed")
    assert.deepEqual(targets.map((name) => engine.queue(name)?.ready), [1, 1, 0])
    const seen = engine.peek("b", 1)
    assert.ok(!("_tag" in seen))
    assert.deepEqual(seen.map(({ packet, key }) => [packet, key]), [[{ headers: new Map() }, "a"]])
  })

  test("go with it to the dead-letter exchange, unless the queue has a key for it", () => {
    const engine = makeEngine()
    engine.declareExchange({ name: "dead", type: "direct" })
    engine.declareQueue(queue("own", { deadLetterExchange: "dead" }))
    engine.declareQueue(queue("other", { deadLetterExchange: "dead", deadLetterKey: "k" }))
    for (const name of targets) {
      engine.declareQueue(queue(name))
      engine.bind({ exchange: "dead", queue: name, key: name === "c" ? "k" : name })
    }
    const deaths = ["own", "other"].map((name) => {
      engine.publish("", name, { headers: new Map(), keys: ["a", "b"] })
      for (const target of targets) engine.purge(target)
      engine.consume(name, { owner: engine, prefetch: 0, deliver: (hand) => engine.settle(hand, "reject") })
      return targets.map((target) => engine.queue(target)?.ready)
    })
    assert.deepEqual(deaths, [[1, 1, 0], [0, 0, 1]])
  })

  test("are nobody's in process", () => {
    const { engine } = clocked()
    engine.declareQueue(queue("a"))
    const { hands } = collect(engine, "a")
    engine.publish("", "a", packet("1", { headers: { CC: "b" } }))
    assert.deepEqual(hands.map(({ key, exchange }) => [exchange, key]), [["", "a"]])
  })
})
