/**
 * One socket of libzmq in a conversation, which remembers what it said as it travels.
 *
 * Below `conversations.ts`; the one place that knows the `zeromq` package here. What ROUTER, REQ and REP add to or take
 * from a message before it travels is accounted for.
 */
import { setTimeout as delay } from "node:timers/promises"
import * as zmq from "zeromq"

/** Options of the package, by its own names. */
export type SideOptions = Readonly<Record<string, unknown>>

const makers: { readonly [type: string]: new (options: never) => zmq.Socket } = {
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
  PUSH: zmq.Push,
  PULL: zmq.Pull,
  PUB: zmq.Publisher,
  SUB: zmq.Subscriber,
  XPUB: zmq.XPublisher,
  XSUB: zmq.XSubscriber,
}

/** How long it takes until everything that was said has arrived, ms; real time, as nothing tells. */
const settling = 250

/** The socket of the package, with the verbs of all kinds. */
type AnySocket = zmq.Socket & {
  readonly send: (frames: ReadonlyArray<Uint8Array>) => Promise<void>
  readonly receive: () => Promise<ReadonlyArray<Uint8Array>>
  readonly subscribe: (topic: string) => void
  readonly unsubscribe: (topic: string) => void
}

/** See the top of the file. */
export class Side {
  readonly type: string
  readonly identity: Uint8Array
  readonly messages: Array<ReadonlyArray<Uint8Array>> = []
  readonly subscriptions: Array<{ readonly wanted: boolean; readonly topic: Uint8Array }> = []
  readonly #socket: AnySocket
  /** By which a ROUTER knows who spoke last. */
  #peer: Uint8Array = new Uint8Array(0)

  constructor(type: string, options: SideOptions) {
    this.type = type
    this.identity = new TextEncoder().encode(String(options["routingId"] ?? ""))
    this.#socket = new makers[type]!({ linger: 0, ...options } as never) as AnySocket
  }

  /** Binds; says on which port. */
  async bind(): Promise<number> {
    await this.#socket.bind("tcp://127.0.0.1:*")
    return Number(/\d+$/.exec(String(this.#socket.lastEndpoint))?.[0])
  }

  connect(endpoint: string): void {
    this.#socket.connect(endpoint)
  }

  /** Says something. `what`: it is a subscription in the form of a message, or nobody wants it. */
  async send(
    frames: ReadonlyArray<Uint8Array>,
    what: "message" | "subscription" | "unseen" = "message",
  ): Promise<void> {
    const asks = this.type === "REQ" || this.type === "REP"
    if (what === "message") this.messages.push(asks ? [new Uint8Array(0), ...frames] : frames)
    if (what === "subscription") {
      this.subscriptions.push({ wanted: frames[0]![0] === 1, topic: frames[0]!.slice(1) })
    }
    await this.#socket.send(this.type === "ROUTER" ? [this.#peer, ...frames] : frames)
  }

  async receive(): Promise<void> {
    const [first] = await this.#socket.receive()
    if (this.type === "ROUTER") this.#peer = first!
  }

  async subscribe(topic: string): Promise<void> {
    this.subscriptions.push({ wanted: true, topic: new TextEncoder().encode(topic) })
    this.#socket.subscribe(topic)
    // one at a time, so that they travel in this order
    await delay(20)
  }

  async unsubscribe(topic: string): Promise<void> {
    this.subscriptions.push({ wanted: false, topic: new TextEncoder().encode(topic) })
    this.#socket.unsubscribe(topic)
    await delay(20)
  }

  /** Waits until what was said has arrived. */
  async settled(): Promise<void> {
    await delay(settling)
  }

  close(): void {
    this.#socket.close()
  }
}

/** Answers every authentication request with one status, until it is closed. */
export const authenticate = async (status: string): Promise<{ readonly close: () => void }> => {
  const handler = new zmq.Reply({ linger: 0 })
  await handler.bind("inproc://zeromq.zap.01")
  const serve = async () => {
    for await (const [version, request] of handler) {
      await handler.send([version!, request!, status, "for a recording", "", ""])
    }
  }
  // it ends when the socket closes
  serve().catch(() => {})
  return { close: () => handler.close() }
}

/** New keys for CURVE. */
export const newKeys = (): { readonly publicKey: string; readonly secretKey: string } => zmq.curveKeyPair()

/** Which libzmq this is. */
export const version = zmq.version
