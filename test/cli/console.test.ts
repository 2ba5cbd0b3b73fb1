/**
 * `warren console`: how lines are read and completed, what is kept of them, and scripts and a real terminal.
 */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { stripVTControlCharacters } from "node:util"
import { afterEach, describe, test } from "#test"
import { complete } from "../../src/cli/console/completion.ts"
import { exampleText, placeAtEnd, suggestionsAt } from "../../src/cli/console/fields.ts"
import { historyFile, mayKeep, openHistory } from "../../src/cli/console/history.ts"
import type { Knowledge } from "../../src/cli/console/knowledge.ts"
import { readLiteral } from "../../src/cli/console/literal.ts"
import { readLine } from "../../src/cli/console/words.ts"
import { cleanUp, folderWith, root, serving, warren } from "./support.ts"

afterEach(cleanUp)

describe("readLiteral()", () => {
  const value = (text: string): unknown => {
    const read = readLiteral(text)
    return read.ok ? JSON.parse(read.json) : assert.fail(JSON.stringify(read))
  }

  test("reads JSON as JSON does", () => {
    for (
      const one of [
        { a: [1, -2.5e3, true, false, null, "x"], "b-c": {}, "": [] },
        ['q"\\\n\t/\u0007', "é🧀", "\u2028"],
        "text",
        0,
      ]
    ) {
      assert.deepEqual(value(JSON.stringify(one)), one)
      assert.deepEqual(value(JSON.stringify(one, null, 2)), one)
    }
  })

  test("reads keys without quotes, single quotes, and a comma at the end", () => {
    assert.deepEqual(value(`{sku: 'it"s', $n_1: +.5, größe: [1, 2,], 'x': -.5,}`), {
      sku: 'it"s',
      $n_1: 0.5,
      größe: [1, 2],
      x: -0.5,
    })
  })

  test("evaluates nothing, and makes no prototype", () => {
    const text = "{__proto__: {admin: true}, constructor: 1}"
    const read = readLiteral(text)
    assert.ok(read.ok)
    const made = JSON.parse(read.json) as Record<string, unknown>
    assert.equal(Object.getPrototypeOf(made), Object.prototype)
    for (const bad of ["{a: process}", "{a: 1+1}", "{a: `x`}", "{[a]: 1}", "{a: 01}", "{a: 0x1}", "{a: NaN}"]) {
      assert.equal(readLiteral(bad).ok, false, bad)
    }
  })

  test("says what is wrong and where, and whether it goes on in the next line", () => {
    const fault = (text: string) => {
      const read = readLiteral(text)
      return read.ok ? assert.fail(text) : [read.offset, read.isOpen]
    }
    assert.deepEqual(fault("{a 1}"), [3, false])
    assert.deepEqual(fault("{a: x}"), [4, false])
    assert.deepEqual(fault("{a: 1,"), [6, true])
    assert.deepEqual(fault('{a: "x'), [4, true])
    assert.deepEqual(fault("{a: 1 b: 2}"), [6, false])
    assert.equal(readLiteral("[".repeat(10_000)).ok, false)
  })
})

describe("readLine()", () => {
  const words = (text: string) => {
    const line = readLine(text)
    return line.kind === "words" ? line.words : assert.fail(JSON.stringify(line))
  }

  test("has words as shells have them, and payloads without quotes", () => {
    assert.deepEqual(words(`call  a.b {x: 'y z'} --timeout 2s`), ["call", "a.b", '{"x":"y z"}', "--timeout", "2s"])
    assert.deepEqual(words(`call a.b '{"x":"it\\u0027s"}' "a \\"b" c\\ d`), [
      "call",
      "a.b",
      '{"x":"it\\u0027s"}',
      'a "b',
      "c d",
    ])
    assert.deepEqual(words("  # a remark"), [])
    assert.deepEqual(words(""), [])
  })

  test("a brace that is open goes on, what cannot be read is named", () => {
    assert.equal(readLine("call a.b {x:").kind, "open")
    assert.deepEqual(words("call a.b {x:\n 1}"), ["call", "a.b", '{"x":1}'])
    assert.equal(readLine("call a.b {x: 1}y").kind, "fault")
    assert.equal(readLine("call 'a.b").kind, "fault")
  })
})

