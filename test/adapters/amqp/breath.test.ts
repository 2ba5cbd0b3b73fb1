/**
 * A broker that closes a connection in the same breath in which it opens it: nobody listens yet, and it is noticed.
 */
import { describe, test } from "#test"
import { Effect, Exit, Layer } from "effect"
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { createServer, type Socket } from "node:net"
import { layer } from "../../../adapters/amqp/mod.ts"
import { redeclare } from "../../../adapters/amqp/declare.ts"
import { failure } from "../../../adapters/amqp/Failure.ts"
import type { Connection } from "../../../adapters/amqp/Connection.ts"

/** A method on channel 0; the arguments are bytes already. */
const method = (id: number, args: Buffer): Buffer => {
  const head = Buffer.alloc(11)
  head[0] = 1
  head.writeUInt32BE(4 + args.length, 3)
  head.writeUInt16BE(10, 7)
  head.writeUInt16BE(id, 9)
  return Buffer.concat([head, args, Buffer.from([0xce])])
}

const long = (text: string): Buffer => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(text.length)
  return Buffer.concat([size, Buffer.from(text)])
}

const closing = "CONNECTION_FORCED - closed in the same breath"
const tune = Buffer.from([7, 255, 0, 2, 0, 0, 0, 0])
const answers: ReadonlyArray<Buffer> = [
  // start: version, no properties, mechanisms, locales
  method(10, Buffer.concat([Buffer.from([0, 9]), long(""), long("PLAIN"), long("en_US")])),
  method(30, tune),
  Buffer.concat([
    // open-ok, and close (320)
    method(41, Buffer.from([0])),
    method(50, Buffer.concat([Buffer.from([1, 64, closing.length]), Buffer.from(closing), Buffer.alloc(4)])),
  ]),
]

/** How many method frames of the client an answer waits for: its header, start-ok, tune-ok and open. */
const takes = [1, 1, 2]

const talk = (socket: Socket): void => {
  let at = 0
  let seen = 0
  socket.on("error", () => {})
  socket.on("data", (bytes) => {
    // a client says one thing at a time here, or its last two together
    seen += bytes.includes("AMQP") ? 1 : bytes.filter((byte) => byte === 0xce).length
    while (at < answers.length && seen >= takes[at]!) {
      seen -= takes[at]!
      socket.write(answers[at++]!)
    }
  })
}

describe("a connection that is closed as it opens", () => {
  test("fails, and is not taken for one that lives", async () => {
    const server = createServer(talk)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { readonly port: number }
    const url = `amqp://guest:guest@127.0.0.1:${port}`
    const exit = await Effect.runPromise(
      Effect.exit(Effect.scoped(Layer.build(layer({ url })))).pipe(Effect.timeout("10 seconds")),
    )
    assert.ok(Exit.isFailure(exit))
    await new Promise((resolve) => server.close(resolve))
  })

  test("redeclare() ends where no channel can be opened", async () => {
    const error = failure(new Error("No channels left to allocate"))
    const connection: Connection = {
      server: "none",
      cluster: undefined,
      local: undefined,
      lost: Effect.never,
      isLost: () => false,
      openChannel: () => Effect.fail(error),
    }
    const told: Array<string> = []
    const report = (failed: Error) => Effect.sync(() => void told.push(failed.message))
    const topology = { exchanges: [{ name: "e", type: "topic" as const }], queues: [], bindings: [] }
    const exit = await Effect.runPromise(Effect.exit(redeclare(connection, topology, report)))
    assert.ok(Exit.isFailure(exit))
    assert.deepEqual(told, [])
  })
})
