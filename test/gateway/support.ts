/**
 * A company of one app behind a real gateway on a port of its own, for the tests of this folder.
 *
 * Everything is real: in-process broker, host, server and fetch.
 */
import { Effect, Exit, Logger, Schema, Scope } from "effect"
import type { Hono } from "hono"
import { serve, type ServeOptions } from "../../adapters/runtime/mod.ts"
import { gateway, type GatewayOptions, hosted } from "../../src/gateway/mod.ts"
import { launch, type Launched } from "../../src/launch/mod.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import { CurrentJournal, type Journal, type Namespace, readModule } from "../../src/runtime/mod.ts"

/** 422, as no status is said. */
export class TooMany extends Schema.TaggedError<TooMany>()("TooMany", { most: Schema.Int }) {
  override get message(): string {
    return `Cannot sell more than ${this.most}`
  }
}

/** Says its status. */
export class UnknownPart extends Schema.TaggedError<UnknownPart>()(
  "UnknownPart",
  { sku: Schema.String },
  { httpApiStatus: 404 },
) {}

/** The api under test. */
export const Shop = api("shop", {
  price: call({ sku: Schema.String, quantity: Schema.Int }, {
    returns: { total: Schema.Int, at: Schema.Date },
    fails: [UnknownPart, TooMany],
  }),
  nothing: call({}),
  slow: call({}),
  broken: call({}),
  odd: call({}, { returns: { n: Schema.Int } }),
  unserved: call({}),
  trace: call({}, { returns: Schema.String }),
  sum: call({ numbers: Schema.Array(Schema.Int) }),
  internal: call({}),
  sold: event({ sku: Schema.String }),
  audited: event({ sku: Schema.String }),
}, { expose: ["price", "nothing", "slow", "broken", "odd", "unserved", "trace", "sum", "sold"] })

/** What the handlers saw. */
export interface Seen {
  readonly sold: Array<string>
  started: number
  interrupted: number
}

/** Its worker. */
export const shop = (seen: Seen): Namespace => ({
  price: handle(Shop.price, ({ sku, quantity }) => {
    if (sku === "none") throw new UnknownPart({ sku })
    if (quantity > 9) throw new TooMany({ most: 9 })
    return { total: quantity * 5, at: new Date(0) }
  }),
  nothing: handle(Shop.nothing, () => {}),
  slow: handle(Shop.slow, () =>
    Effect.suspend(() => {
      seen.started++
      return Effect.never
    }).pipe(Effect.onInterrupt(() => Effect.sync(() => void seen.interrupted++)))),
  broken: handle(Shop.broken, () => {
    throw new Error("the password is 1234")
  }),
  odd: handle(Shop.odd, () => ({ n: 1.5 })),
  trace: handle(Shop.trace, () => Effect.map(Effect.orDie(Effect.currentParentSpan), (span) => span.traceId)),
  internal: handle(Shop.internal, () => {}),
  record: on(Shop.sold, ({ sku }) => void seen.sold.push(sku)),
})

/** A running gateway. */
export interface Rig {
  readonly url: string
  readonly seen: Seen
  readonly launched: Launched
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
  readonly close: () => Promise<void>
}

/** Options of {@link start}. */
export interface RigOptions extends GatewayOptions {
  readonly journal?: Journal
  /** Where the gateway is mounted; what it returns is served. */
  readonly mount?: (gateway: Hono) => { readonly fetch: (request: Request) => Response | Promise<Response> }
  readonly server?: Partial<ServeOptions>
}

/** Starts the shop and its gateway. */
export const start = async (options: RigOptions = {}): Promise<Rig> => {
  const { journal = { record: () => {} }, mount = (app) => app, server = {}, ...rest } = options
  const seen: Seen = { sold: [], started: 0, interrupted: 0 }
  const scope = Effect.runSync(Scope.make())
  const program = Effect.gen(function* () {
    const app = yield* Effect.fromResult(readModule(shop(seen), { file: "shop.ts", app: "shop" }))
    const launched = yield* launch({ apps: [app] })
    const context = yield* Effect.context<never>()
    const mounted = mount(gateway(launched.bus, { ...hosted(launched), context, ...rest }))
    const fetch = (request: Request) => mounted.fetch(request)
    const { port } = yield* serve({ hostname: "127.0.0.1", port: 0, fetch, ...server })
    return { launched, url: `http://127.0.0.1:${port}` }
  }).pipe(
    Effect.provideService(CurrentJournal, journal),
    // failures are meant here, and their logs would be noise
    Effect.provide(Logger.layer([])),
    Scope.provide(scope),
  )
  const { launched, url } = await Effect.runPromise(program)
  return {
    url,
    seen,
    launched,
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" || body instanceof Uint8Array ? body as BodyInit : JSON.stringify(body),
      }),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

/** The problem a response holds. */
export const problemIn = async (response: Response): Promise<Record<string, unknown>> =>
  await response.json() as Record<string, unknown>

/** Waits until something holds. */
export const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  if (!holds()) throw new Error("It did not come true within 2 s")
}
