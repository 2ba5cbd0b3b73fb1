/**
 * Verbs of inspection over HTTP: who may ask, what is answered, and when a stream ends.
 *
 * The verbs are the test's own, and so is the scene; server, gateway and client are real.
 */
import assert from "node:assert/strict"
import { Effect, Exit, Redacted, Result, Stream } from "effect"
import { afterEach, describe, test } from "#test"
import { GatewayProblem, type Inspection, request } from "../../src/gateway/mod.ts"
import { InspectError, type Scene, type Verb } from "../../src/inspect/mod.ts"
import { problemIn, type Rig, type RigOptions, start, until } from "./support.ts"

/** What the scenes saw. */
const seen = { opened: 0, closed: 0, told: 0 }

const scene: Inspection["scene"] = Effect.acquireRelease(
  Effect.sync(() => {
    seen.opened++
    return { note: "a scene" } as Scene
  }),
  () => Effect.sync(() => void seen.closed++),
)

const all: ReadonlyArray<Verb> = [
  {
    kind: "ask",
    name: "echo",
    looks: true,
    run: ({ note }, input) => Effect.succeed({ note, input }),
  },
  { kind: "ask", name: "nothing", looks: true, run: () => Effect.void },
  { kind: "ask", name: "broken", looks: true, run: () => Effect.die(new Error("the password is 1234")) },
  {
    kind: "ask",
    name: "dead.ls",
    looks: true,
    run: () => Effect.fail(new InspectError({ problem: "Cannot find that", remedy: "Name another" })),
  },
  { kind: "ask", name: "never", looks: true, run: () => Effect.never },
  {
    kind: "follow",
    name: "count",
    looks: true,
    run: (_, input) =>
      Stream.range(1, (input as { readonly most: number }).most).pipe(
        Stream.tap(() => Effect.sync(() => void seen.told++)),
      ),
  },
  {
    kind: "follow",
    name: "tick",
    looks: true,
    run: () => Stream.map(Stream.tick("10 millis"), () => ({ told: ++seen.told, text: "ä\nb\u2028" })),
  },
  { kind: "follow", name: "quiet", looks: true, run: () => Stream.never },
  {
    kind: "follow",
    name: "ends",
    looks: true,
    run: () =>
      Stream.concat(Stream.make(1, null), Stream.fail(new InspectError({ problem: "It went", remedy: "Begin again" }))),
  },
  {
    kind: "follow",
    name: "dies",
    looks: true,
    run: () => Stream.concat(Stream.make(1), Stream.die(new Error("the password is 1234"))),
  },
]

const verbs = new Map(all.map((verb) => [verb.name, verb]))

let rig: Rig | undefined
afterEach(async () => {
  await rig?.close()
  rig = undefined
})

const opened = async (inspect: Partial<Inspection> | "off" = {}, more: RigOptions = {}): Promise<Rig> => {
  Object.assign(seen, { opened: 0, closed: 0, told: 0 })
  return rig = await start({ ...more, inspect: inspect === "off" ? inspect : { verbs, scene, ...inspect } })
}

/** The end of a stream that a client follows. */
const followed = (client: ReturnType<typeof request>, verb: string, input: unknown = {}) =>
  Effect.runPromise(Effect.result(Stream.runCollect(client.follow(verb, input))))