const payload = {
  type: "object",
  properties: {
    sku: { type: "string" },
    mode: { enum: ["hard", "soft"] },
    "odd-key": { type: "boolean" },
    part: { $ref: "#/$defs/Part" },
    lines: { type: "array", items: { anyOf: [{ $ref: "#/$defs/Part" }, { type: "null" }] } },
  },
  required: ["sku", "mode"],
  $defs: { Part: { type: "object", properties: { name: { type: "string" }, price: { type: "integer" } } } },
}

describe("placeAtEnd()", () => {
  const offers = (text: string) => {
    const place = placeAtEnd(text)
    return place === undefined ? undefined : suggestionsAt(payload, place).filter((one) => one.startsWith(place.typed))
  }

  test("knows the fields of an object, those that are there already left out", () => {
    assert.deepEqual(offers("{"), ["sku: ", "mode: ", '"odd-key": ', "part: ", "lines: "])
    assert.deepEqual(offers("{s"), ["sku: "])
    assert.deepEqual(offers('{sku: "x", '), ["mode: ", '"odd-key": ', "part: ", "lines: "])
    assert.deepEqual(offers('{"sku": "x", m'), ["mode: "])
  })

  test("knows values that can be listed, and fields inside of fields and lists", () => {
    assert.deepEqual(offers("{mode: "), ['"hard"', '"soft"'])
    assert.deepEqual(offers('{mode: "s'), ['"soft"'])
    assert.deepEqual(offers('{"odd-key": '), ["true", "false"])
    assert.deepEqual(offers("{part: {"), ["name: ", "price: "])
    assert.deepEqual(offers("{lines: [{name: 'a, }', "), ["price: "])
    assert.deepEqual(offers("{lines: [{name: 'a'}, {"), ["name: ", "price: "])
    assert.deepEqual(offers("{part: {name: 'x'}, m"), ["mode: "])
  })

  test("has nothing where nothing can stand", () => {
    for (const text of ["{sku", "{sku "]) assert.deepEqual(offers(text), text === "{sku" ? ["sku: "] : undefined)
    for (const text of ['{sku: "x" ', "{}", "{]", "{sku: 1} ", '{sku: "x" y']) {
      assert.equal(offers(text), undefined, text)
    }
    assert.deepEqual(offers("{nothing: {"), [])
  })

  test("an example is a payload to begin with", () => {
    assert.equal(exampleText(payload), '{sku: "text", mode: "hard"}')
    assert.equal(exampleText(true), undefined)
  })
})

describe("complete()", () => {
  const known: Knowledge = {
    members: new Map([
      ["parts.lookup", { type: "parts.lookup", kind: "call", payload }],
      ["parts.sold", { type: "parts.sold", kind: "event", payload }],
      ["sales.quote", { type: "sales.quote", kind: "call", payload: true }],
    ]),
    apps: ["parts", "sales"],
  }
  const at = (line: string) => complete(line, known, ["call", "emit", "why", "trace", "ps"])

  test("commands, then names of the kind that they take, then payloads", () => {
    assert.deepEqual(at("")[0].slice(0, 2), ["call ", "emit "])
    assert.deepEqual(at("e"), [["emit ", "exit "], "e"])
    assert.deepEqual(at("call "), [["parts.lookup ", "sales.quote "], ""])
    assert.deepEqual(at("emit p"), [["parts.sold "], "p"])
    assert.deepEqual(at("why PARTS.L"), [["parts.lookup "], "PARTS.L"])
    assert.deepEqual(at("call parts.lookup "), [['{sku: "text", mode: "hard"}'], ""])
    assert.deepEqual(at("call parts.lookup {s"), [["sku: "], "s"])
    assert.deepEqual(at('call parts.lookup {sku: "a b", m'), [["mode: "], "m"])
    assert.deepEqual(at("why parts.sold --to p"), [["parts "], "p"])
  })

  test("nothing for what nobody knows", () => {
    assert.deepEqual(at("call nobody.knows {")[0], [])
    assert.deepEqual(at("call nobody.knows ")[0], [])
    assert.deepEqual(at("ps x")[0], [])
    assert.deepEqual(at("call sales.quote {")[0], [])
  })
})

