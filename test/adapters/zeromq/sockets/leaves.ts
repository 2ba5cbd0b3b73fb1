/**
 * A program that uses sockets of libzmq and comes to its end, although a peer was never there and others had more to say.
 */
import { Effect } from "effect"
import { openLibzmqSocket } from "../../../../adapters/zeromq/libzmq/mod.ts"
import { generateKeys } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { loopback, message } from "./rig.ts"

const [server, client] = [generateKeys(), generateKeys()]

const program = Effect.gen(function* () {
  const router = yield* openLibzmqSocket("ROUTER", {
    curve: { role: "server", keys: server, allowed: [client.publicKey] },
  })
  const dealer = yield* openLibzmqSocket("DEALER", {
    curve: { role: "client", serverKey: server.publicKey, keys: client },
  })
  yield* dealer.connect(yield* router.bind(loopback))
  yield* dealer.send(message("hello"))
  yield* router.receive
  for (let i = 0; i < 100; i++) dealer.offer(message("more"))
  const lonely = yield* openLibzmqSocket("PUSH", { linger: 50 })
  yield* lonely.connect("tcp://127.0.0.1:1")
  lonely.offer(message("never sent"))
  yield* Effect.forkChild(router.receive)
})

await Effect.runPromise(Effect.scoped(program))
console.log("done")