describe("POST /inspect/{verb}", () => {
  test("answers with the verb's JSON, and closes its scene", async () => {
    const { post } = await opened()
    const response = await post("/inspect/echo", { a: 1 })
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/json"])
    assert.deepEqual(await response.json(), { note: "a scene", input: { a: 1 } })
    assert.equal(await (await post("/inspect/nothing", {})).json(), null)
    assert.deepEqual([seen.opened, seen.closed], [2, 2])
  })

  test("says what a verb could not do, with the remedy, and nothing of what broke inside", async () => {
    const { post } = await opened()
    const refused = await post("/inspect/dead.ls", {})
    const { type, detail, remedy } = await problemIn(refused)
    assert.deepEqual([refused.status, type, detail, remedy], [
      422,
      "urn:warren:problem:inspection",
      "Cannot find that",
      "Name another",
    ])
    const broken = await post("/inspect/broken", {})
    assert.equal(broken.status, 500)
    assert.doesNotMatch(await broken.text(), /1234/)
  })

  test("404 for a verb that there is not, with the nearest; the index lists them", async () => {
    const { post, url } = await opened()
    const response = await post("/inspect/dead.la", {})
    assert.equal(response.status, 404)
    assert.match(String((await problemIn(response))["detail"]), /"dead\.la".*did you mean "dead\.ls"\?/)
    const index = await (await fetch(url)).json() as { readonly inspect: ReadonlyArray<string> }
    assert.ok(index.inspect.includes("/inspect/dead.ls"))
  })

  test("takes JSON by POST only, so that no foreign page can send it, and no more than the limit", async () => {
    const { post, url } = await opened({}, { bodyLimit: 100 })
    assert.equal((await post("/inspect/echo", {}, { "content-type": "text/plain" })).status, 415)
    assert.equal((await post("/inspect/echo", "{")).status, 400)
    assert.equal((await post("/inspect/echo", { long: "x".repeat(100) })).status, 413)
    assert.equal((await fetch(`${url}/inspect/echo`)).status, 405)
    const preflight = await fetch(`${url}/inspect/echo`, { method: "OPTIONS", headers: { origin: "http://evil" } })
    assert.equal(preflight.headers.get("access-control-allow-origin"), null)
    assert.equal((await post("/inspect/echo", {}, { origin: "http://evil.example" })).status, 403)
    assert.equal(seen.opened, 0)
  })

  test("needs the token that everything else needs", async () => {
    const { post } = await opened({}, { token: Redacted.make("s3cret") })
    assert.equal((await post("/inspect/echo", {})).status, 401)
    assert.equal((await post("/inspect/echo", {}, { authorization: "Bearer s3cret" })).status, 200)
  })

  test("403 with the remedy where it is off, whatever the verb; there is no such page where nothing was said", async () => {
    const { post, url } = await opened("off")
    for (const verb of ["echo", "nonsense"]) {
      const response = await post(`/inspect/${verb}`, {})
      const { type, remedy } = await problemIn(response)
      assert.deepEqual([response.status, type], [403, "urn:warren:problem:inspection-off"])
      assert.match(String(remedy), /--inspect.*--broker/)
    }
    assert.equal((await (await fetch(url)).json() as { readonly inspect?: unknown }).inspect, undefined)
    await rig?.close()
    rig = await start({})
    assert.equal((await rig.post("/inspect/echo", {})).status, 404)
  })

  test("does not answer whoever comes through a proxy, unless told to", async () => {
    const { post } = await opened()
    for (const header of ["x-forwarded-for", "forwarded", "via"]) {
      const response = await post("/inspect/echo", {}, { [header]: "1.2.3.4" })
      assert.equal(response.status, 403, header)
      assert.match(String((await problemIn(response))["detail"]), new RegExp(`proxy \\("${header}"\\)`))
    }
    await rig?.close()
    const told = await opened({ proxied: true })
    assert.equal((await told.post("/inspect/echo", {}, { "x-forwarded-for": "1.2.3.4" })).status, 200)
  })

  test("a scene that cannot be opened is a problem, for a stream too", async () => {
    const { post } = await opened({
      scene: Effect.fail(new InspectError({ problem: "No broker", remedy: "Start it" })),
    })
    for (const verb of ["echo", "tick"]) {
      const response = await post(`/inspect/${verb}`, {})
      assert.deepEqual([response.status, (await problemIn(response))["remedy"]], [422, "Start it"])
    }
  })

  test("a client that hangs up ends the question", async () => {
    const { url } = await opened()
    const client = request(url)
    const exit = await Effect.runPromiseExit(client.inspect("never", {}, { timeout: 100 }))
    assert.ok(Exit.isFailure(exit))
    await until(() => seen.closed === 1)
  })
})

