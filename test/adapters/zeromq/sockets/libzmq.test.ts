/**
 * The socket suite on libzmq, on Node; elsewhere it says why there is none.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { openLibzmqSocket } from "../../../../adapters/zeromq/libzmq/mod.ts"
import { program, root, run } from "../../../support/process.ts"
import { socketSuite } from "./suite.ts"

const isNode = !("bun" in process.versions) && !("deno" in process.versions)

const guesses = "libzmq names the endpoint of a connection, and no more"
const threads = "libzmq works in threads of its own, and does not tell"

socketSuite({
  name: "libzmq",
  open: openLibzmqSocket,
  skip: isNode ? undefined : "libzmq does not run on this runtime",
  traits: {
    givesUp: "libzmq tries again for ever",
    tellsPeers: guesses,
    tellsWhy: guesses,
    tellsAtOnce: "what libzmq refuses shows when a send is over",
    countsDropped: threads,
    countsUnsent: threads,
    limitsBytes: "libzmq has no such mark",
    limitsPeers: "libzmq has no such limit",
    limitsFrames: "libzmq has no such limit",
    limitsWholes: "libzmq limits each frame",
    keepsPeers: "libzmq ends the connections of an endpoint with it",
    refusesNames: "libzmq lets the connection be, and ignores what comes over it",
    forgivesAnswers: "libzmq ends the connection",
    forgetsDialled: "libzmq keeps its queue, to be sent when the peer is there again",
    survivesBreaks: "libzmq drops what its threads have not taken in yet",
    refusesOld: "libzmq speaks ZMTP 1.0 and 2.0, in which nearly every byte means something",
    sparesOld: "libzmq sends heartbeats whatever the peer's version is",
    sparesSlow: "libzmq sends no heartbeats of its own while it reads nothing",
    endsGently: true,
    waitsAtEnd: threads,
    tellsRetries: "libzmq tells the pause and not the reason",
    respectsPaths: "libzmq removes whatever is there",
  },
})

/** Opens a socket where the package is not installed, and says what came of it. */
const withoutPackage = `
  import { registerHooks } from "node:module"
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === "zeromq" ? "zeromq-that-nobody-has" : specifier, context),
  })
  const { openLibzmqSocket } = await import(process.argv[1])
  const { Effect } = await import("effect")
  console.log((await Effect.runPromise(Effect.scoped(Effect.flip(openLibzmqSocket("PULL"))))).message)
`

describe("openLibzmqSocket()", () => {
  test(
    "says that the package is not installed",
    { skip: isNode ? undefined : "it is not even tried here" },
    async () => {
      const { output } = await run(program("node"), [
        "--input-type=module",
        "-e",
        withoutPackage,
        join(root, "adapters", "zeromq", "libzmq", "mod.ts"),
      ])
      assert.equal(
        output.trim(),
        'Cannot use libzmq: the package "zeromq" is not installed; run "npm install zeromq", or use our own ZMTP',
      )
    },
  )

  test("leaves nothing that keeps a process", { skip: isNode ? undefined : "it is not even tried here" }, async () => {
    const { code, output } = await run(program("node"), [join(import.meta.dirname, "leaves.ts")])
    assert.deepEqual([code, output.trim()], [0, "done"])
  })

  test(
    "says why there is no libzmq on Bun and Deno",
    { skip: isNode ? "it is there on Node" : undefined },
    async () => {
      const failure = await Effect.runPromise(Effect.scoped(Effect.flip(openLibzmqSocket("PULL"))))
      assert.equal(failure._tag, "LibzmqUnavailable")
      assert.match(failure.message, /^Cannot use libzmq: on (Bun|Deno) .*; use our own ZMTP$/)
    },
  )
})
