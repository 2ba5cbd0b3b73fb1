/**
 * Links between processes over ZeroMQ: one ROUTER that others connect to, and a DEALER for each process that is reached.
 *
 * The port `src/transport/Links.ts` on the sockets of this room, whichever drives them. A DEALER sends only while it is
 * connected, so that a message goes now or not at all; heartbeats find links over which nothing comes any more. Both sides of
 * an encrypted link prove that they know the team's secret: it is the key of both.
 */
import { Effect, Exit, Redacted, Scope } from "effect"
import type { Link, LinkPeer, Links, Parts } from "../../../src/transport/mod.ts"
import { toHex } from "../zmtp/bytes.ts"
import { deriveKeys } from "../zmtp/curve/keys.ts"
import { parseEndpoint } from "../zmtp/Endpoint.ts"
import { type OnEvent, openSocket } from "../zmtp/openSocket.ts"
import type { InvalidSocketOption, LibzmqUnavailable } from "../zmtp/SocketError.ts"
import type { SocketOptions } from "../zmtp/SocketOptions.ts"
import type { SocketType } from "../zmtp/SocketType.ts"
import { openLibzmqSocket } from "../libzmq/openLibzmqSocket.ts"
import { Streams } from "../zmtp/Streams.ts"
import type { ZmtpSocket } from "../zmtp/ZmtpSocket.ts"
import { pack, unpack } from "./pack.ts"
import { type LinkOptions, NoLinks, plan } from "./plan.ts"
import { toItself } from "./toItself.ts"

/** What the keys are derived for: another purpose would give other keys from the same secret. */
const purpose = "warren links 1"

/** A link over which nothing was heard for so long is lost, ms; and how often each side speaks at least. */
const silence = 3_000
const beat = 1_000

/** Bytes that may wait for one process; what comes beyond goes through the broker. */
const mostWaiting = 64 * 1024 * 1024

/** Most frames of a message: a link's messages have four. */
const mostFrames = 8

/** Links that others may open at a time, and names that are remembered. */
const mostPeers = 4_096

const scheme = "zmq+"

