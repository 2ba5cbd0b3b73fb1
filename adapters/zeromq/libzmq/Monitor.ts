/**
 * What libzmq's monitor tells of a socket, in the words of the port, and how many peers there are.
 *
 * Between the events of a native socket and the owner's listener. Of a peer libzmq names only the endpoint, not its kind or
 * key; of the end of a connection not which one it was: those that had no handshake yet are taken to end first.
 */
import { Deferred, Effect } from "effect"
import type { OnEvent } from "../zmtp/ZmtpSocket.ts"
import type { NativeEvent, NativeEvents, NativeSocket } from "./native.ts"

/** Connections of one endpoint. */
interface Connections {
  open: number
  ready: number
  /** What the handshake of one failed for, of which the end is still to be told. */
  why: string | undefined
}

/** See the top of the file. */
export class Monitor {
  /**
   * Held until libzmq has told its last: it tells with a thread that all its sockets share, and which stands still for ever
   * when nobody listens.
   */
  readonly #events: NativeEvents
  readonly #onEvent: OnEvent
  readonly #connections = new Map<string, Connections>()
  /** Who waits until it listens at an endpoint no more. */
  readonly #closing = new Map<string, Deferred.Deferred<void>>()

  constructor(socket: NativeSocket, onEvent: OnEvent) {
    this.#events = socket.events
    this.#onEvent = onEvent
    void this.#run()
  }

  /** Peers that are connected. */
  get peers(): number {
    return [...this.#connections.values()].reduce((sum, { ready }) => sum + ready, 0)
  }

  /** Waits until the endpoint is free; started before it is given up. */
  free(endpoint: string): Effect.Effect<void> {
    const closed = Deferred.makeUnsafe<void>()
    this.#closing.set(endpoint, closed)
    return Deferred.await(closed)
  }

  /** The connections of an endpoint were ended here, of which nothing is told. */
  forget(endpoint: string): void {
    // a listener at every interface names the one that a connection came by
    const port = /^tcp:.*(:\d+)$/.exec(endpoint)?.[1]
    for (const [address, { open }] of this.#connections) {
      if (address !== endpoint && (port === undefined || !address.endsWith(port))) continue
      this.#connections.delete(address)
      for (let i = 0; i < open; i++) {
        this.#onEvent({ _tag: "Disconnected", remote: address, why: "it was closed here" })
      }
    }
  }

  async #run(): Promise<void> {
    for (;;) {
      const event = await this.#events.receive()
      if (event === undefined || event.type === "end") return
      this.#take(event)
    }
  }

  #take({ type, address = "", interval = 0, error }: NativeEvent): void {
    const connections = this.#connections.get(address) ?? { open: 0, ready: 0, why: undefined }
    switch (type) {
      case "accept":
      case "connect":
        connections.open++
        this.#connections.set(address, connections)
        break
      case "handshake":
        connections.ready = Math.min(connections.ready + 1, connections.open)
        this.#onEvent({ _tag: "Connected", remote: address, type: "", key: undefined })
        break
      case "handshake:error:other":
      case "handshake:error:auth":
      case "handshake:error:protocol":
        connections.why = `its handshake failed: ${error?.message ?? "no reason given"}`
        break
      case "disconnect":
        this.#end(address, connections)
        break
      case "connect:retry":
        this.#onEvent({
          _tag: "Retrying",
          endpoint: address,
          why: "the connection is lost or refused",
          delay: interval,
        })
        break
      case "close":
        Deferred.doneUnsafe(this.#closing.get(address) ?? Deferred.makeUnsafe<void>(), Effect.void)
        this.#closing.delete(address)
        break
    }
  }

  #end(address: string, connections: Connections): void {
    const { why = "the connection is lost" } = connections
    const hadHandshake = connections.open === connections.ready
    connections.open--
    if (hadHandshake) connections.ready--
    connections.why = undefined
    if (connections.open <= 0) this.#connections.delete(address)
    this.#onEvent({ _tag: "Disconnected", remote: address, why })
  }
}
