/**
 * What `warren` says of mistakes, in this process: exit code, problem with its value, remedy, no stack.
 */
import assert from "node:assert/strict"
import { createServer } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { stripVTControlCharacters } from "node:util"
import { Console, Effect } from "effect"
import { afterAll, describe, test } from "#test"
import { program } from "../../src/cli/program.ts"
import { cleanUp, folderWith, root } from "./support.ts"

const fixtures = join(root, "test/cli/fixtures")
const bad = join(fixtures, "bad")
const clerk = join(fixtures, "team/clerk.ts")

/** Runs a command line here; nothing it prints gets out. */
const run = async (words: ReadonlyArray<string>, variables: Readonly<Record<string, string>> = {}) => {
  const text = { out: "", err: "" }
  const quiet: Console.Console = Object.assign(Object.create(console), {
    log: (...parts: ReadonlyArray<unknown>) => text.out += `${parts.join(" ")}\n`,
    error: (...parts: ReadonlyArray<unknown>) => text.err += `${parts.join(" ")}\n`,
  })
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    const code = await Effect.runPromise(Effect.provideService(program(words), Console.Console, quiet))
    return { code, out: stripVTControlCharacters(text.out), err: stripVTControlCharacters(text.err) }
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

const nowhere = "amqp://127.0.0.1:1"

/** What is run, with which code it ends, what it says. */
const mistakes: ReadonlyArray<readonly [words: ReadonlyArray<string>, code: number, ...says: ReadonlyArray<RegExp>]> = [
  [["rnu"], 2, /"rnu".*did you mean run/],
  [["run", "--htpp"], 2, /--htpp.*did you mean --http/, /`warren run --help`/],
  [["run", "--http=nowhere:x"], 2, /--http: "nowhere:x".*127\.0\.0\.1:9000/],
  [["run", "--grace", "10"], 2, /--grace: "10".*with its unit, such as 10s/],
  [["run", "--concurrency", "0"], 2, /"0".*a whole number from 1/],
  [["run", "--log-level", "loud"], 2, /"loud".*debug \| info \| warn \| error \| none/],
  [["run", "--broker", "localhost"], 2, /"localhost".*amqp:\/\//],
  [["run", fixtures, "--app", "x y"], 2, /--app: "x y"/],
  [["run", join(fixtures, "bad"), "--app", "one"], 2, /Cannot name \d modules "one"/],
  [["call"], 2, /Missing required argument: api\.call/],
  [["call", "greet"], 2, /"greet" as the name of a call/, /as in sales\.quote/],
  [["call", "clerk.greet", '{"name": Ada}'], 2, /line 1, column 10/, /\n +\^/],
  [["call", "clerk.greet", "{}", "--url", "ftp://x"], 2, /"ftp:\/\/x".*http/],
  [["call", "clerk.greet", "{}", "--url", "http://127.0.0.1:1"], 1, /http:\/\/127\.0\.0\.1:1/, /--url/],
  [["run", "nowhere.ts"], 1, /"nowhere\.ts": there is no such file or folder/],
  [["run", join(root, "package.json")], 1, /package\.json": a worker is a \.ts, \.mts, \.js or \.mjs file/],
  [["run", join(bad, "throws.ts")], 1, /bad\/throws\.ts": DATABASE_URL is not set/, /Correct it at .*throws\.ts:2/],
  [["run", join(bad, "cron.ts")], 1, /"0 25 \* \* \*"/, /Correct it at .*cron\.ts:4/],
  [["run", join(bad, "plain.ts")], 1, /export "helper" of ".*plain\.ts": it is a plain function/],
  [["run", join(bad, "layer.ts")], 1, /app "layer".*its layer failed, the database is down/],
  [["run", clerk, clerk, join(fixtures, "team")], 1, /Cannot listen/],
  [["run", clerk, "--http", "0.0.0.0:0"], 1, /there is no token/, /WARREN_TOKEN.*--insecure/],
  [
    ["call", "clerk.gret", "{}", "--broker", nowhere, "--workers", clerk],
    1,
    /call "clerk\.gret"/,
    /Did you mean "clerk\.greet"\?/,
  ],
  [["call", "else.what", "{}", "--broker", nowhere, "--workers", clerk], 1, /call "else\.what"/, /Name the modules/],
  [["run", clerk, "--broker", "amqp://someone:secret@127.0.0.1:1", "--wait", "0s"], 1, /127\.0\.0\.1:1/, /--broker/],
]

describe("warren", () => {
  afterAll(cleanUp)

  for (const [words, code, ...says] of mistakes) {
    const isBusy = says.some((one) => one.source === "Cannot listen")
    test(isBusy ? "run on a busy port" : words.join(" ").replaceAll(`${root}/`, ""), async () => {
      const holder = createServer()
      await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve))
      const { port } = holder.address() as { readonly port: number }
      const { code: got, err, out } = await run(isBusy ? [...words, "--http", String(port)] : words)
      holder.close()
      assert.equal(got, code, err)
      assert.equal(out, "")
      assert.match(err, /^error {2}/)
      for (const one of says) assert.match(err, one)
      if (isBusy) assert.match(err, new RegExp(`127\\.0\\.0\\.1:${port}.*in use`))
      assert.doesNotMatch(err, /\n +at |secret/)
    })
  }

  test("an empty folder", async () => {
    const folder = folderWith({ "notes.md": "", "inner/sales.ts": "", "sales.test.ts": "", "types.d.ts": "" })
    const { code, err } = await run(["run", folder])
    assert.equal(code, 1)
    assert.match(err, /there is no worker module directly in it/)
  })

  test("a file with a syntax error names the place", async () => {
    const file = join(folderWith({ "sales.ts": "export const a = 1\nexport const b = {{\n" }), "sales.ts")
    const { code, err } = await run(["run", file])
    assert.equal(code, 1)
    assert.match(err, /Cannot load ".*sales\.ts"/)
    assert.match(err, /Correct it at .*sales\.ts:2/)
  })

  test("a file that Node does not take for a module says how it becomes one", async () => {
    const folder = folderWith({
      "package.json": JSON.stringify({ type: "commonjs" }),
      "sales.ts":
        'import { join } from "node:path"\nthrow new SyntaxError("Cannot use import statement outside a module")\n',
      "parts.ts": 'throw new TypeError(`Unknown file extension ".ts" for /parts.ts`)\n',
    })
    const sales = await run(["run", join(folder, "sales.ts")])
    assert.equal(sales.code, 1)
    assert.match(sales.err, /Set "type": "module" in the package\.json/)
    const parts = await run(["run", join(folder, "parts.ts")])
    assert.match(parts.err, /Node 22\.18 or later, Bun or Deno/)
  })

  test("--log-level debug shows the stack", async () => {
    const { err } = await run(["run", join(bad, "throws.ts"), "--log-level", "debug"])
    assert.match(err, /throws\.ts:2/)
  })

  test("a variable is read where its flag is absent, and its mistakes are told", async () => {
    const { code, err } = await run(["run", clerk], { WARREN_GRACE: "soon" })
    assert.equal(code, 2)
    assert.match(err, /variable WARREN_GRACE: "soon"/)
    const won = await run(["run", clerk, "--grace", "1s"], { WARREN_GRACE: "soon", WARREN_HTTP: "0.0.0.0:0" })
    assert.equal(won.code, 1)
    assert.match(won.err, /there is no token/)
  })

  test("no command, --help and --version print and end with 0", async () => {
    for (
      const words of [[], ["--help"], ["run", "--help"], ["call", "--help"], ["emit", "--help"], ["topology", "--help"]]
    ) {
      const { code, out, err } = await run(words)
      assert.deepEqual({ words, code, err }, { words, code: 0, err: "" })
      assert.match(out, /EXAMPLES/)
    }
    assert.match((await run(["--version"])).out, /^warren v\d+\.\d+\.\d+/)
  })

  test("--completions prints a script for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, out } = await run(["--completions", shell])
      assert.equal(code, 0)
      assert.match(out, /topology/)
    }
  })

  test("topology --workers derives what run would declare", async () => {
    const { code, out } = await run(["topology", "--workers", clerk, "--json"])
    assert.equal(code, 0)
    const { queues } = JSON.parse(out) as { readonly queues: ReadonlyArray<{ readonly name: string }> }
    for (
      const name of [
        "warren.calls.clerk.greet",
        "warren.on.clerk.note",
        "warren.every.clerk.tidy",
        "warren.token.clerk.tidy",
        "warren.dead.clerk",
      ]
    ) {
      assert.ok(queues.some((queue) => queue.name === name), name)
    }
  })
})
