/**
 * `connect()` and `busLayer()`: the bus for any program, over a broker, through a gateway, or with workers in the same process.
 *
 * What the program says goes before what the variables say. The gateway's room, and Hono with it, is loaded only when
 * the way goes through one.
 */
import { Cause, type Duration, Effect, Exit, Layer, Redacted, Result, Scope } from "effect"
import type { EmbeddedError, EmbeddedOptions } from "../../adapters/embedded/mod.ts"
import {
  Bus,
  type BusShape,
  CurrentSettings,
  defaultSettings,
  type HostError,
  InvalidOption,
  millis,
} from "../runtime/mod.ts"
import { type Connected, promised } from "./Connected.ts"
import { readChoice } from "../transport/mod.ts"
import type { LaneOptions } from "./lanes.ts"
import { launch } from "./launch.ts"
import { type Modules, readModules } from "./readModules.ts"
import { dataFolder, isEphemeral, variable } from "./variables.ts"

/** Options of {@link connect}. At most one of `broker` and `url` is given. */
export interface ConnectOptions extends LaneOptions {
  /** The app that speaks: the sender of what is emitted and called. */
  readonly app: string
  /**
   * `amqp://user:password@host:port/vhost`; several hosts of a cluster with commas between them. Who asks, and with which
   * certificates, may also come from WARREN_BROKER_USER, _PASSWORD, _CA, _CERT and _KEY. `"embedded"`: the project's own
   * broker, hosted here where nobody hosts it. `"in-process"`: one for this process alone.
   * @default WARREN_BROKER, where it is set; else the embedded one if it runs and neither `workers` nor a gateway is named
   */
  readonly broker?: Redacted.Redacted<string> | string | undefined
  /** The data folder of the embedded broker. @default WARREN_DATA, else `.warren/broker` at the root of the project */
  readonly data?: string | undefined
  /** How long to go on trying where no broker answers. @default 0: one attempt */
  readonly wait?: Duration.Input | undefined
  /** Worker modules to run in this process; without a broker they are all that can be reached. @default none */
  readonly workers?: Modules | undefined
  /**
   * The gateway of a running `warren run --http`.
   * @default without broker and workers: WARREN_URL, else the embedded broker, else `http://127.0.0.1:8080`
   */
  readonly url?: string | undefined
  /** The gateway's token. @default WARREN_TOKEN, where it is set */
  readonly token?: Redacted.Redacted<string> | string | undefined
}

/**
 * Connects a program to the bus.
 *
 * @example await using bus = await connect({ app: "web" })
 * @throws InvalidOption for options that contradict each other, and whatever keeps the process from starting
 */
export const connect = async (options: ConnectOptions): Promise<Connected> => {
  const scope = Effect.runSync(Scope.make())
  const exit = await Effect.runPromiseExit(Scope.provide(open(options), scope))
  if (Exit.isSuccess(exit)) return promised(exit.value, scope)
  await Effect.runPromise(Scope.close(scope, exit))
  // the failure itself, as everywhere
  throw Cause.squash(exit.cause)
}

/**
 * The bus as a layer, for programs written with Effect; it closes with the layer's scope.
 *
 * @example program.pipe(Effect.provide(busLayer({ app: "reports" })))
 */
export const busLayer = (options: ConnectOptions): Layer.Layer<Bus, HostError | InvalidOption | EmbeddedError> =>
  Layer.effect(Bus, open(options))

const open = Effect.fnUntraced(function* (
  options: ConnectOptions,
): Effect.fn.Return<BusShape, HostError | InvalidOption | EmbeddedError, Scope.Scope> {
  const way = yield* wayOf(options)
  switch (way._tag) {
    case "Gateway": {
      const { httpBus, request } = yield* Effect.promise(() => import("../gateway/mod.ts"))
      return httpBus(yield* attempt(() => request(way.url, way.token)))
    }
    case "Process": {
      const apps = yield* Effect.fromResult(readModules(options.workers ?? []))
      const { lane, secret, insecure } = options
      const { broker, embedded, wait } = way
      const { bus } = yield* launch({ broker, embedded, wait, apps, lane, secret, insecure, beacon: true }).pipe(
        Effect.provideService(CurrentSettings, { ...defaultSettings, app: options.app }),
      )
      return bus
    }
  }
})

type Secret = Redacted.Redacted<string> | string

/** Which way is taken. */
type Way =
  | { readonly _tag: "Gateway"; readonly url: string; readonly token: Secret | undefined }
  | {
    readonly _tag: "Process"
    readonly broker: Secret | undefined
    readonly embedded: EmbeddedOptions | undefined
    readonly wait: number
  }

const wayOf = Effect.fnUntraced(function* (
  { app, broker, data, wait = 0, workers, url, token }: ConnectOptions,
): Effect.fn.Return<Way, InvalidOption> {
  const refuse = (option: string, value: string, expected: string) => new InvalidOption({ option, value, expected })
  if (typeof app !== "string" || !/^[a-zA-Z][a-zA-Z0-9_-]{0,59}$/.test(app)) {
    const expected = 'the name of the app that speaks: letters, digits, "-" and "_", starting with a letter'
    return yield* refuse("app", JSON.stringify(app) ?? "undefined", expected)
  }
  if (url !== undefined && broker !== undefined) {
    return yield* refuse("url", `"${url}"`, "either a gateway's `url` or a `broker`, not both")
  }
  if (url !== undefined && workers !== undefined) {
    return yield* refuse("workers", "modules", "no workers with a `url`: through a gateway nothing can be handled")
  }
  const gateway = Effect.fnUntraced(function* (at: string): Effect.fn.Return<Way> {
    return { _tag: "Gateway", url: at, token: token ?? (yield* variable("WARREN_TOKEN")) }
  })
  if (url !== undefined) return yield* gateway(url)
  const patience = yield* attempt(() => millis("wait", wait))
  const here = (broker: Secret | undefined, embedded?: EmbeddedOptions): Way => ({
    _tag: "Process",
    broker,
    embedded,
    wait: patience,
  })
  const over = broker ?? (yield* variable("WARREN_BROKER"))
  // what is no address is told of by whoever dials it
  const choice = over === undefined ? undefined : readChoice(over)
  const inProcess = choice?._tag === "InProcess"
  if (choice?._tag === "Embedded") return here(undefined, yield* embeddedAt(data))
  if (over !== undefined && !inProcess) return here(over)
  if (workers !== undefined || broker !== undefined) return here(undefined)
  const at = yield* variable("WARREN_URL")
  if (at === undefined && !inProcess) {
    const own = yield* embeddedAt(data)
    const { findEmbedded } = yield* Effect.promise(() => import("../../adapters/embedded/mod.ts"))
    if ((yield* findEmbedded(own.folder)) !== undefined) return here(undefined, own)
  }
  const { defaultUrl } = yield* Effect.promise(() => import("../gateway/mod.ts"))
  return yield* gateway(at === undefined ? defaultUrl : Redacted.value(at))
})

/** The project's broker, as the variables say it. */
const embeddedAt = Effect.fnUntraced(function* (data: string | undefined): Effect.fn.Return<EmbeddedOptions> {
  const { defaultFolder } = yield* Effect.promise(() => import("../../adapters/embedded/mod.ts"))
  return { folder: data ?? (yield* dataFolder) ?? defaultFolder(), isEphemeral: yield* isEphemeral }
})

/** For functions that throw what is their user's mistake. */
const attempt = <A>(make: () => A): Effect.Effect<A, InvalidOption> =>
  Effect.fromResult(Result.try({ try: make, catch: (error) => error as InvalidOption }))
