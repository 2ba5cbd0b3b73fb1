/**
 * libzmq itself, through the package `zeromq`: loads it where it runs, and says why it does not elsewhere.
 *
 * The one file that imports it, and only when it is wanted: the package is optional and brings native code. What is used of
 * it has its types here, so that whoever has no such package misses none.
 */
import process from "node:process"
import { Effect } from "effect"
import { LibzmqUnavailable } from "../zmtp/SocketError.ts"
import type { SocketType } from "../zmtp/SocketType.ts"

/** What libzmq's monitor tells of a socket. */
export interface NativeEvent {
  readonly type: string
  readonly address?: string
  /** ms, of "connect:retry". */
  readonly interval?: number
  readonly error?: Error
}

/** The events of one socket, in turn. */
export interface NativeEvents {
  readonly receive: () => Promise<NativeEvent | undefined>
}

/** Options by the package's names. */
export type NativeOptions = Readonly<Record<string, unknown>>

/** A context, which has threads and names of its own. */
export interface NativeContext {
  readonly blocky: boolean
}

/** A socket of the package; one operation of each kind at a time. */
export interface NativeSocket {
  /** Where it was bound last. */
  readonly lastEndpoint: string | null
  /** Whether a message would go now. Asking takes in what its thread has reported. */
  readonly writable: boolean
  linger: number
  receiveTimeout: number
  ipv6: boolean
  /** Not `bind`, which works in another thread while nothing keeps this one away from the socket. */
  readonly bindSync: (endpoint: string) => void
  readonly connect: (endpoint: string) => void
  /** Ends an endpoint, whichever it is: libzmq's `unbind` is the same, but the package runs it in another thread. */
  readonly disconnect: (endpoint: string) => void
  readonly send: (frames: ReadonlyArray<Uint8Array>) => Promise<void>
  readonly receive: () => Promise<ReadonlyArray<Uint8Array>>
  readonly subscribe: (topic: Uint8Array) => void
  readonly unsubscribe: (topic: Uint8Array) => void
  readonly close: () => void
  /** What its monitor tells; another one each time that it is asked for after the end. */
  readonly events: NativeEvents
}

/** What is used of the package. */
export interface Libzmq {
  readonly Context: new () => NativeContext
  /** Makes a socket of a kind; throws for what libzmq does not take. */
  readonly open: (type: SocketType, options: NativeOptions) => NativeSocket
}

type Constructor = new (options: NativeOptions) => NativeSocket

const names: { readonly [type in SocketType]: string } = {
  REQ: "Request",
  REP: "Reply",
  DEALER: "Dealer",
  ROUTER: "Router",
  PUB: "Publisher",
  SUB: "Subscriber",
  PUSH: "Push",
  PULL: "Pull",
}

/** Why it is not even tried on this runtime. */
const obstacle = (): string | undefined => {
  if ("bun" in process.versions) {
    return 'on Bun the package "zeromq" ends the process, since Bun lacks a part of libuv; use our own ZMTP'
  }
  if ("deno" in process.versions) {
    return 'on Deno sockets of the package "zeromq" hang, since Deno\'s libuv is incomplete; use our own ZMTP'
  }
  return undefined
}

const unavailable = (error: unknown): LibzmqUnavailable => {
  const isMissing = typeof error === "object" && error !== null && "code" in error &&
    error.code === "ERR_MODULE_NOT_FOUND"
  const said = error instanceof Error ? error.message : String(error)
  return new LibzmqUnavailable({
    detail: isMissing
      ? 'the package "zeromq" is not installed; run "npm install zeromq", or use our own ZMTP'
      : `the package "zeromq" does not load: ${said}`,
  })
}

/** Loads it. */
export const loadLibzmq: Effect.Effect<Libzmq, LibzmqUnavailable> = Effect.suspend(() => {
  const detail = obstacle()
  if (detail !== undefined) return Effect.fail(new LibzmqUnavailable({ detail }))
  return Effect.tryPromise({
    try: async (): Promise<Libzmq> => {
      const zeromq: Readonly<Record<string, unknown>> = await import("zeromq")
      return {
        Context: zeromq["Context"] as Libzmq["Context"],
        open: (type, options) => new (zeromq[names[type]] as Constructor)(options),
      }
    },
    catch: unavailable,
  })
})
