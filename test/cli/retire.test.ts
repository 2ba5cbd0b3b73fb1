/**
 * What `warren topology` with a broker says of mistakes, and how its plans and figures look; no broker is needed.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { Console, Effect } from "effect"
import { describe, test } from "#test"
import { plain } from "../../src/cli/paint.ts"
import { program } from "../../src/cli/program.ts"
import { formatPlan, formatResult } from "../../src/cli/formatRetire.ts"
import { short } from "../../src/cli/table.ts"
import { root } from "./support.ts"

const run = async (words: ReadonlyArray<string>) => {
  const text = { out: "", err: "" }
  const quiet: Console.Console = Object.assign(Object.create(console), {
    log: (...parts: ReadonlyArray<unknown>) => text.out += `${parts.join(" ")}\n`,
    error: (...parts: ReadonlyArray<unknown>) => text.err += `${parts.join(" ")}\n`,
  })
  const code = await Effect.runPromise(Effect.provideService(program(words), Console.Console, quiet))
  return { code, out: stripVTControlCharacters(text.out), err: stripVTControlCharacters(text.err) }
}

const workers = ["--workers", join(root, "test/cli/fixtures/team/clerk.ts")]
const nowhere = ["--broker", "amqp://someone:secret@127.0.0.1:1"]

const mistakes: ReadonlyArray<readonly [words: ReadonlyArray<string>, code: number, ...says: ReadonlyArray<RegExp>]> = [
  [["retire"], 2, /no broker is named/, /--broker amqp:\/\//],
  [["retire", "--discard", "--to-dead", ...nowhere], 2, /both move messages and drop them/],
  [["--management", "localhost:15672", ...nowhere], 2, /"localhost:15672".*http:\/\/host:15672, or off/],
  [["--workers", "nowhere.ts", ...nowhere], 1, /"nowhere\.ts": there is no such file/],
  [[...workers, ...nowhere], 1, /127\.0\.0\.1:1/, /--broker/],
  [["retire", ...workers, ...nowhere], 1, /127\.0\.0\.1:1/, /--broker/],
]

describe("warren topology", () => {
  for (const [words, code, ...says] of mistakes) {
    test(words.join(" ").replaceAll(`${root}/`, ""), async () => {
      const { code: got, out, err } = await run(["topology", ...words])
      assert.equal(got, code, err)
      assert.equal(out, "")
      for (const one of says) assert.match(err, one)
      assert.doesNotMatch(err, /\n +at |secret/)
    })
  }

  test("retire --help shows how", async () => {
    const { code, out } = await run(["topology", "retire", "--help"])
    assert.equal(code, 0)
    for (const part of [/EXAMPLES/, /--to-dead/, /--discard/, /--yes/, /WARREN_MANAGEMENT/]) assert.match(out, part)
  })
})

describe("formatPlan()", () => {
  const orphan = {
    name: "warren.on.stock.old",
    type: "quorum",
    ready: 2,
    unacked: null,
    consumers: 0,
    role: "listener",
    app: "stock",
    rest: "old",
    events: null,
    retries: null,
    first: [{ id: "m0", type: "shop.sold", app: "shop", time: null, age: "?", payload: "{}" }],
  } as const
  const plan = { isEmpty: false, source: "AMQP alone", note: undefined, orphans: [orphan], stale: [] }

  test("says what is not known as such", () => {
    const text = formatPlan(plan, plain)
    assert.match(text, /event +\?\n/)
    assert.match(text, /retries +\? on their way/)
    assert.match(text, /m0 +shop\.sold +shop +\? +\{\}/)
  })

  test("says that there is nothing, and how it looked", () => {
    assert.match(
      formatPlan({ ...plan, isEmpty: true, orphans: [], note: "n" }, plain),
      /nothing to retire, by AMQP alone\nnote {2}n/,
    )
  })
})

test("formatResult() counts what was moved, dropped and will find no queue", () => {
  const text = formatResult({
    queues: [
      { _tag: "Removed", queue: "a", moved: 2, discarded: 1, retries: null },
      { _tag: "Kept", queue: "b", moved: 0, why: "it has 1 consumer" },
    ],
    unbound: [],
  }, plain)
  assert.equal(
    text,
    "removed  a, 2 moved to the dead letters, 1 dropped, perhaps some retries dropped as they come back\n" +
      "kept     b: it has 1 consumer",
  )
})

test("short() keeps foreign text on one line", () => {
  assert.equal(short("a\u001b[31m\nb\u202ec", 20), "a [31m b c")
  assert.equal(short("abcdef", 4), "abc…")
})
