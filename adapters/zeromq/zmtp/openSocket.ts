/**
 * Opens a socket of this ZMTP, as a resource of its scope.
 *
 * Joins the room: endpoints become streams, streams connections, connections pipes of the hub, whose pattern routes. At its
 * end it listens no more, waits for what is unsent at most as long as `linger` says, and closes every connection.
 */
import { Effect, Exit, FiberMap, FiberSet, Random, Result, Scope } from "effect"
import { Connection, type Ending } from "./Connection.ts"
import { type Endpoint, formatEndpoint, parseEndpoint } from "./Endpoint.ts"
import { Hub } from "./Hub.ts"
import { patternOf, Subscribe } from "./patterns/mod.ts"
import type { Pipe } from "./Pipe.ts"
import type { Message, PeerInfo } from "./Session.ts"
import { InvalidSocketOption, type ReceiveError, type SendError, SocketClosed, UnfitMessage } from "./SocketError.ts"
import { settingsOf, type SocketOptions } from "./SocketOptions.ts"
import type { SocketType } from "./SocketType.ts"
import { type Accept, Streams } from "./Streams.ts"
import type { SocketEvent, ZmtpSocket } from "./ZmtpSocket.ts"

/** Kinds whose messages may wait for a peer that was never connected. */
const waits: ReadonlySet<SocketType> = new Set(["DEALER", "PUSH", "REQ"])

/** How often the end looks whether everything is sent, ms. */
const glance = 5

/** What a listener calls with each event; it must not throw. */
export type OnEvent = (event: SocketEvent) => void

