/**
 * The conversations that are recorded: which two sockets, with which options, and what they say to each other.
 *
 * Above `sides.ts`, below `record.ts`. Together they have every kind of socket, sizes on both sides of each limit of the
 * framing, subscriptions in both versions, heartbeats, refusals, and CURVE.
 */
import { pattern } from "./fixture.ts"
import type { Side, SideOptions } from "./sides.ts"

/** What the two sides of one are, and do. */
export interface Plan {
  readonly name: string
  readonly about: string
  readonly connector: readonly [type: string, options?: SideOptions]
  readonly binder: readonly [type: string, options?: SideOptions]
  /** Each is made to believe that the other has this minor version. */
  readonly minor?: number
  /** The binder is a CURVE server that the connector knows. */
  readonly curve?: true
  /** A handler of authentication requests answers so. */
  readonly authentication?: string
  readonly run: (connector: Side, binder: Side) => Promise<void>
}

const bytes = (text: string) => new TextEncoder().encode(text)
const empty = new Uint8Array(0)

/** One message there, one back. */
const exchange = async (asker: Side, answerer: Side, question: ReadonlyArray<Uint8Array>, answer = question) => {
  await asker.send(question)
  await answerer.receive()
  await answerer.send(answer)
  await asker.receive()
}

const short: ReadonlyArray<ReadonlyArray<Uint8Array>> = [
  [bytes("hello")],
  [empty],
  [bytes("several"), empty, bytes("frames")],
]

const ask = async (connector: Side, binder: Side) => {
  for (const message of short) await exchange(connector, binder, message)
}

/** A subscriber that connects, wants this and that, and gets what it wants. */
const subscribe = async (subscriber: Side, publisher: Side) => {
  await subscriber.subscribe("news.")
  await subscriber.subscribe("")
  await subscriber.subscribe("t".repeat(300))
  await subscriber.settled()
  await publisher.send([bytes("news.today"), bytes("sunny")])
  await subscriber.receive()
  await subscriber.unsubscribe("")
  await subscriber.settled()
  await publisher.send([bytes("other")], "unseen")
  await publisher.send([bytes("news.")])
  await subscriber.receive()
}

/** All of them. */
export const plans: ReadonlyArray<Plan> = [
  { name: "req-rep", about: "REQ asks REP", connector: ["REQ"], binder: ["REP"], run: ask },
  {
    name: "req-rep-identity",
    about: "REQ with an identity asks REP",
    connector: ["REQ", { routingId: "asker" }],
    binder: ["REP"],
    run: ask,
  },
  {
    name: "dealer-router",
    about: "DEALER and ROUTER without identities",
    connector: ["DEALER"],
    binder: ["ROUTER"],
    run: ask,
  },
  {
    name: "dealer-router-identity",
    about: "DEALER with the longest identity and ROUTER with a short one",
    connector: ["DEALER", { routingId: "d".repeat(255) }],
    binder: ["ROUTER", { routingId: "router" }],
    run: ask,
  },
  {
    name: "push-pull-sizes",
    about: "PUSH to PULL: bodies around every limit of the framing, and more than 64 KiB",
    connector: ["PUSH"],
    binder: ["PULL"],
    run: async (push, pull) => {
      for (const size of [0, 1, 254, 255, 256, 257]) {
        await push.send([new Uint8Array(size).fill(size % 251)])
        await pull.receive()
      }
      await push.send([bytes("long ones"), pattern(65_535), empty, pattern(65_537), pattern(200_000), bytes("end")])
      await pull.receive()
    },
  },
  {
    name: "pull-push",
    about: "PULL connects to PUSH",
    connector: ["PULL"],
    binder: ["PUSH"],
    run: async (pull, push) => {
      for (const message of short) {
        await push.send(message)
        await pull.receive()
      }
    },
  },
  { name: "sub-pub", about: "SUB and PUB", connector: ["SUB"], binder: ["PUB"], run: subscribe },
  {
    name: "sub-pub-3.0",
    about: "SUB and PUB that take each other for 3.0: subscriptions are messages",
    connector: ["SUB"],
    binder: ["PUB"],
    minor: 0,
    run: subscribe,
  },
  { name: "sub-xpub", about: "SUB and XPUB", connector: ["SUB"], binder: ["XPUB"], run: subscribe },
  {
    name: "xsub-pub",
    about: "XSUB, whose owner writes subscriptions as messages, and PUB",
    connector: ["XSUB"],
    binder: ["PUB"],
    run: async (xsub, pub) => {
      await xsub.send([bytes("\x01a")], "subscription")
      await xsub.send([bytes("\x01b")], "subscription")
      await xsub.send([bytes("\x00b")], "subscription")
      await xsub.settled()
      await pub.send([bytes("a message")])
      await xsub.receive()
    },
  },
  {
    name: "heartbeats",
    about: "DEALER and ROUTER that ping each other, the DEALER with a time to live of two seconds",
    connector: ["DEALER", { heartbeatInterval: 60, heartbeatTimeToLive: 2_000, heartbeatTimeout: 1_000 }],
    binder: ["ROUTER", { heartbeatInterval: 90 }],
    run: async (dealer, router) => {
      await exchange(dealer, router, [bytes("before")])
      await dealer.settled()
      await exchange(dealer, router, [bytes("after")])
    },
  },
  {
    name: "refused",
    about: "DEALER that the authentication of the ROUTER does not let in",
    connector: ["DEALER"],
    binder: ["ROUTER", { zapDomain: "global" }],
    authentication: "400",
    run: async (dealer) => {
      await dealer.settled()
    },
  },
  {
    name: "curve",
    about: "DEALER and ROUTER with CURVE",
    connector: ["DEALER", { routingId: "secret" }],
    binder: ["ROUTER"],
    curve: true,
    run: ask,
  },
  {
    name: "curve-refused",
    about: "DEALER with CURVE that the authentication of the ROUTER does not let in",
    connector: ["DEALER"],
    binder: ["ROUTER", { zapDomain: "global" }],
    curve: true,
    authentication: "400",
    run: async (dealer) => {
      await dealer.settled()
    },
  },
]
