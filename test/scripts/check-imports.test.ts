/**
 * Every rule of `scripts/check-imports.ts` fires on a bad sample, at its line, and lets the good one pass.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { checkImports } from "../../scripts/check-imports.ts"

const found = (files: Record<string, string>) =>
  checkImports(new Map(Object.entries(files))).map(({ file, line, message }) => `${file}:${line} ${message}`)

const fires = (files: Record<string, string>, expected: RegExp) => {
  const findings = found(files)
  assert.equal(findings.length, 1, findings.join("\n"))
  assert.match(findings[0] ?? "", expected)
}

const passes = (files: Record<string, string>) => assert.deepEqual(found(files), [])

describe("check-imports", () => {
  test("a room imports the rooms below it through their doors", () =>
    passes({
      "src/wire/codec.ts": 'import { api } from "../contract/mod.ts"\nimport { Effect } from "effect"\n',
      "src/wire/mod.ts": 'export { codec } from "./codec.ts"\n',
      "src/cli/main.ts": 'import { layer } from "../../adapters/amqp/mod.ts"\nimport process from "node:process"\n',
      "src/mod.ts": 'export { Bus } from "./runtime/mod.ts"\n',
    }))

  test("a room does not import one above it", () => {
    fires(
      { "src/contract/a.ts": '\nimport { b } from "../wire/mod.ts"\n' },
      /^src\/contract\/a\.ts:2 imports "\.\.\/wire\/mod\.ts": src\/contract may import no other room$/,
    )
    fires(
      { "src/broker/a.ts": 'import type { B } from "../runtime/mod.ts"\n' },
      /src\/broker may import src\/transport/,
    )
    fires(
      { "adapters/amqp/a.ts": 'import { b } from "../../src/wire/mod.ts"\n' },
      /adapters\/amqp may import src\/collections, src\/transport/,
    )
    fires({ "src/runtime/a.ts": 'const b = import("../../adapters/amqp/mod.ts")\n' }, /src\/runtime may import/)
    fires({ "src/gateway/a.ts": 'import { b } from "../cli/mod.ts"\n' }, /src\/gateway may import/)
  })

  test("a room is entered by its door", () =>
    fires({ "src/wire/a.ts": 'import { b } from "../contract/api.ts"\n' }, /past the door: use src\/contract\/mod\.ts/))

  test("a room does not use its own door", () =>
    fires({ "src/wire/a.ts": 'export { b } from "./mod.ts"\n' }, /through the door/))

  test("an unknown room has to be added to the table", () =>
    fires({ "src/new/a.ts": 'import { b } from "../wire/mod.ts"\n' }, /does not know/))

  test("imports name the file, within the sources", () => {
    fires({ "src/wire/a.ts": 'import { b } from "./b.js"\n' }, /without "\.ts"/)
    fires({ "src/wire/a.ts": 'import { b } from "../../test/b.ts"\n' }, /from outside/)
  })

  test("files do not load each other in a circle, but their types may", () => {
    fires({
      "src/wire/a.ts": 'import { b } from "./b.ts"\n',
      "src/wire/b.ts": 'import { c } from "./c.ts"\n',
      "src/wire/c.ts": 'import { a } from "./a.ts"\n',
    }, /src\/wire\/a\.ts -> src\/wire\/b\.ts -> src\/wire\/c\.ts -> src\/wire\/a\.ts/)
    passes({ "src/wire/a.ts": 'import { b } from "./b.ts"\n', "src/wire/b.ts": 'import type { A } from "./a.ts"\n' })
  })

  test("a foreign library has its place", () => {
    fires({ "src/runtime/a.ts": 'import amqp from "amqplib"\n' }, /belongs to adapters\/amqp/)
    fires({ "src/runtime/a.ts": 'import { Hono } from "hono/tiny"\n' }, /belongs to src\/gateway, adapters/)
    fires({ "src/wire/a.ts": 'import fs from "node:fs"\n' }, /belongs to src\/cli/)
    fires({ "src/wire/a.ts": 'import { test } from "bun:test"\n' }, /belongs to adapters/)
    fires({ "src/wire/a.ts": 'import _ from "lodash"\n' }, /has no place/)
    fires({ "src/wire/a.ts": 'import { api } from "warren"\n' }, /its own package by name/)
    passes({ "src/gateway/a.ts": 'import { Hono } from "hono"\nimport { timingSafeEqual } from "node:crypto"\n' })
  })

  test("one file keeps amqplib to itself", () =>
    fires({
      "adapters/amqp/a.ts": 'import amqp from "amqplib"\n',
      "adapters/amqp/b.ts": 'import type { Channel } from "amqplib"\n',
    }, /^adapters\/amqp\/b\.ts:1 .*although adapters\/amqp\/a\.ts does/))

  test("time comes from Effect's clock", () => {
    for (
      const clock of ["Date.now()", "new Date()", "performance.now()", "setTimeout(() => {}, 1)", "setInterval(f)"]
    ) {
      fires({ "src/runtime/a.ts": `// real\nconst a = ${clock}\n` }, /:2 reads the real clock .*use Effect's clock/)
    }
    passes({ "src/runtime/a.ts": "// not setTimeout()\nconst a = new Date(0), b = 'Date.now()'\n" })
  })

  test("an adapter may meet the real clock if it says why, a behaviour suite always", () => {
    fires({ "adapters/runtime/a.ts": "setTimeout(f, 1)\n" }, /say why/)
    passes({ "src/testing/runtimeSuiteCalls.ts": "const started = performance.now()\n" })
    passes({ "adapters/runtime/a.ts": "// real time: the process is ending\nsetTimeout(f, 1)\n" })
  })

  test("any, and silenced checks, need a reason", () => {
    fires({ "src/wire/a.ts": "const a: any = 1\n" }, /uses `any`/)
    fires({ "src/wire/a.ts": "const a = b as Array<any>\n" }, /uses `any`/)
    fires({ "src/wire/a.ts": "// deno-lint-ignore no-explicit-any\nconst a: any = 1\n" }, /without saying why/)
    fires({ "src/wire/a.ts": "// @ts-ignore -- because\nconst a = 1\n" }, /without saying why/)
    fires({ "src/wire/a.ts": "// @ts-expect-error\nconst a = 1\n" }, /without saying why/)
    passes({
      "src/wire/a.ts":
        "// deno-lint-ignore no-explicit-any -- variance of Schema\nconst a: any = Effect.any(1)\n// any\n",
    })
  })
})
