/**
 * What the cases of the socket suite are written with: sockets that tell what they see, and words of text for messages.
 *
 * Below the `suite*.ts` cases, above the port. Knows no driver and no test runner. Whoever waits here does so for at most
 * five seconds and then says for what.
 */
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Option, Scope } from "effect"
import {
  type InvalidEndpoint,
  type InvalidSocketOption,
  type LibzmqUnavailable,
  type Message,
  type Offer,
  type OnEvent,
  type ReceiveError,
  type SendError,
  type SocketClosed,
  type SocketEvent,
  type SocketOptions,
  type SocketType,
  type Unreachable,
  type ZmtpSocket,
} from "../../../../adapters/zeromq/zmtp/mod.ts"
import { RawPeer, type RawServer, startRawServer } from "./RawPeer.ts"
import type { Traits } from "./traits.ts"

/** Opens sockets of one driver. */
export type Open = (
  type: SocketType,
  options?: SocketOptions,
  onEvent?: OnEvent,
) => Effect.Effect<ZmtpSocket, InvalidSocketOption | LibzmqUnavailable, Scope.Scope>

/** One test of the port. */
export interface Case {
  readonly name: string
  /** Traits without which it makes no sense. */
  readonly needs?: ReadonlyArray<keyof Traits>
  readonly run: (rig: Rig) => Effect.Effect<void, unknown, Scope.Scope>
}

/** A frame as bytes, or as the text that it holds. */
export type Frame = string | Uint8Array

/** A socket under test. */
export interface Peer {
  readonly socket: ZmtpSocket
  /** All that it has told. */
  readonly events: ReadonlyArray<SocketEvent>
  readonly say: (...frames: ReadonlyArray<Frame>) => Effect.Effect<void, SendError>
  readonly offer: (...frames: ReadonlyArray<Frame>) => Offer
  /** The next message. */
  readonly hearRaw: Effect.Effect<Message, ReceiveError>
  /** The next message, its frames as texts. */
  readonly hear: Effect.Effect<ReadonlyArray<string>, ReceiveError>
  /** The next messages, each as one text, their frames joined by a bar. */
  readonly hearAll: (count: number) => Effect.Effect<ReadonlyArray<string>, ReceiveError>
  /** Waits and then says that nothing came. */
  readonly quiet: (ms?: number) => Effect.Effect<void, ReceiveError>
  /** Waits until so many peers are connected. */
  readonly peers: (count: number) => Effect.Effect<void>
  /** Waits for an event of this kind, the `nth` one. */
  readonly saw: <Tag extends SocketEvent["_tag"]>(
    tag: Tag,
    nth?: number,
  ) => Effect.Effect<Extract<SocketEvent, { readonly _tag: Tag }>>
}

/** A socket that listens. */
export interface Listener extends Peer {
  readonly at: string
}

/** What a case is given. */
export interface Rig {
  readonly open: (type: SocketType, options?: SocketOptions) => Effect.Effect<Peer, unknown, Scope.Scope>
  /** Opens and binds; to a free port of IPv4's loopback, unless told. */
  readonly listen: (
    type: SocketType,
    options?: SocketOptions,
    endpoint?: string,
  ) => Effect.Effect<Listener, unknown, Scope.Scope>
  /** Opens and connects. */
  readonly dial: (
    type: SocketType,
    endpoint: string,
    options?: SocketOptions,
  ) => Effect.Effect<Peer, unknown, Scope.Scope>
  /** Connects bytes, and no socket. */
  readonly raw: (endpoint: string) => Effect.Effect<RawPeer, never, Scope.Scope>
  /** Listens for bytes. */
  readonly rawServer: Effect.Effect<RawServer, never, Scope.Scope>
  /** An endpoint in the file system that nobody else has. */
  readonly ipc: Effect.Effect<string, never, Scope.Scope>
  /** A port that nobody listens at. */
  readonly free: Effect.Effect<string>
}

/** So that a lost connection comes back within a test. */
const quick = { reconnect: { first: 10, max: 50 } } satisfies SocketOptions

const patience = 5_000

/** Anyone's loopback port. */
export const loopback = "tcp://127.0.0.1:0"

/** Bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A message of frames. */
export const message = (...frames: ReadonlyArray<Frame>): Message =>
  frames.map((frame) => typeof frame === "string" ? bytes(frame) : frame)

/** The frames of a message as texts. */
export const texts = (message: Message): ReadonlyArray<string> =>
  message.map((frame) => new TextDecoder().decode(frame))

/** So many bytes, each another than its neighbours. */
export const filled = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff)

