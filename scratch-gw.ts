import { Effect, Result, Schema } from "effect"
import { api, call, event, handle, on } from "./src/mod.ts"
import { readModule } from "./src/runtime/mod.ts"
import { launch } from "./src/launch/mod.ts"
import { gateway, hosted } from "./src/gateway/mod.ts"
import { serve } from "./adapters/runtime/mod.ts"
class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }, { httpApiStatus: 404 }) {}
const Parts = api("parts", { lookup: call({ sku: Schema.String }, { returns: { sku: Schema.String, price: Schema.Int }, fails: UnknownPart }), slow: call({}), ev: event({ n: Schema.Int }) }, { expose: true })
let interrupted = 0
const lookup = handle(Parts.lookup, ({ sku }) => sku === "x" ? Effect.fail(new UnknownPart({ sku })) : Effect.succeed({ sku, price: 3 }))
const slow = handle(Parts.slow, () => Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => { interrupted++ }))))
await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  const app = yield* Effect.fromResult(readModule({ lookup, slow }, { file: "x", app: "parts" }))
  const launched = yield* launch({ apps: [app] })
  const server = yield* serve({ hostname: "127.0.0.1", port: 0, fetch: gateway(launched.bus, hosted(launched)).fetch })
  const base = `http://127.0.0.1:${server.port}`
  const go = (path: string, init: RequestInit = {}) => Effect.promise(async () => {
    try {
    const r = await fetch(base + path, init)
    console.log(path, r.status, (await r.text()).slice(0, 300))
    } catch (e) { console.log(path, "threw", String(e)) }
  })
  const post = (body: any, extra: any = {}) => ({ method: "POST", headers: { "content-type": "application/json", ...extra }, body })
  yield* go("/")
  yield* go("/calls/parts/lookup", post('{"sku":"a"}'))
  yield* go("/calls/parts/lookup", post('{"sku":"x"}'))
  yield* go("/calls/parts/lookup", post('{"sku":1}'))
  yield* go("/calls/parts/lookupp", post('{"sku":1}'))
  yield* go("/events/parts/ev", post('{"n":1}'))
  yield* go("/calls/parts/slow", post('{}', {"warren-timeout":"50"}))
  yield* go("/calls/parts/slow", { ...post('{}'), signal: AbortSignal.timeout(100) })
  yield* Effect.sleep(50)
  console.log("interrupted", interrupted)
  const endless = new ReadableStream({ pull: async (c) => { c.enqueue(new Uint8Array(65536).fill(32)) } })
  yield* go("/calls/parts/lookup", { ...post(endless), duplex: "half" } as any)
  yield* go("/calls/parts/lookup", post(new Uint8Array(10 << 20).fill(32)))
  yield* go("/health/ready")
  for (const [hostname, port] of [["127.0.0.1", server.port], ["127.0.0.1", 1], ["nosuch.invalid", 0], ["8.8.8.8", 0]] as const)
    console.log(yield* Effect.match(serve({ hostname, port, fetch: () => new Response() }), { onFailure: e => e.message + " | " + e.remedy, onSuccess: x => JSON.stringify(x) }))
})))
console.log("closed")
