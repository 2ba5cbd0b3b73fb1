/**
 * Several parts in the broker of one folder: one hosts, the others join, and with the host's end another goes on.
 */
import assert from "node:assert/strict"
import { createServer, type Socket } from "node:net"
import { chmodSync, cpSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import amqp from "amqplib"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import { describe, test } from "#test"
import { openEmbedded } from "../../../adapters/embedded/mod.ts"
import { openFileLock } from "../../../adapters/runtime/mod.ts"
import { onChannel } from "../../support/onChannel.ts"
import { effect, folder } from "./support.ts"

const isEphemeral = true

/** Waits for something that comes by itself. */
const until = <E>(is: Effect.Effect<boolean, E>): Effect.Effect<void, E> =>
  Effect.flatMap(is, (yes) => yes ? Effect.void : Effect.delay(until(is), 5))

/** A part that can end before the test does. */
const part = Effect.fnUntraced(function* (path: string, more: Partial<Parameters<typeof openEmbedded>[0]> = {}) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const embedded = yield* Scope.provide(openEmbedded({ folder: path, isEphemeral, ...more }), scope)
  return { ...embedded, end: Scope.close(scope, Exit.void) }
})

const urlOf = (embedded: { readonly url: Effect.Effect<Redacted.Redacted<string>> }) =>
  Effect.map(embedded.url, Redacted.value)

/** Publishes to a queue of its own and gets it back. */
const converse = (url: string) =>
  Effect.promise(() =>
    onChannel(url, async (channel) => {
      const { queue } = await channel.assertQueue("", { exclusive: true })
      const arrived = new Promise<string>((resolve) => {
        void channel.consume(queue, (message) => resolve(String(message?.content)), { noAck: true })
      })
      channel.sendToQueue(queue, Buffer.from("hello"))
      return await arrived
    })
  )

/** Something that has a port, takes connections, and says nothing that a broker would say. */
const silent = (port: number) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly close: () => void }>((resume) => {
      const sockets: Array<Socket> = []
      const other = createServer((socket) => void sockets.push(socket))
      const close = () => {
        other.close()
        for (const socket of sockets) socket.destroy()
      }
      other.listen(port, "127.0.0.1", () => resume(Effect.succeed({ close })))
    }),
    ({ close }) => Effect.sync(close),
  )