/** Whether two frames hold the same bytes. */
export const same = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && Buffer.compare(one, other) === 0

/** Fails a wait that takes too long. */
export const within = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.timeoutOrElse(effect, {
    duration: patience,
    orElse: () => Effect.die(new assert.AssertionError({ message: `It waits for ${what} in vain` })),
  })

/** Waits until something holds. */
export const until = (what: string, holds: () => boolean): Effect.Effect<void> =>
  within(
    what,
    Effect.gen(function* () {
      while (!holds()) yield* Effect.sleep(5)
    }),
  )

/** The failure that must come. */
export const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, never, R> =>
  Effect.flip(effect).pipe(
    Effect.catch((value) => Effect.die(new assert.AssertionError({ message: `It succeeded with ${String(value)}` }))),
  )

/** A scope that the case closes by hand; it is closed with the case at the latest. */
export const closable = Effect.gen(function* () {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  return {
    within: <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E> => Scope.provide(effect, scope),
    close: Scope.close(scope, Exit.void),
  }
})

/** Makes publisher and subscriber agree: all that the subscriber asked for so far has come to the publisher. */
export const agree = Effect.fnUntraced(function* (publisher: Peer, subscriber: Peer) {
  const mark = `mark-${crypto.randomUUID()}`
  yield* subscriber.socket.subscribe(bytes(mark))
  const publishing = Effect.forever(Effect.andThen(publisher.say(mark), Effect.sleep(3)))
  yield* within("its subscription", Effect.raceFirst(subscriber.hear, publishing))
  yield* publisher.say(mark, "end")
  for (let last = ""; last !== "end";) last = (yield* subscriber.hear).at(-1) ?? ""
  yield* subscriber.socket.unsubscribe(bytes(mark))
})

const peerOf = (socket: ZmtpSocket, events: ReadonlyArray<SocketEvent>): Peer => {
  const hearRaw = within(`a message at the ${socket.type}`, socket.receive)
  const hear = Effect.map(hearRaw, texts)
  return {
    socket,
    events,
    say: (...frames) => within(`room at the ${socket.type}`, socket.send(message(...frames))),
    offer: (...frames) => socket.offer(message(...frames)),
    hearRaw,
    hear,
    hearAll: (count) => Effect.map(Effect.replicateEffect(hear, count), (all) => all.map((one) => one.join("|"))),
    quiet: (ms = 60) =>
      Effect.map(Effect.timeoutOption(socket.receive, ms), (came) => {
        assert.deepEqual(Option.getOrUndefined(Option.map(came, texts)), undefined, "Something came")
      }),
    peers: (count) =>
      until(
        `${count} peers of the ${socket.type}; it has ${JSON.stringify(events)}`,
        () => socket.stats().peers === count,
      ),
    saw: Effect.fnUntraced(function* (tag, nth = 1) {
      const found = () => events.filter(({ _tag }) => _tag === tag)[nth - 1]
      yield* until(`the event ${tag} of the ${socket.type}`, () => found() !== undefined)
      return found() as Extract<SocketEvent, { readonly _tag: typeof tag }>
    }),
  }
}

/** Puts the rig around a driver. */
export const rigOf = (openSocket: Open): Rig => {
  const open: Rig["open"] = (type, options = {}) => {
    const events: Array<SocketEvent> = []
    return Effect.map(
      openSocket(type, { ...quick, ...options }, (event) => events.push(event)),
      (socket) => peerOf(socket, events),
    )
  }
  return {
    open,
    listen: Effect.fnUntraced(function* (type, options, endpoint = loopback) {
      const peer = yield* open(type, options)
      return { ...peer, at: yield* peer.socket.bind(endpoint) }
    }),
    dial: Effect.fnUntraced(function* (type, endpoint, options) {
      const peer = yield* open(type, options)
      yield* peer.socket.connect(endpoint)
      return peer
    }),
    raw: (endpoint) => Effect.acquireRelease(Effect.promise(() => RawPeer.connect(endpoint)), (raw) => raw.destroyed),
    rawServer: Effect.acquireRelease(Effect.promise(startRawServer), (server) => server.closed),
    ipc: Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "zmq-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
      ),
      (folder) => `ipc://${join(folder, "socket")}`,
    ),
    free: Effect.map(
      Effect.scoped(Effect.acquireRelease(Effect.promise(startRawServer), (server) => server.closed)),
      (server) => server.at,
    ),
  }
}

/** What a socket's call may fail with; for types of cases. */
export type AnyError = InvalidEndpoint | Unreachable | SendError | ReceiveError | SocketClosed
