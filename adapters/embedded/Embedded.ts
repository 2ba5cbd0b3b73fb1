/**
 * The broker of a project, for every process on this machine that wants it: one hosts it, the others join, and when the host
 * is gone one of the others goes on with the same data.
 *
 * Above the data folder, its lock and `hostBroker.ts`; below whoever connects (`src/launch`) and `warren broker`. Who has the lock
 * hosts, so that two never do. Clients learn where it is from `url`, which is to be read anew at each attempt to connect.
 */
import { Clock, Effect, Exit, type Redacted, Scope } from "effect"
import { type FileLock, openFileLock, type SqliteError } from "../runtime/mod.ts"
import type { Server } from "../../src/broker/mod.ts"
import { type BrokerAddress, readAddress, urlOf } from "./folder/AddressFile.ts"
import { type DataFolder, openDataFolder } from "./folder/DataFolder.ts"
import { FolderError } from "./folder/FolderError.ts"
import { type BrokerTurn, hostBroker, type HostingError, type HostingOptions } from "./hostBroker.ts"
import { brokerAnswering } from "./reach.ts"

/** Options of {@link openEmbedded}. */
export interface EmbeddedOptions extends HostingOptions {
  /** The data folder, made where it is not there. */
  readonly folder: string
  /** Fails where another process hosts already. @default false */
  readonly mustHost?: boolean
  /** How long the one that hosts may take to answer, ms: it may have much to read back. @default 15_000 */
  readonly patience?: number
  /** Whether it hosts where nobody does; else it waits for one that does, and never takes over. @default true */
  readonly mayHost?: boolean
}

/** A process's part in the broker of a folder. */
export interface Embedded {
  /** The folder, as an absolute path. */
  readonly folder: string
  /** Where it is now; another process may host it at another port later. */
  readonly url: Effect.Effect<Redacted.Redacted<string>>
  /** Where it is now, in pieces. */
  readonly address: Effect.Effect<BrokerAddress>
  /** The server, while this process hosts it. */
  readonly server: () => Server | undefined
}

/** What keeps a process from hosting and from joining. */
export type EmbeddedError = HostingError

/** Between two attempts at the lock: of one that starts, and of one that has joined, ms. */
const pauses = { starting: 20, joined: 100 } as const

/** Between two attempts of a process that could not take over, ms. */
const pause = { first: 1_000, most: 30_000 } as const

/** Hosts, or joins and watches, until the scope closes. */
export const openEmbedded = Effect.fnUntraced(function* (
  options: EmbeddedOptions,
): Effect.fn.Return<Embedded, EmbeddedError, Scope.Scope> {
  const folder = yield* openDataFolder(options.folder)
  const scope = yield* Effect.scope
  let turn: BrokerTurn | undefined
  let known: BrokerAddress | undefined
  /** The broker that was joined at the start. */
  let joined: BrokerAddress | undefined

  /** A lock that may be asked for, in a scope that gives it back. */
  let seat: { readonly scope: Scope.Closeable; readonly lock: FileLock } | undefined
  const sitDown = Effect.gen(function* () {
    const own = yield* Scope.fork(scope)
    const lock = yield* Scope.provide(openFileLock(folder.lock), own)
    return seat = { scope: own, lock }
  })
  const standUp = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.suspend(() => {
      const left = seat
      seat = undefined
      return left === undefined ? Effect.void : Scope.close(left.scope, exit)
    })

  /** Hosts if the lock is free; gives it back when that fails. */
  const tryHosting = Effect.gen(function* () {
    const { scope: own, lock } = seat ?? (yield* sitDown)
    if (!(yield* Effect.mapError(lock.take, (error) => lockless(folder, error)))) return undefined
    // who takes it over keeps what the one before kept
    const isEphemeral = joined === undefined ? options.isEphemeral ?? false : joined.isEphemeral ?? false
    const begun = yield* Scope.provide(hostBroker(folder, { ...options, isEphemeral }), own)
    yield* Scope.addFinalizer(own, Effect.sync(() => turn = undefined))
    known = begun.address
    return turn = begun
  }).pipe(Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : standUp(exit)))

  const mayHost = options.mayHost !== false
  const first = yield* enter(folder, mayHost ? tryHosting : Effect.undefined, options)
  known = first
  if (turn === undefined) {
    joined = first
    if (mayHost) yield* Effect.forkScoped(watch(tryHosting))
  } else {
    yield* Effect.logDebug(`Hosts the broker of "${folder.path}" on ${first.host}:${first.port}`)
  }
  const address = Effect.map(readAddress(folder), (found) => known = found ?? known ?? first)
  return { folder: folder.path, url: Effect.map(address, urlOf), address, server: () => turn?.server }
})

/** Becomes the host, or finds the one that is. */
const enter = Effect.fnUntraced(function* (
  folder: DataFolder,
  tryHosting: Effect.Effect<BrokerTurn | undefined, EmbeddedError>,
  { mustHost = false, patience = 15_000 }: EmbeddedOptions,
): Effect.fn.Return<BrokerAddress, EmbeddedError> {
  let pid: number | undefined
  for (const until = (yield* Clock.currentTimeMillis) + patience; (yield* Clock.currentTimeMillis) < until;) {
    const turn = yield* tryHosting
    if (turn !== undefined) return turn.address
    const address = yield* readAddress(folder)
    pid = address?.pid ?? pid
    if (address !== undefined && (yield* brokerAnswering(address.host, address.port)) === address.broker) {
      if (!mustHost) return address
      const detail = `the process ${address.pid} hosts its broker already, on ${address.host}:${address.port}`
      return yield* new FolderError({ folder: folder.path, reason: "silent", detail })
    }
    yield* Effect.sleep(pauses.starting)
  }
  const who = pid === undefined ? "another process" : `another process (${pid}, it seems)`
  const detail = `${who} hosts its broker, and does not answer`
  return yield* new FolderError({ folder: folder.path, reason: "silent", detail })
})

/** Takes over once the lock is free. */
const watch = Effect.fnUntraced(function* (tryHosting: Effect.Effect<BrokerTurn | undefined, EmbeddedError>) {
  for (let failures = 0;;) {
    const exit = yield* Effect.exit(tryHosting)
    if (Exit.isFailure(exit)) {
      yield* Effect.logError("Cannot take over the embedded broker", exit.cause)
      yield* Effect.sleep(Math.min(pause.most, pause.first * 2 ** failures++))
      continue
    }
    if (exit.value === undefined) {
      yield* Effect.sleep(pauses.joined)
      continue
    }
    const { address: { host, port }, restored } = exit.value
    return yield* Effect.logInfo(
      `Took over the embedded broker, on ${host}:${port}, with ${restored} ${restored === 1 ? "message" : "messages"}`,
    )
  }
})

const lockless = (folder: DataFolder, error: SqliteError): FolderError =>
  new FolderError({ folder: folder.path, reason: "lockless", detail: `its lock cannot be taken (${error.detail})` })
