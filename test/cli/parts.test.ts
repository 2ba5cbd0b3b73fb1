/**
 * The parts of the command line that are functions: reading words, payloads and addresses, examples, lines, imports.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import { Schema } from "effect"
import { afterAll, describe, test } from "#test"
import { joinValues } from "../../src/cli/argv.ts"
import { exampleOf } from "../../src/cli/example.ts"
import { formatJson, formatPretty, type Line } from "../../src/cli/log.ts"
import { plain, wantsColour } from "../../src/cli/paint.ts"
import { faultIn } from "../../src/cli/payload.ts"
import { readDuration } from "../../src/cli/settings.ts"
import { importsOf, specifiersIn } from "../../src/cli/watch/imports.ts"
import { makeCodec } from "../../src/contract/mod.ts"
import { cleanUp, folderWith } from "./support.ts"

describe("joinValues()", () => {
  test("joins what can only be an address", () => {
    for (const address of ["9000", ":9000", "localhost:9000", "127.0.0.1:9000", "[::1]:9000"]) {
      assert.deepEqual(joinValues(["run", "--http", address]), ["run", `--http=${address}`])
    }
  })
  test("swallows no module and no flag", () => {
    for (const word of ["workers", "sales.ts", "./9000", "--watch", "C:/workers"]) {
      assert.deepEqual(joinValues(["run", "--http", word]), ["run", "--http", word])
    }
    assert.deepEqual(joinValues(["run", "--", "--http", "9000"]), ["run", "--", "--http", "9000"])
  })
})

describe("faultIn()", () => {
  const faults: ReadonlyArray<readonly [text: string, offset: number]> = [
    ["", 0],
    ["{a:1}", 1],
    ['{"a" 1}', 5],
    ['{"a":1 "b":2}', 7],
    ['{"a":1,}', 7],
    ["[1,2", 4],
    ['"abc', 4],
    ['"a\\x"', 2],
    ["01", 1],
    ["nul", 0],
    ['{"a":1} x', 8],
    ["{'a':1}", 1],
  ]
  for (const [text, offset] of faults) test(`finds it in ${text}`, () => assert.equal(faultIn(text)?.offset, offset))
  test("finds none in JSON", () => {
    for (const text of ['{"a":[1,-2.5e3,true,null,"\\u00e4\\n"],"b":{}}', " [] ", "0", '"x"']) {
      assert.equal(faultIn(text), undefined, text)
    }
  })
})

describe("readDuration()", () => {
  test("reads numbers with a unit, and no others", () => {
    const read = ["500ms", "10s", "1.5s", "2m", "1h", "10 seconds", "0s"].map(readDuration)
    assert.deepEqual(read, [500, 10_000, 1_500, 120_000, 3_600_000, 10_000, 0])
    for (const text of ["10", "", "s", "-1s", "soon", "10 parsecs"]) assert.equal(readDuration(text), undefined, text)
  })
})

describe("exampleOf()", () => {
  test("fits the schema it is made from", () => {
    const schema = Schema.Struct({
      sku: Schema.String.annotate({ examples: ["P-100"] }),
      quantity: Schema.Int.check(Schema.isGreaterThan(2)),
      kind: Schema.Literals(["part", "service"]),
      big: Schema.BigInt,
      note: Schema.optionalKey(Schema.String),
      lines: Schema.Array(Schema.Struct({ id: Schema.String })),
      flag: Schema.Boolean,
    })
    const codec = makeCodec(schema)
    const example = exampleOf(codec.jsonSchema)
    assert.equal(codec.decode(example)._tag, "Success", JSON.stringify(example))
    assert.equal((example as { readonly sku: string }).sku, "P-100")
  })
})

describe("lines", () => {
  const line: Line = {
    at: 0,
    level: "warn",
    message: "late",
    app: "sales",
    handler: "sales.quote",
    id: "m1",
    error: "Oops",
    fields: { level: "mine", big: 1n, n: 1 },
  }
  test("formatJson() writes one object, whose own fields win, whatever a field holds", () => {
    const read = JSON.parse(formatJson(line)) as Record<string, unknown>
    assert.equal(read["time"], "1970-01-01T00:00:00.000Z")
    assert.deepEqual([read["level"], read["handler"], read["id"], read["error"]], ["warn", "sales.quote", "m1", "Oops"])
    assert.ok(!formatJson(line).includes("\n"))
  })
  test("formatPretty() is short", () => {
    assert.match(formatPretty(plain)(line), /^\d\d:\d\d:\d\d warn {2}sales\.quote late .*n=1 id=m1\n +Oops$/)
  })
  test("wantsColour() follows NO_COLOR, FORCE_COLOR and the terminal", () => {
    assert.equal(wantsColour(true, {}), true)
    assert.equal(wantsColour(false, {}), false)
    assert.equal(wantsColour(true, { NO_COLOR: "1", FORCE_COLOR: "1" }), false)
    assert.equal(wantsColour(false, { FORCE_COLOR: "1" }), true)
    assert.equal(wantsColour(true, { FORCE_COLOR: "0" }), false)
    assert.equal(wantsColour(true, { TERM: "dumb" }), false)
  })
})

describe("importsOf()", () => {
  afterAll(cleanUp)

  test("finds every way to import", () => {
    const text = `import a from "./a.ts"\nimport { b,\n  c } from './b.ts'\nimport "./c.ts"\nexport * from "./d.ts"
      const e = await import("./e.ts")\nimport type { F } from "./f.ts"\nconst s = "import";\nfrom("./no.ts")`
    assert.deepEqual(specifiersIn(text), ["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts"])
  })

  test("follows relative paths, #names and the package's own name, in circles too", () => {
    const folder = folderWith({
      "package.json": JSON.stringify({
        name: "shop",
        imports: { "#lib/*": "./lib/*.ts", "#one": { bun: "./lib/bun.ts", default: "./lib/node.ts" } },
        exports: { ".": "./mod.ts", "./apis/*": "./apis/*.ts" },
      }),
      "workers/sales.ts":
        `import "../lib/rel.ts"; import "#lib/star"; import "#one"; import "shop"; import "shop/apis/x"
        import "effect"; import "./gone.ts"`,
      "lib/rel.ts": `import "../workers/sales.ts"; import "./plain"`,
      "lib/plain.js": "",
      "lib/star.ts": "",
      "lib/bun.ts": "",
      "lib/node.ts": "",
      "mod.ts": "",
      "apis/x.ts": "",
    })
    const found = [...importsOf([join(folder, "workers/sales.ts")])].map((file) => file.slice(folder.length + 1)).sort()
    assert.deepEqual(found, [
      "apis/x.ts",
      "lib/bun.ts",
      "lib/node.ts",
      "lib/plain.js",
      "lib/rel.ts",
      "lib/star.ts",
      "mod.ts",
      "workers/gone.ts",
      "workers/sales.ts",
    ])
  })
})
