/**
 * Our ZMTP, bare: a DEALER that asks, a ROUTER that answers.
 */
import { Effect, Redacted, Scope } from "effect"
import { generateKeys, keysOf, layerNode, openSocket, type SocketOptions } from "../../../adapters/zeromq/zmtp/mod.ts"
import { Answers, bytesOf, type Call, inTurn, type System } from "./System.ts"

/** The keys of the server, which both know: a bench has no secrets. */
const keys = keysOf(Redacted.make("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")) ?? generateKeys()

const open = (type: "DEALER" | "ROUTER", options: SocketOptions) =>
  Effect.runPromise(
    openSocket(type, options).pipe(
      Effect.provide(layerNode),
      Scope.provide(Scope.makeUnsafe()),
    ),
  )

const dial = async (address: string, bytes: number, curve: boolean): Promise<Call> => {
  const dealer = await open("DEALER", curve ? { curve: { role: "client", serverKey: keys.publicKey } } : {})
  await Effect.runPromise(dealer.connect(address))
  const answers = new Answers(bytes)
  dealer.deliver(([answer]) => answers.answer(answer!))
  const payload = [bytesOf(bytes)]
  return () => {
    const offered = dealer.offer(payload)
    if (offered !== "sent") throw new Error(`Cannot send: ${offered}`)
    return answers.next()
  }
}

/** Our ZMTP. */
export const system: System = {
  serve: async ({ curve }) => {
    const router = await open("ROUTER", curve ? { curve: { role: "server", keys } } : {})
    router.deliver((message) => {
      router.offer(message)
    })
    return await Effect.runPromise(router.bind("tcp://127.0.0.1:*"))
  },
  connect: async (addresses, { bytes, curve }) =>
    inTurn(await Promise.all(addresses.map((address) => dial(address, bytes, curve)))),
}
