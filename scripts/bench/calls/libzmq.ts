/**
 * libzmq, through the `zeromq` package: the same pair of sockets. Node only.
 */
import { Answers, bytesOf, type Call, inTurn, type System } from "./System.ts"

const secretKey = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
const publicKey = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

const dial = async (address: string, bytes: number, curve: boolean): Promise<Call> => {
  const { curveKeyPair, Dealer } = await import("zeromq")
  const own = curve ? curveKeyPair() : undefined
  const dealer = new Dealer(
    own === undefined
      ? {}
      : { curveServerKey: publicKey, curvePublicKey: own.publicKey, curveSecretKey: own.secretKey },
  )
  dealer.connect(address)
  const answers = new Answers(bytes)
  void (async () => {
    for await (const [answer] of dealer) answers.answer(answer!)
  })()
  const payload = bytesOf(bytes)
  // its socket takes one send at a time
  let last: Promise<void> = Promise.resolve()
  return () => {
    const answer = answers.next()
    last = last.then(() => dealer.send(payload))
    return answer
  }
}

/** libzmq. */
export const system: System = {
  serve: async ({ curve }) => {
    const { Router } = await import("zeromq")
    const router = new Router(curve ? { curveServer: true, curvePublicKey: publicKey, curveSecretKey: secretKey } : {})
    await router.bind("tcp://127.0.0.1:*")
    void (async () => {
      for await (const message of router) await router.send(message)
    })()
    return router.lastEndpoint ?? ""
  },
  connect: async (addresses, { bytes, curve }) =>
    inTurn(await Promise.all(addresses.map((address) => dial(address, bytes, curve)))),
}
