/**
 * What a command of inspection sees of a broker: who is there, by which source, with which contracts.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect, Option, Redacted, Result } from "effect"
import { afterEach, describe, test } from "#test"
import { hostedScene } from "../../src/cli/hostedScene.ts"
import type { BrokerInput } from "../../src/cli/inspecting.ts"
import { openScene } from "../../src/cli/scene.ts"
import type { Scene } from "../../src/inspect/mod.ts"
import { launch } from "../../src/launch/mod.ts"
import { rabbit, skip } from "../support/rabbit.ts"
import { cleanUp, folderWith, root } from "./support.ts"

const url = rabbit()
const home = process.cwd()

afterEach(async () => {
  process.chdir(home)
  await cleanUp()
})

const input = (more: Partial<BrokerInput> = {}): BrokerInput => ({
  broker: Redacted.make(url()),
  workers: Option.none(),
  management: Option.some("off"),
  ...more,
})

const open = (given: BrokerInput) => Effect.runPromise(Effect.scoped(Effect.result(openScene(given))))

const opened = async (given: BrokerInput): Promise<Scene> => {
  const scene = await open(given)
  assert.ok(Result.isSuccess(scene), String(scene))
  return scene.success
}

const refused = async (given: BrokerInput): Promise<string> => {
  const scene = await open(given)
  assert.ok(Result.isFailure(scene))
  return scene.failure.problem
}

/** Something that answers where an API may be; `undefined`: it says nothing. */
const withApi = async (
  answer: string | undefined,
  use: (api: { readonly url: string; readonly asked: () => number }) => Promise<void>,
) => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    if (answer !== undefined) response.writeHead(200, { "content-type": "application/json" }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    await use({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe("openScene()", () => {
  test(
    "hears the processes that are there, itself too",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const { core } = yield* launch({ broker: url() })
        const scene = yield* openScene(input())
        const heard = () => scene.core.presence.list().map(({ instance }) => instance)
        assert.ok(heard().includes(scene.core.instance))
        // on a busy machine its answer may come after those that were waited for
        yield* Effect.sleep(20).pipe(Effect.repeat({ until: () => heard().includes(core.instance) }))
        const { kind, vhost, user } = scene.place
        assert.deepEqual([kind, vhost, user], ["rabbitmq", "/", "guest"])
        assert.match(scene.note ?? "", /API is off/)
      }))),
  )

  test("knows the contracts of workers/, of what is named, or none", { skip }, async () => {
    process.chdir(root)
    assert.ok((await opened(input())).contracts.has("sales.orderPlaced"))
    const empty = mkdtempSync(join(tmpdir(), "warren-scene-"))
    try {
      process.chdir(empty)
      assert.equal((await opened(input())).contracts.size, 0)
      assert.match(await refused(input({ workers: Option.some("workers") })), /Cannot find "workers"/)
      const named = folderWith({ "broken.ts": "throw new Error('no')" })
      assert.match(await refused(input({ workers: Option.some(named) })), /Cannot load .*broken\.ts/)
    } finally {
      process.chdir(home)
      rmSync(empty, { recursive: true })
    }
  })

  test(
    "an API that is named must be this broker's",
    { skip },
    () =>
      withApi(JSON.stringify({ management_version: "3.10.8", cluster_name: "rabbit@elsewhere" }), async (api) => {
        const management = Option.some(Redacted.make(api.url))
        assert.match(await refused(input({ management })), /management API of the broker "rabbit@elsewhere"/)
      }),
  )

  test("a broker that is not there is told once, with what to do", { skip }, async () => {
    const scene = await open(input({ broker: Redacted.make("amqp://u:secret@127.0.0.1:1") }))
    assert.ok(Result.isFailure(scene))
    const { problem, remedy } = scene.failure
    assert.match(`${problem} ${remedy}`, /^Cannot connect to "amqp:\/\/u@127\.0\.0\.1:1".* --broker is right$/)
  })
})

describe("hostedScene()", () => {
  const hosted = (management: BrokerInput["management"], use: (scenes: ReadonlyArray<Scene>) => void) =>
    Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      const launched = yield* launch({ broker: url() })
      const opening = hostedScene({ launched, broker: Redacted.make(url()), management, contracts: [] })
      const scenes: Array<Scene> = []
      for (let i = 0; i < 2; i++) {
        yield* Effect.scoped(Effect.gen(function* () {
          const scene = yield* opening
          assert.equal(yield* scene.steward.look("warren.nothing"), undefined)
          scenes.push(scene)
        }))
      }
      use(scenes)
      const [one] = scenes
      assert.equal(one!.core.instance, launched.core.instance)
      // its connection ended with the question
      assert.ok(Result.isFailure(yield* Effect.result(one!.steward.look("warren.nothing"))))
    })))

  test(
    "looks over a connection that lives as long as the question",
    { skip },
    () => hosted(Option.some("off"), ([one]) => assert.match(one!.surveyor.source, /^AMQP alone/)),
  )

  test("an API that is named and is none is an answer, not a guess", { skip }, () =>
    withApi("{}", async (api) => {
      const management = Option.some(Redacted.make(api.url))
      const failure = await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const launched = yield* launch({ broker: url() })
        return yield* Effect.flip(
          hostedScene({ launched, broker: Redacted.make(url()), management, contracts: [] }),
        )
      })))
      assert.match(`${failure.problem} ${failure.remedy}`, /not the management API.*--management/)
      assert.equal(api.asked(), 1)
    }))

  test("looks into the broker inside the process as it is", () =>
    Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      const launched = yield* launch({})
      const management = Option.none()
      const scene = yield* hostedScene({ launched, broker: undefined, management, contracts: [] })
      yield* launched.transport.declare({
        exchanges: [],
        queues: [{ name: "warren.on.a.b", type: "quorum" }],
        bindings: [],
      })
      assert.equal((yield* scene.steward.look("warren.on.a.b"))?.ready, 0)
      assert.deepEqual([scene.place.kind, scene.note], ["in-process", undefined])
      const connections = yield* scene.surveyor.insight!.connections
      assert.deepEqual(connections.map(({ instance }) => instance), [launched.core.instance])
    }))))
})
