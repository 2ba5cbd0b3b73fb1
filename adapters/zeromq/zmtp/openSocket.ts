/**
 * Opens a socket of this ZMTP, as a resource of its scope.
 *
 * Joins the room: endpoints become streams, streams connections, connections pipes of the hub, whose pattern routes. At its
 * end it listens no more, waits for what is unsent at most as long as `linger` says, and closes every connection.
 */
import { Effect, Exit, FiberMap, FiberSet, Result, Scope } from "effect"
import { copyOf } from "./bytes.ts"
import { Connection } from "./Connection.ts"
import { loadBoxes } from "./curve/loadBoxes.ts"
import { formatEndpoint, parseEndpoint } from "./Endpoint.ts"
import { Hub } from "./Hub.ts"
import { keepConnected } from "./keepConnected.ts"
import { patternOf, Subscribe } from "./patterns/mod.ts"
import type { Pipe } from "./Pipe.ts"
import type { Message, PeerInfo } from "./Session.ts"
import { InvalidSocketOption, type ReceiveError, type SendError, SocketClosed, UnfitMessage } from "./SocketError.ts"
import { settingsOf, type SocketOptions } from "./SocketOptions.ts"
import type { SocketType } from "./SocketType.ts"
import { type Accept, type ByteStream, Streams } from "./Streams.ts"
import type { OnEvent, ZmtpSocket } from "./ZmtpSocket.ts"

export type { OnEvent } from "./ZmtpSocket.ts"

/** Kinds whose messages may wait for a peer that was never connected. */
const waits: ReadonlySet<SocketType> = new Set(["DEALER", "PUSH", "REQ"])

/** How often the end looks whether everything is sent, ms. */
const glance = 5