describe("openEmbedded", () => {
  test("says whose broker it is, of which version, whoever hosts it", () =>
    effect(Effect.gen(function* () {
      const embedded = yield* openEmbedded({ folder: yield* folder, isEphemeral })
      assert.match(embedded.server()?.figures().version ?? "", /^\d+\.\d+\.\d+/)
    })))

  test("hosts for those that join, and leaves the same port and password to the next", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const [first, second] = [yield* part(path), yield* part(path)]
      assert.ok(first.server() !== undefined && second.server() === undefined)
      const url = yield* urlOf(first)
      assert.match(url, /^amqp:\/\/warren:[\w-]{32}@127\.0\.0\.1:\d+$/)
      assert.equal(yield* urlOf(second), url)
      assert.equal(yield* converse(url), "hello")
      assert.deepEqual(readdirSync(path).sort(), ["address.json", "lock"])
      yield* first.end
      assert.equal(first.server(), undefined)
      yield* until(Effect.sync(() => second.server() !== undefined))
      assert.equal(yield* urlOf(second), url)
      assert.equal(yield* converse(url), "hello")
      assert.deepEqual(readdirSync(path).sort(), ["address.json", "lock"])
      yield* second.end
      assert.equal(yield* urlOf(yield* part(path)), url)
    })))

  test("is taken over as it was: what kept nothing goes on keeping nothing", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const [first, second] = [yield* part(path), yield* part(path, { isEphemeral: false })]
      yield* first.end
      yield* until(Effect.sync(() => second.server() !== undefined))
      assert.deepEqual(readdirSync(path).sort(), ["address.json", "lock"])
      yield* second.end
      const third = yield* part(path, { isEphemeral: false })
      assert.ok(third.server() !== undefined)
      assert.deepEqual(readdirSync(path).filter((name) => name === "queues.db"), ["queues.db"])
    })))

  test("leaves the hosting to others where it is told to, and finds them again", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const waiting = yield* Effect.forkScoped(part(path, { mayHost: false }))
      const first = yield* part(path)
      const guest = yield* Fiber.join(waiting)
      assert.equal(yield* urlOf(guest), yield* urlOf(first))
      yield* first.end
      // longer than whoever may host waits between two looks
      yield* Effect.sleep(500)
      assert.equal(guest.server(), undefined)
      const second = yield* part(path)
      assert.ok(second.server() !== undefined)
      assert.equal(yield* urlOf(guest), yield* urlOf(second))
    })))

  test("deletes auto-delete queues whose consumers do not come back, and no others", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const copy = join(yield* folder, "copy")
      const first = yield* part(path, { isEphemeral: false })
      const url = yield* urlOf(first)
      yield* Effect.promise(async () => {
        const connection = await amqp.connect(url, { noDelay: true })
        const channel = await connection.createChannel()
        for (const name of ["left", "back"]) {
          await channel.assertQueue(name, { durable: true, autoDelete: true })
          await channel.consume(name, () => {})
        }
        await channel.assertQueue("kept", { durable: true })
        // killed here, as far as the files know
        cpSync(path, copy, { recursive: true })
        await connection.close()
      })
      rmSync(join(copy, "lock"))
      rmSync(join(copy, "address.json"))
      chmodSync(copy, 0o700)
      const second = yield* part(copy, { isEphemeral: false, comeback: 300 })
      const engine = second.server()?.engine()
      const names = () => ["left", "back", "kept"].filter((name) => engine?.queue(name) !== undefined)
      assert.deepEqual(names(), ["left", "back", "kept"])
      const again = yield* Effect.promise(async () => {
        const connection = await amqp.connect(await Effect.runPromise(urlOf(second)), { noDelay: true })
        await (await connection.createChannel()).consume("back", () => {})
        return connection
      })
      yield* until(Effect.sync(() => !names().includes("left")))
      assert.deepEqual(names(), ["back", "kept"])
      yield* Effect.promise(() => again.close())
    })))

  test("lets one win of many that start at once", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const parts = yield* Effect.all(Array.from({ length: 8 }, () => part(path)), { concurrency: "unbounded" })
      for (let left = parts; left.length > 0;) {
        yield* until(Effect.sync(() => left.some((one) => one.server() !== undefined)))
        const [host, ...more] = left.filter((one) => one.server() !== undefined)
        assert.equal(more.length, 0)
        assert.equal(new Set(yield* Effect.all(left.map(urlOf))).size, 1)
        yield* host!.end
        left = left.filter((one) => one !== host)
      }
    })))

  test("tells the new port where the old one is taken", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const first = yield* part(path, { isEphemeral: false })
      const { port } = yield* first.address
      const url = yield* urlOf(first)
      yield* Effect.promise(() =>
        onChannel(url, async (channel) => {
          await channel.assertQueue("dead")
          await channel.assertQueue("kept", { deadLetterExchange: "", deadLetterRoutingKey: "dead" })
          channel.sendToQueue("kept", Buffer.from("stays"), { persistent: true })
          channel.sendToQueue("kept", Buffer.from("dies"), { persistent: true, expiration: 100 })
          await channel.waitForConfirms()
          await channel.purgeQueue("dead")
        })
      )
      yield* first.end
      yield* silent(port)
      const second = yield* part(path, { isEphemeral: false })
      assert.ok(second.server() !== undefined)
      assert.notEqual((yield* second.address).port, port)
      assert.equal(yield* converse(yield* urlOf(second)), "hello")
      assert.equal(second.server()?.engine()?.queue("kept")?.ready, 2)
      const wanted = yield* Effect.flip(
        openEmbedded({ folder: join(path, "other"), isEphemeral, listen: { host: "127.0.0.1", port } }),
      )
      assert.match(wanted.message, new RegExp(`^Cannot listen on 127.0.0.1:${port} for AMQP`))
    })))

  test("keeps two folders apart, and one to its host where that is asked for", () =>
    effect(Effect.gen(function* () {
      const root = yield* folder
      const [one, other] = [yield* part(join(root, "one")), yield* part(join(root, "other"))]
      assert.ok(one.server() !== undefined && other.server() !== undefined)
      const { port, pid } = yield* one.address
      const password = (yield* urlOf(other)).replace(/:\d+$/, `:${port}`)
      assert.ok(Exit.isFailure(yield* Effect.exit(Effect.tryPromise(() => onChannel(password, async () => {})))))
      const refused = yield* Effect.flip(openEmbedded({ folder: join(root, "one"), isEphemeral, mustHost: true }))
      assert.match(
        refused.message,
        new RegExp(`the process ${pid} hosts its broker already, on 127.0.0.1:${port}; end`),
      )
    })))

  test("says which process holds a broker that does not answer, and does not wait for ever", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const first = yield* part(path)
      const address = yield* first.address
      yield* first.end
      // frozen: it has the lock and takes connections, and says nothing
      const lock = yield* openFileLock(join(path, "lock"))
      assert.equal(yield* lock.take, true)
      yield* silent(address.port)
      const error = yield* Effect.flip(openEmbedded({ folder: path, isEphemeral, patience: 300 }))
      assert.match(
        error.message,
        new RegExp(`another process \\(${address.pid}, it seems\\) hosts its broker, and does not answer`),
      )
    })))

  test("does not host where somebody does although the lock is free", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const first = yield* part(path)
      const { port, pid } = yield* first.address
      // a file system without locks, as far as that can be played: another lock, and the same address
      rmSync(join(path, "lock"))
      const error = yield* Effect.flip(openEmbedded({ folder: path, isEphemeral }))
      assert.match(
        error.message,
        new RegExp(`the process ${pid} hosts its broker, too, so its file system does not keep locks`),
      )
      assert.equal((yield* first.address).port, port)
      assert.equal(yield* converse(yield* urlOf(first)), "hello")
    })))

  test("listens beyond this machine for those who have credentials of their own", () =>
    effect(Effect.gen(function* () {
      const root = yield* folder
      const listen = { host: "0.0.0.0", port: 0 }
      const refused = yield* Effect.flip(openEmbedded({ folder: join(root, "a"), isEphemeral, listen }))
      assert.match(refused.message, /other machines reach it/)
      const credentials = { user: "shop", password: Redacted.make("secret") }
      const open = yield* part(join(root, "b"), { listen, credentials })
      const url = yield* urlOf(open)
      assert.match(url, /^amqp:\/\/shop:secret@127\.0\.0\.1:\d+$/)
      assert.equal(yield* converse(url), "hello")
    })))

  test("refuses publishes and blocks publishers while the disk is full, and lives on", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      const one = yield* part(path, { isEphemeral: false, dataBytes: 300_000 })
      const url = yield* urlOf(one)
      yield* Effect.promise(async () => {
        const connection = await amqp.connect(url, { noDelay: true })
        const heard: Array<string> = []
        connection.on("blocked", (reason) => heard.push(reason))
        connection.on("unblocked", () => heard.push("unblocked"))
        const channel = await connection.createConfirmChannel()
        await channel.assertQueue("q")
        const publish = (size: number) =>
          new Promise<string>((resolve) =>
            channel.sendToQueue(
              "q",
              Buffer.alloc(size),
              { persistent: true },
              (error) => resolve(error ? "nack" : "ack"),
            )
          )
        assert.equal(await publish(200_000), "ack")
        assert.equal(await publish(200_000), "nack")
        // whoever publishes now is not read until there is room
        const late = publish(1_000)
        while (heard.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
        assert.deepEqual(heard, ["low on disk"])
        // consumers go on, and make room
        const other = await amqp.connect(url, { noDelay: true })
        const consuming = await other.createChannel()
        for (let n = 0; n < 2; n++) {
          const got = await consuming.get("q")
          assert.ok(got !== false)
          consuming.ack(got)
        }
        while (heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
        await late
        assert.equal(await publish(200_000), "ack")
        await other.close()
        await connection.close()
      })
    })))
})