/** Opens the socket that others reach, and gives the port; it ends with the scope. */
export const openLinks = Effect.fnUntraced(function* (
  options: LinkOptions,
): Effect.fn.Return<Links, NoLinks, Scope.Scope | Streams> {
  const { secret } = options
  const planned = yield* Effect.fromResult(
    plan(options, secret === undefined ? undefined : Redacted.value(secret).length),
  )
  const keys = secret === undefined ? undefined : yield* deriveKeys(secret, purpose)
  const outer = yield* Effect.scope
  const services = yield* Effect.context<Streams>()
  const run = Effect.runForkWith(services)
  const common: SocketOptions = {
    identity: newIdentity(),
    maxMessageBytes: options.maxMessageBytes,
    maxFrames: mostFrames,
    sendHighWaterBytes: mostWaiting,
    receiveHighWaterBytes: mostWaiting,
    maxPeers: mostPeers,
    handshakeTimeout: 5_000,
    heartbeat: { interval: beat, timeout: silence, ttl: silence },
  }
  const open = (
    type: SocketType,
    own: SocketOptions,
    onEvent: OnEvent,
  ): Effect.Effect<ZmtpSocket, InvalidSocketOption | LibzmqUnavailable, Scope.Scope | Streams> =>
    options.driver === "libzmq" ? openLibzmqSocket(type, own, onEvent) : openSocket(type, own, onEvent)
  const framesOf = keys === undefined ? (parts: Parts): Parts => parts : (parts: Parts): Parts => [pack(parts)]
  const partsOf = keys === undefined
    ? (frames: Parts): Parts | undefined => frames
    : ([frame]: Parts): Parts | undefined => frame && unpack(frame, mostFrames)

  let onMessage: (from: LinkPeer, message: Parts) => void = () => {}
  const router = yield* open("ROUTER", {
    ...common,
    ...(keys !== undefined && { curve: { role: "server", keys, allowed: [keys.publicKey] } }),
    mandatory: true,
    handover: true,
  }, (event) => {
    if (event._tag === "Disconnected") run(Effect.logDebug(`A link from ${event.remote} ended: ${event.why}`))
  }).pipe(Effect.mapError(({ message }) => new NoLinks({ reason: message, isMistake: true })))
  const bound = yield* router.bind(planned.bind).pipe(
    Effect.mapError(({ message }) => new NoLinks({ reason: message, isMistake: options.listen !== undefined })),
  )
  const port = planned.port ?? Number(/:(\d+)$/.exec(bound)?.[1])
  const endpoint = `${scheme}tcp://${planned.host}:${port}`

  const peers = new Map<string, LinkPeer>()
  // our own sockets give the same array with every message of a connection
  const known = new WeakMap<Uint8Array, LinkPeer>()
  const peerOf = (identity: Uint8Array): LinkPeer => {
    const name = toHex(identity, 255)
    let peer = peers.get(name)
    if (peer === undefined) {
      if (peers.size >= mostPeers) peers.delete(peers.keys().next().value!)
      peers.set(name, peer = { name, send: (message) => router.offer([identity, ...framesOf(message)]) === "sent" })
    }
    known.set(identity, peer)
    return peer
  }
  router.deliver((message) => {
    const identity = message[0]!
    const parts = partsOf(message.slice(1))
    if (parts !== undefined) onMessage(known.get(identity) ?? peerOf(identity), parts)
  })

  return {
    endpoint,
    listen: (listener) => void (onMessage = listener),
    open: (to, events) => {
      if (to === endpoint) return toItself((from, message) => onMessage(from, message), to, events, run)
      const target = parseEndpoint(to.startsWith(scheme) ? to.slice(scheme.length) : "", "connect")
      if (target._tag === "Failure" || target.success._tag !== "Tcp" || !planned.mayReach(target.success.host)) {
        return undefined
      }
      const scope = Scope.forkUnsafe(outer)
      const tell = tellOnce((why) => run(Effect.logWarning(`Cannot open a link to ${to}: ${why}`)), keys !== undefined)
      let socket: ZmtpSocket | undefined
      const link: Link = {
        name: to,
        send: (message) => socket?.offer(framesOf(message)) === "sent",
        close: () => void run(Scope.close(scope, Exit.void)),
      }
      const dial = Effect.gen(function* () {
        socket = yield* open("DEALER", {
          ...common,
          ...(keys !== undefined && { curve: { role: "client", serverKey: keys.publicKey, keys } }),
          immediate: true,
        }, (event) => {
          tell(event)
          if (event._tag === "Connected") events.onUp(link)
          if (event._tag === "Disconnected") events.onDown()
        })
        socket.deliver((frames) => {
          const parts = partsOf(frames)
          if (parts !== undefined) onMessage(link, parts)
        })
        yield* socket.connect(to.slice(scheme.length))
      })
      run(dial.pipe(
        Scope.provide(scope),
        Effect.catch((error) => Effect.logWarning(`Cannot open a link to ${to}: ${error.message}`)),
      ))
      return link
    },
  }
})

/** Says why a link does not come up, though somebody listens there: once, until it was up. */
const tellOnce = (say: (why: string) => void, isEncrypted: boolean): OnEvent => {
  let isUp = false
  let wasRefused = false
  let isSaid = false
  return (event) => {
    switch (event._tag) {
      case "Connected":
        isUp = true
        isSaid = false
        return
      case "Disconnected":
        wasRefused = !isUp
        isUp = false
        return
      case "Retrying":
        // a server says nothing to those that do not know its key
        if (wasRefused && !isSaid) say(isEncrypted ? `${event.why}; has it the same WARREN_SECRET?` : event.why)
        isSaid ||= wasRefused
        wasRefused = false
        return
      case "GaveUp":
        return say(event.why)
    }
  }
}

/** 16 random bytes, by which others know this process; the first one is not 0. */
const newIdentity = (): Uint8Array => {
  const identity = crypto.getRandomValues(new Uint8Array(17))
  identity[0] = 1
  return identity
}
