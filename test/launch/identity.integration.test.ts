/**
 * A process on RabbitMQ says whose its connections are, and others see it through the management API.
 *
 * On Bun; what is said is tested on each runtime in `test/adapters/amqp/translation.test.ts`.
 */
import assert from "node:assert/strict"
import process from "node:process"
import { Effect, Schema } from "effect"
import { afterAll, beforeAll, describe, test } from "#test"
import { type Rabbit, startRabbit } from "../../scripts/rabbitmq.ts"
import { launch } from "../../src/launch/mod.ts"
import { api, event, on } from "../../src/mod.ts"
import { CurrentSettings, defaultSettings, readModule } from "../../src/runtime/mod.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none"
  ? "WARREN_TEST_BROKER is none"
  : "Bun" in globalThis
  ? undefined
  : "tested on Bun; it needs a broker of its own"

const Shop = api("shop", { sold: event({ sku: Schema.String }) })

type Connections = ReadonlyArray<{ readonly client_properties: Readonly<Record<string, string>> }>

describe("launch()", () => {
  let rabbit: Rabbit | undefined
  beforeAll(async () => {
    if (skip === undefined) rabbit = await startRabbit({ management: true })
  })
  afterAll(() => rabbit?.stop())

  /** What the connections of one process say, once the API shows both. */
  const said = async (instance: string) => {
    for (let i = 0; i < 100; i++) {
      const response = await fetch(`${rabbit!.managementUrl}/api/connections`, {
        headers: { authorization: `Basic ${btoa("guest:guest")}` },
      })
      const own = (await response.json() as Connections).map((one) => one.client_properties)
        .filter((one) => one?.["warren_instance"] === instance)
      if (own.length === 2) return own.map((one) => [one["connection_name"], one["warren_apps"]]).sort()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return []
  }

  const own = (apps: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const modules = yield* Effect.forEach(
        apps,
        (app) => Effect.fromResult(readModule({ note: on(Shop.sold, () => {}) }, { file: `${app}.ts`, app })),
      )
      const { core } = yield* launch({ broker: rabbit!.url, apps: modules })
      return yield* Effect.promise(() => said(core.instance))
    }).pipe(
      Effect.provideService(CurrentSettings, { ...defaultSettings, app: "web" }),
      Effect.scoped,
      Effect.runPromise,
    )

  test("names the instance and the apps on both connections", { skip }, async () => {
    assert.deepEqual(await own(["stock", "audit"]), [
      ["warren stock, audit (consumes)", "stock,audit"],
      ["warren stock, audit (publishes)", "stock,audit"],
    ])
  })

  test("names the app that speaks where none is hosted", { skip }, async () => {
    assert.deepEqual(await own([]), [["warren web (consumes)", "web"], ["warren web (publishes)", "web"]])
  })
})