describe("history", () => {
  const folder = () => mkdtempSync(join(tmpdir(), "warren-history-"))

  test("is read the newest first, in a file for its user alone", () => {
    const file = join(folder(), "state", "console")
    const history = openHistory(file)
    history.add("ps")
    history.add("call parts.lookup {}")
    assert.deepEqual(openHistory(file).lines, ["call parts.lookup {}", "ps"])
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(join(file, "..")).mode & 0o777, 0o700)
    chmodSync(file, 0o644)
    history.add("why x.y")
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  test("keeps no secret, nothing that begins with a space, and follows no link", () => {
    for (
      const line of [
        " ps",
        "",
        "call a.b {password: 'x'}",
        "call a.b {apiKey: 1}",
        "ps --token x",
        "emit a.b {clientSecret: 1}",
        "doctor amqp://u:p@host",
      ]
    ) assert.equal(mayKeep(line), false, line)
    assert.equal(mayKeep("call parts.lookup {sku: 'P-100'}"), true)
    const at = folder()
    writeFileSync(join(at, "other"), "theirs\n")
    symlinkSync(join(at, "other"), join(at, "link"))
    const history = openHistory(join(at, "link"))
    assert.deepEqual(history.lines, [])
    history.add("ps")
    assert.equal(readFileSync(join(at, "other"), "utf8"), "theirs\n")
  })

  test("is where the variables say, or nowhere", () => {
    assert.equal(historyFile({ XDG_STATE_HOME: "/s" }), "/s/warren/console")
    assert.equal(historyFile({ HOME: "/h" }), "/h/.local/state/warren/console")
    assert.equal(historyFile({ WARREN_HISTORY: "/x" }), "/x")
    assert.equal(historyFile({ WARREN_HISTORY: "off" }), undefined)
    openHistory(undefined).add("ps")
  })
})

const off = { WARREN_BEACONS: "off", WARREN_HISTORY: "off" }

describe("warren console as a script", () => {
  test("runs each line at a gateway, and says whether one failed", async () => {
    const { url } = await serving(["workers"], { env: off })
    const good = warren(["console", "--url", url], {
      env: off,
      input: `# a remark\ncall parts.lookup {sku: "P-100"}\ncall parts.lookup {\n  sku: 'P-200',\n}\nps --json\nhelp\n`,
    })
    assert.equal(await good.ended, 0, good.stderr())
    const [first, second, third] = good.lines() as ReadonlyArray<Record<string, unknown>>
    assert.deepEqual([first?.["sku"], second?.["sku"]], ["P-100", "P-200"])
    assert.ok(Array.isArray(third?.["processes"]))
    assert.match(good.stdout(), /\n {2}call +Call a running app/)
    assert.equal(good.stderr(), "")

    const bad = warren(["console", "--url", url], {
      env: off,
      input: [
        "call parts.lookup {sku: 'P-999'}",
        "callx",
        "call parts.lookup {sku: P-100}",
        "ps --broker amqp://localhost",
        "call parts.lookup -",
        "call parts.lookup {sku: 'P-100'}",
        "exit",
        "call never.called",
      ].join("\n"),
    })
    assert.equal(await bad.ended, 1)
    assert.match(bad.stderr(), /^error {2}UnknownPart: /)
    assert.match(bad.stderr(), /Unknown subcommand "callx".*did you mean call/)
    assert.match(bad.stderr(), /Cannot read the line: expected a value.*\n +call parts\.lookup \{sku: P-100\}\n +\^/)
    assert.match(bad.stderr(), /--broker leads elsewhere/)
    assert.match(bad.stderr(), /"-" would read standard input/)
    assert.doesNotMatch(bad.stderr(), /never/)
    // the lines after a mistake are said all the same
    assert.match(bad.stdout(), /^\{"sku":"P-100"/)
  })

  test("without anybody there it says so before the first line", async () => {
    const lost = warren(["console", "--url", "http://127.0.0.1:1"], { input: "ps\n" })
    assert.equal(await lost.ended, 1)
    assert.match(lost.stderr(), /warren run workers --http/)
  })

  test("a brace that is never closed is a mistake", async () => {
    const { url } = await serving(["workers/parts.ts"], { env: off })
    const open = warren(["console", "--url", url], { input: "call parts.lookup {\n", env: off })
    assert.equal(await open.ended, 1)
    assert.match(open.stderr(), /not finished/)
  })
})

const skip = process.platform === "linux" && spawnSync("python3", ["-c", "import pty"]).status === 0
  ? undefined
  : "there is no python3 to make a terminal with"

describe("warren console at a terminal", () => {
  const flags = "deno" in process.versions ? ["run", "-A", "--no-check"] : []

  /** Types once a pattern is shown, and a file is there; succeeds with what the terminal shows. */
  const type = (
    words: ReadonlyArray<string>,
    steps: ReadonlyArray<readonly [pattern: string, typed: string, when?: string]>,
    env: Record<string, string>,
  ) => {
    const { status, stdout, stderr } = spawnSync("python3", [
      join(root, "test/cli/fixtures/terminal.py"),
      JSON.stringify(steps),
      process.execPath,
      ...flags,
      join(root, "src/cli/main.ts"),
      "console",
      ...words,
    ], { cwd: root, env: { ...process.env, ...env }, encoding: "utf8", timeout: 60_000 })
    return { status, shown: stripVTControlCharacters(stdout).replaceAll("\r", ""), stderr }
  }

  test(
    "completes names and fields, remembers lines, and ctrl-c ends what runs, not the console",
    { skip, timeout: 90_000 },
    async () => {
      const state = mkdtempSync(join(tmpdir(), "warren-state-"))
      const begun = join(state, "4500")
      const folder = folderWith({
        "slow.ts": `
import { writeFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import { api, call, handle } from "warren"
export const Slow = api("slow", { wait: call({ ms: Schema.Int }, { returns: Schema.Int }) }, { expose: true })
export const wait = handle(Slow.wait, ({ ms }) => {
  writeFileSync(\`${state}/\${ms}\`, "")
  return Effect.as(Effect.sleep(ms), ms).pipe(Effect.onInterrupt(() => Effect.sync(() => console.log("stopped by its caller"))))
})
`,
      })
      const running = await serving([folder], { env: off })
      const { status, shown, stderr } = type(["--url", running.url], [
        ["warren> ", "ca\t"],
        ["call $|call \\S*$", "sl\t"],
        ["slow\\.wait ", "{m\t"],
        ["\\{ms: ", "7}\n"],
        ["\n7\\r?\n[\\s\\S]*warren> ", "call slow.wait {ms: 4500}\n"],
        ["4500\\}[\\r\\n]", "\x03", begun],
        ["\\^C[\\s\\S]*warren> ", "nonsense\n"],
        ["Unknown subcommand[\\s\\S]*warren> ", "\x1b[A\x1b[A\x1b[A"],
        ["ms: 7", "\x03"],
        ["warren> ", "call slow.wait {\n"],
        ["\\.\\.\\.> ", "m\t"],
        ["ms: ", "\x03"],
        ["\\^C[\\s\\S]*warren> ", "exit\n"],
      ], { ...off, WARREN_HISTORY: join(state, "console") })
      assert.equal(status, 0, `${stderr}\n${shown}`)
      await running.until(/stopped by its caller/)
      const kept = readFileSync(join(state, "console"), "utf8")
      assert.equal(kept, "call slow.wait {ms: 7}\ncall slow.wait {ms: 4500}\nnonsense\nexit\n")
      rmSync(state, { recursive: true, force: true })
    },
  )

  test("ctrl-d ends it, and so does ctrl-c twice", { skip, timeout: 60_000 }, async () => {
    const { url } = await serving(["workers/parts.ts"], { env: off })
    assert.equal(type(["--url", url], [["warren> ", "\x04"]], off).status, 0)
    const twice = type(["--url", url], [["warren> ", "\x03"], ["again[\\s\\S]*warren> ", "\x03"]], off)
    assert.equal(twice.status, 0, twice.shown)
    assert.equal(existsSync("off"), false)
  })
})
