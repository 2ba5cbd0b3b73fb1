/**
 * docs/errors.md is complete: every error there is has its section, with its fields and its HTTP status.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { describe, test } from "#test"
import * as embedded from "../../adapters/embedded/mod.ts"
import * as runtimes from "../../adapters/runtime/mod.ts"
import * as contract from "../../src/contract/mod.ts"
import * as gateway from "../../src/gateway/mod.ts"
import { problemOf, problems } from "../../src/gateway/problem.ts"
import * as inbox from "../../src/inbox/mod.ts"
import * as front from "../../src/mod.ts"
import * as runtime from "../../src/runtime/mod.ts"
import * as testing from "../../src/testing/mod.ts"
import * as transport from "../../src/transport/mod.ts"
import * as wire from "../../src/wire/mod.ts"

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8")
const sections = new Map(
  page.split(/^### /m).slice(1).map((text) => [text.slice(0, text.indexOf("\n")), text.split(/^## /m)[0]!] as const),
)

const doors: ReadonlyArray<Readonly<Record<string, unknown>>> = [
  contract,
  embedded,
  front,
  gateway,
  inbox,
  runtime,
  runtimes,
  testing,
  transport,
  wire,
]

const errors = new Map(
  doors.flatMap((door) => Object.entries(door)).filter(([, value]) =>
    typeof value === "function" && value.prototype instanceof Error
  ),
)

const fieldsOf = (error: unknown): ReadonlyArray<string> =>
  Object.keys((error as { readonly fields?: Record<string, unknown> }).fields ?? {}).filter((name) => name !== "_tag")

describe("docs/errors.md", () => {
  test("has a section for every exported error, and for nothing else", () => {
    assert.ok(errors.size > 15)
    assert.deepEqual([...sections.keys()].sort(), [...errors.keys()].sort())
  })

  test("names every field of every error", () => {
    for (const [name, error] of errors) {
      for (const field of fieldsOf(error)) assert.ok(sections.get(name)?.includes(`\`${field}\``), `${name}.${field}`)
    }
  })

  test("says the status and Retry-After that the gateway gives", () => {
    const { Sample } = front.api("x", { Sample: front.event({ a: Schema.String }) })
    const facts = {
      call: "a.b",
      event: "a.b",
      contract: "a.b",
      detail: "",
      field: "",
      value: "",
      expected: "",
      misfits: [],
      chain: [],
      timeout: 1,
      stage: "waiting",
      ...contract.unseen,
    } as const
    const all = [
      new contract.NoHandler(facts),
      new contract.DeadlineExceeded(facts),
      new contract.Overloaded(facts),
      new contract.InvalidPayload(facts),
      new contract.InvalidReply(facts),
      new contract.HandlerFailed(facts),
      new contract.HandlerDied(facts),
      new contract.ReplyLost(facts),
      new contract.Disconnected(facts),
      new contract.NotConfirmed(facts),
    ]
    for (const error of all) {
      const { status, kind, headers } = problemOf(Sample, error)
      const later = headers?.["retry-after"]
      const said = later === undefined ? `HTTP: ${status}.` : `HTTP: ${status}, \`Retry-After: ${later}\`.`
      assert.ok(sections.get(error._tag)?.includes(said), `${error._tag}: ${said}`)
      assert.match(page, new RegExp(`^\\| ${status} +\\| \`${kind}\` .*\`${error._tag}\``, "m"))
    }
    const own = [
      problems.invalidJson(""),
      problems.invalidHeader("", "", ""),
      problems.unauthorized(false),
      problems.forbidden(""),
      problems.notInspected("", ""),
      problems.notAnswered("", undefined),
      problems.notFound(""),
      problems.methodNotAllowed("", ""),
      problems.bodyTimeout(1),
      problems.tooLarge(1),
      problems.notMediaType(""),
      problems.internal(),
    ]
    assert.equal(own.length, Object.keys(problems).length)
    for (const { status, kind } of own) assert.match(page, new RegExp(`^\\| ${status} +\\| \`${kind}\``, "m"))
  })
})
