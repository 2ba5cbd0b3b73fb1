/**
 * docs/telemetry.md is complete: every variable, attribute and metric there is has its line, and nothing else has.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { Clock, Effect } from "effect"
import { describe, test } from "#test"
import type { Step } from "../../src/runtime/mod.ts"
import { makeMeter, makeRecorder, samplerNames, type Span, variableNames } from "../../src/telemetry/mod.ts"
import { makeIds, nextTrace } from "../../src/wire/mod.ts"

const page = readFileSync(new URL("../../docs/telemetry.md", import.meta.url), "utf8")
  // columns are as wide as the formatter likes them
  .replaceAll(/ +\|/g, " |")

/** The names in the first column of a table, by what they begin with. */
const named = (pattern: RegExp): ReadonlyArray<string> =>
  [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = ""]) => name).filter((name) => pattern.test(name)).toSorted()

/** Every kind of step, as it is recorded on RabbitMQ. */
const recorded = (): ReadonlyArray<Span> => {
  const spans: Array<Span> = []
  const ids = makeIds((bytes) => void crypto.getRandomValues(bytes))
  const recorder = makeRecorder({
    system: "rabbitmq",
    app: "web",
    clock: Effect.runSync(Clock.Clock),
    ids,
    sampler: () => true,
    done: (span) => void spans.push(span),
  })
  const kinds: ReadonlyArray<Step["kind"]> = ["send", "call", "process", "serve", "request"]
  for (const kind of kinds) {
    const type = kind === "request"
      ? "POST /calls/sales/quote"
      : kind === "send" || kind === "process"
      ? "sales.orderPlaced"
      : "sales.quote"
    recorder.begin({
      kind,
      type,
      trace: nextTrace(undefined, ids.next(1)),
      parent: undefined,
      id: "1",
      app: "sales",
      handler: "sales.quote",
      queue: "warren.calls.sales.quote",
      attempt: 1,
      size: 2,
      first: undefined,
    }).fail("500", new TypeError("x"))
  }
  return spans
}

describe("docs/telemetry.md", () => {
  test("has every variable", () => {
    assert.ok(variableNames.length > 10)
    assert.deepEqual(named(/^OTEL_/), [...variableNames].toSorted())
    for (const sampler of samplerNames) assert.ok(page.includes(`\`${sampler}\``), sampler)
  })

  test("has every metric, with its type and labels", () => {
    const families = makeMeter().families()
    assert.deepEqual(named(/^warren_/), families.map(({ name }) => name).toSorted())
    for (const { name, type } of families) assert.ok(page.includes(`| \`${name}\` | ${type} |`), name)
  })

  test("has every attribute", () => {
    const attributes = new Set(recorded().flatMap((span) => [...span.attributes.keys()]))
    assert.deepEqual(named(/^[a-z]+\.[a-z._]+$/), [...attributes].toSorted())
  })

  test("has every span, with its kind", () => {
    for (const { name, kind } of recorded()) {
      assert.ok(page.includes(`| \`${name}\` | ${kind.toUpperCase()} |`), `${name} ${kind}`)
    }
  })
})