/** Opens a socket; see the top of the file. */
export const openSocket = Effect.fnUntraced(function* (
  type: SocketType,
  options: SocketOptions = {},
  onEvent: OnEvent = () => {},
): Effect.fn.Return<ZmtpSocket, InvalidSocketOption, Scope.Scope | Streams> {
  const settings = yield* Effect.fromResult(settingsOf(type, options))
  const streams = yield* Streams
  const pattern = patternOf(type, settings.pattern)
  const hub = new Hub(pattern, settings.marks)
  const connections = new Set<Connection>()
  const pipes = new Set<Pipe>()
  const bound = new Map<string, Scope.Closeable>()
  let accepted = 0
  let closed = false

  const takeIn = (pipe: Pipe): boolean => {
    if (!hub.attach(pipe)) return false
    pipes.add(pipe)
    return true
  }

  const letGo = (pipe: Pipe): void => {
    pipes.delete(pipe)
    hub.detach(pipe)
  }

  /** A connection on a stream; with a pipe of its own, or for one that was there before. */
  const open = (stream: Parameters<Accept>[0], lasting: Pipe | undefined): Connection => {
    const connection = new Connection(stream, settings.session, settings.patience, {
      pipeOf: (peer: PeerInfo) => {
        const pipe = lasting ?? hub.newPipe()
        pipe.peer = peer
        if (lasting === undefined && !takeIn(pipe)) return undefined
        onEvent({ _tag: "Connected", remote: stream.remote, type: peer.type, key: peer.key })
        return pipe
      },
      onLost: (pipe) => {
        if (pipe !== lasting) letGo(pipe)
      },
      onConnected: (pipe) => pattern.connected?.(pipe),
      onSubscription: (pipe, subscription) => pattern.subscribe?.(pipe, subscription),
    })
    connections.add(connection)
    return connection
  }

  /** Runs a connection to its end. */
  const live = (connection: Connection): Effect.Effect<Ending> =>
    connection.life.pipe(
      Effect.tap(({ why }) => Effect.sync(() => onEvent({ _tag: "Disconnected", remote: connection.remote, why }))),
      Effect.ensuring(Effect.sync(() => connections.delete(connection))),
    )

  /** Connects, runs the connection, and again, until it is interrupted or the peer will never fit. */
  const keepConnected = Effect.fnUntraced(function* (endpoint: Endpoint, lasting: Pipe | undefined) {
    const { first, max } = settings.reconnect
    const name = formatEndpoint(endpoint)
    let pause = first
    for (;;) {
      let connection: Connection | undefined
      const opened = yield* Effect.result(streams.connect(endpoint, (stream) => {
        connection = open(stream, lasting)
        return connection.events
      }))
      let why = Result.isFailure(opened) ? opened.failure.detail : ""
      if (connection !== undefined) {
        const ending = yield* live(connection)
        if (ending.fatal) return onEvent({ _tag: "GaveUp", endpoint: name, why: ending.why })
        if (ending.wasReady) pause = first
        why = ending.why
      }
      // several that lost the same peer come back one after the other
      const delay = Math.round(pause * (1 + (yield* Random.next)) / 2)
      onEvent({ _tag: "Retrying", endpoint: name, why, delay })
      yield* Effect.sleep(delay)
      pause = Math.min(pause * 2, max)
    }
  })

  const isSent = () => [...pipes].every(({ unsent }) => unsent === 0) && [...connections].every(({ isIdle }) => isIdle)

  const linger = Effect.gen(function* () {
    for (let waited = 0; waited < settings.linger && !isSent(); waited += glance) yield* Effect.sleep(glance)
  })

  // released in the reverse order: first it closes to its owner and lingers, then connections end, then their fibers
  const accepting = yield* FiberSet.make<Ending>()
  const connecting = yield* FiberMap.make<string>()
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      closed = true
      hub.close(new SocketClosed({ type }))
      yield* Effect.forEach(bound.values(), (scope) => Scope.close(scope, Exit.void), { discard: true })
      yield* linger
      for (const connection of connections) connection.close()
      // a peer may have to be told the last bytes
      for (let waited = 0; waited < settings.linger && connections.size > 0; waited += glance) {
        yield* Effect.sleep(glance)
      }
      for (const connection of connections) connection.destroy()
    })
  )
  const runAccepted = yield* FiberSet.runtime(accepting)<never>()

  const refusal = (message: Message): SendError | undefined => {
    if (closed) return new SocketClosed({ type })
    return message.length === 0 ? new UnfitMessage({ detail: "it has no frames; expected one or more" }) : undefined
  }

  const subscribe = (wanted: boolean) => (topic: Uint8Array) =>
    Effect.sync(() => {
      if (pattern instanceof Subscribe) pattern.change(topic.slice(), wanted)
    })

  return {
    type,
    bind: Effect.fnUntraced(function* (text) {
      const endpoint = yield* Effect.fromResult(parseEndpoint(text, "bind"))
      const scope = yield* Scope.make()
      const accept: Accept = (stream) => {
        const connection = open(stream, undefined)
        if (accepted >= settings.maxPeers || closed) {
          connections.delete(connection)
          connection.destroy()
          return connection.events
        }
        accepted++
        runAccepted(Effect.ensuring(live(connection), Effect.sync(() => accepted--)))
        return connection.events
      }
      const at = formatEndpoint(yield* streams.listen(endpoint, accept).pipe(Scope.provide(scope)))
      bound.set(at, scope)
      onEvent({ _tag: "Listening", endpoint: at })
      return at
    }),
    unbind: (text) =>
      Effect.suspend(() => {
        const scope = bound.get(text)
        bound.delete(text)
        return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
      }),
    connect: Effect.fnUntraced(function* (text) {
      const endpoint = yield* Effect.fromResult(parseEndpoint(text, "connect"))
      const name = formatEndpoint(endpoint)
      if (yield* FiberMap.has(connecting, name)) return
      const lasting = waits.has(type) && !settings.immediate ? hub.newPipe() : undefined
      if (lasting !== undefined) takeIn(lasting)
      yield* FiberMap.run(
        connecting,
        name,
        Effect.ensuring(keepConnected(endpoint, lasting), Effect.sync(() => lasting && letGo(lasting))),
      )
    }),
    disconnect: (text) => {
      const endpoint = parseEndpoint(text, "connect")
      return Result.isFailure(endpoint) ? Effect.void : FiberMap.remove(connecting, formatEndpoint(endpoint.success))
    },
    offer: (message) => refusal(message) ?? hub.offer(message),
    send: (message) =>
      Effect.suspend(() => {
        const refused = refusal(message)
        if (refused !== undefined) return Effect.fail(refused)
        const offered = hub.offer(message)
        if (offered === "sent" || offered === "dropped") return Effect.void
        if (offered !== "full") return Effect.fail(offered)
        return Effect.callback<void, SendError>((resume) =>
          Effect.sync(hub.wait(message, (outcome) => {
            resume(outcome === "sent" || outcome === "dropped" ? Effect.void : Effect.fail(outcome))
          }))
        )
      }),
    receive: Effect.suspend((): Effect.Effect<Message, ReceiveError> => {
      if (closed) return Effect.fail(new SocketClosed({ type }))
      const refused = pattern.refusal()
      if (refused !== undefined) return Effect.fail(refused)
      const there = hub.take()
      if (there !== undefined) return Effect.succeed(there)
      return Effect.callback<Message, ReceiveError>((resume) =>
        Effect.sync(
          hub.receive((message) =>
            resume(message === undefined ? Effect.fail(new SocketClosed({ type })) : Effect.succeed(message))
          ),
        )
      )
    }),
    deliver: (deliver) => hub.deliver(deliver),
    subscribe: subscribe(true),
    unsubscribe: subscribe(false),
    stats: () => ({
      peers: [...pipes].filter(({ isConnected }) => isConnected).length,
      dropped: hub.dropped,
      unsent: [...pipes].reduce((sum, { unsent }) => sum + unsent, 0),
    }),
  }
})