/** Opens a socket; see the top of the file. */
export const openSocket = Effect.fnUntraced(function* (
  type: SocketType,
  options: SocketOptions = {},
  onEvent: OnEvent = () => {},
): Effect.fn.Return<ZmtpSocket, InvalidSocketOption, Scope.Scope | Streams> {
  const boxes = options.curve === undefined ? undefined : yield* loadBoxes
  const settings = yield* Effect.fromResult(settingsOf(type, options, boxes))
  const streams = yield* Streams
  const pattern = patternOf(type, settings.pattern)
  const hub = new Hub(pattern, settings.marks)
  const connections = new Set<Connection>()
  const pipes = new Set<Pipe>()
  const bound = new Map<string, Scope.Closeable>()
  let accepted = 0
  let closed = false

  // released in the reverse order: first what is below, then the fibers that connect, then those of connections
  const lives = yield* FiberSet.make<void>()
  const connecting = yield* FiberMap.make<string>()
  const run = yield* FiberSet.runtime(lives)<never>()

  const takeIn = (pipe: Pipe): string | undefined => {
    const refused = hub.attach(pipe)
    if (refused === undefined) pipes.add(pipe)
    return refused
  }

  const letGo = (pipe: Pipe): void => {
    if (pipes.delete(pipe)) hub.detach(pipe)
  }

  /** A connection on a stream; with a pipe of its own, or for one that was there before. */
  const open = (stream: ByteStream, lasting: Pipe | undefined, onGone: () => void = () => {}): Connection => {
    const { remote } = stream
    const connection = new Connection(stream, settings.session, settings.patience, {
      pipeOf: (peer: PeerInfo) => {
        const pipe = lasting ?? hub.newPipe()
        pipe.peer = peer
        const refused = lasting === undefined ? takeIn(pipe) : undefined
        if (refused !== undefined) return refused
        onEvent({ _tag: "Connected", remote, type: peer.type, key: peer.key })
        return pipe
      },
      onConnected: (pipe) => pattern.connected?.(pipe),
      onSubscription: (pipe, subscription) => pattern.subscribe?.(pipe, subscription),
      onLost: (pipe) => {
        if (pipe !== lasting) letGo(pipe)
      },
      onEnded: ({ why }) => onEvent({ _tag: "Disconnected", remote, why }),
    })
    connections.add(connection)
    const forget = Effect.sync(() => {
      connections.delete(connection)
      onGone()
    })
    run(Effect.ensuring(connection.life, forget))
    return connection
  }

  const accept: Accept = (stream) => {
    // whoever left messages that nobody receives has a place until they are received
    if (!closed && accepted + hub.departed < settings.maxPeers) {
      accepted++
      return open(stream, undefined, () => accepted--).events
    }
    stream.destroy()
    const why = closed ? "the socket is closed" : `it has ${settings.maxPeers} peers, which is its maximum`
    onEvent({ _tag: "Disconnected", remote: stream.remote, why })
    return { onData: () => {}, onDrain: () => {}, onClosed: () => {} }
  }

  const isSent = () => [...pipes].every(({ unsent }) => unsent === 0) && [...connections].every(({ isIdle }) => isIdle)

  const sent = Effect.gen(function* () {
    while (!isSent()) yield* Effect.sleep(glance)
  })

  const lingering = (done: Effect.Effect<void>) => Effect.raceFirst(done, Effect.sleep(settings.linger))

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      closed = true
      hub.close(new SocketClosed({ type }))
      yield* Effect.forEach(bound.values(), (scope) => Scope.close(scope, Exit.void), { discard: true })
      for (const connection of connections) connection.flush()
      yield* lingering(sent)
      yield* FiberMap.clear(connecting)
      for (const connection of connections) connection.close()
      // a peer may have to be told the last bytes
      yield* lingering(FiberSet.awaitEmpty(lives))
      for (const connection of connections) connection.destroy()
    })
  )

  const refusal = (message: Message): SendError | undefined => {
    if (closed) return new SocketClosed({ type })
    return message.length === 0 ? new UnfitMessage({ detail: "it has no frames; expected one or more" }) : undefined
  }

  const subscribe = (wanted: boolean) => (topic: Uint8Array) =>
    Effect.sync(() => {
      if (pattern instanceof Subscribe) pattern.change(copyOf(topic), wanted)
    })

  const isOpen = Effect.suspend(() => closed ? Effect.fail(new SocketClosed({ type })) : Effect.void)

  return {
    type,
    bind: Effect.fnUntraced(function* (text) {
      yield* isOpen
      const endpoint = yield* Effect.fromResult(parseEndpoint(text, "bind"))
      const scope = yield* Scope.make()
      const listening = Effect.map(Scope.provide(streams.listen(endpoint, accept), scope), formatEndpoint)
      return yield* Effect.onExit(listening, (exit) => {
        if (Exit.isFailure(exit) || closed) return Scope.close(scope, exit)
        bound.set(exit.value, scope)
        return Effect.sync(() => onEvent({ _tag: "Listening", endpoint: exit.value }))
      })
    }),
    unbind: (text) =>
      Effect.suspend(() => {
        const endpoint = parseEndpoint(text, "bind")
        const at = Result.isSuccess(endpoint) ? formatEndpoint(endpoint.success) : text
        const scope = bound.get(at)
        bound.delete(at)
        return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
      }),
    connect: Effect.fnUntraced(function* (text) {
      yield* isOpen
      const endpoint = yield* Effect.fromResult(parseEndpoint(text, "connect"))
      const name = formatEndpoint(endpoint)
      if (yield* FiberMap.has(connecting, name)) return
      const lasting = waits.has(type) && !settings.immediate ? hub.newPipe() : undefined
      if (lasting !== undefined) takeIn(lasting)
      const connected = keepConnected(
        endpoint,
        settings.reconnect,
        onEvent,
        (accept) => streams.connect(endpoint, accept),
        (stream) => open(stream, lasting),
      )
      yield* FiberMap.run(connecting, name, Effect.ensuring(connected, Effect.sync(() => lasting && letGo(lasting))))
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
    deliver: (deliver) => {
      if (!closed) hub.deliver(deliver)
    },
    subscribe: subscribe(true),
    unsubscribe: subscribe(false),
    stats: () => ({
      peers: [...pipes].filter(({ isConnected }) => isConnected).length,
      dropped: hub.dropped,
      unsent: [...pipes].reduce((sum, { unsent }) => sum + unsent, 0),
    }),
  }
})