describe("a stream of inspection", () => {
  test("tells a JSON value a line, as they come", async () => {
    const { post } = await opened()
    const response = await post("/inspect/tick", {})
    assert.equal(response.headers.get("content-type"), "application/x-ndjson")
    const reader = response.body!.getReader()
    let text = ""
    while (text.split("\n").filter((line) => line !== "").length < 4) {
      const { value, done } = await reader.read()
      assert.ok(!done)
      text += new TextDecoder().decode(value)
    }
    const first = text.split("\n").find((line) => line !== "")
    assert.deepEqual(JSON.parse(first!), { told: 1, text: "ä\nb\u2028" })
    await reader.cancel()
    await until(() => seen.closed === 1)
    const { told } = seen
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(seen.told, told)
  })

  test("comes to the client value by value, and ends when nobody listens any more", async () => {
    const { url } = await opened()
    const values = await Effect.runPromise(Stream.runCollect(Stream.take(request(url).follow("tick", {}), 3)))
    assert.deepEqual(values.map((value) => (value as { readonly told: number }).told), [1, 2, 3])
    await until(() => seen.closed === 1)
  })

  test("ends at once while nothing is told", async () => {
    const { url } = await opened()
    const fiber = Effect.runFork(Stream.runDrain(request(url).follow("quiet", {})))
    await until(() => seen.opened === 1)
    fiber.interruptUnsafe()
    await until(() => seen.closed === 1)
  })

  test("waits for whoever reads slowly", async () => {
    const { post } = await opened()
    const response = await post("/inspect/count", { most: 1_000_000 })
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(seen.told < 500_000, `${seen.told} were told to nobody`)
    await response.body?.cancel()
    await until(() => seen.closed === 1)
  })

  test("tells all of it, however much it is", async () => {
    const { url } = await opened()
    const told = await followed(request(url), "count", { most: 20_000 })
    assert.ok(Result.isSuccess(told))
    assert.deepEqual([told.success.length, told.success.at(-1)], [20_000, 20_000])
  })

  test("ends with its problem where it fails, and tells nothing of what broke inside", async () => {
    const { url } = await opened()
    const told: Array<unknown> = []
    const program = Stream.runForEach(request(url).follow("ends", {}), (value) => Effect.sync(() => told.push(value)))
    const error = await Effect.runPromise(Effect.flip(program))
    assert.ok(error instanceof GatewayProblem)
    assert.deepEqual([error.detail, error.members["remedy"], told], ["It went", "Begin again", [1, null]])
    const died = await followed(request(url), "dies")
    assert.ok(Result.isFailure(died) && died.failure instanceof GatewayProblem)
    assert.doesNotMatch(JSON.stringify(died.failure), /1234/)
    await until(() => seen.closed === 2)
  })

  test("ends when the process does", async () => {
    let end = () => {}
    const ended = new Promise<void>((resolve) => end = resolve)
    const { url } = await opened({ ending: Effect.promise(() => ended) })
    const told = followed(request(url), "tick")
    await until(() => seen.told > 2)
    end()
    assert.ok(Result.isSuccess(await told))
    await until(() => seen.closed === 1)
  })

  test("is a problem for a client as one answer is: off, unknown, or nobody there", async () => {
    const { url } = await opened("off")
    const off = await followed(request(url), "tick")
    assert.ok(Result.isFailure(off) && off.failure instanceof GatewayProblem)
    assert.equal(off.failure.status, 403)
    await rig?.close()
    const nobody = await followed(request(url), "tick")
    assert.ok(Result.isFailure(nobody))
    assert.equal(nobody.failure._tag, "Disconnected")
  })
})
