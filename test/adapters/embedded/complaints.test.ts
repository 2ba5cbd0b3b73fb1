/**
 * What the log says of connections that were ended: in one line, with what to do, and not more lines than a person reads.
 */
import assert from "node:assert/strict"
import amqp from "amqplib"
import { Effect, Logger, Redacted } from "effect"
import { describe, test } from "#test"
import { makeComplaints } from "../../../adapters/embedded/complaints.ts"
import { openEmbedded } from "../../../adapters/embedded/mod.ts"
import { effect, folder } from "./support.ts"

const origin = { host: "127.0.0.1", port: 4242 }

const rig = () => {
  const lines: Array<string> = []
  let time = 0
  const complain = makeComplaints({ remedy: "ask Ann", now: () => time, write: (line) => void lines.push(line) })
  return { lines, complain, pass: (ms: number) => void (time += ms) }
}

describe("complaints", () => {
  test("say who, what, and what to do", () => {
    const { lines, complain } = rig()
    complain({ origin, user: "guest", reason: "login", detail: "ACCESS_REFUSED" })
    complain({ origin: { host: "::1", port: 1 }, user: "", reason: "silence", detail: "nothing came" })
    complain({ origin, user: "shop", reason: "protocol", detail: "NOT_ALLOWED - vhost x not found" })
    assert.deepEqual(lines, [
      `Refused "guest" at 127.0.0.1:4242: the user or the password is wrong; ask Ann`,
      "Ended the connection of a client at [::1]:1: nothing came",
      `Ended the connection of "shop" at 127.0.0.1:4242: NOT_ALLOWED - vhost x not found`,
    ])
  })

  test("are one line, without what a terminal would obey, of a length that is known", () => {
    const { lines, complain } = rig()
    complain({ origin, user: "a\nb\u001b[2J\u0085\u202e", reason: "login", detail: "" })
    complain({ origin, user: "x".repeat(100_000), reason: "login", detail: "" })
    assert.match(lines[0]!, /^Refused "a\\u000ab\\u001b\[2J\\u0085\\u202e" at /)
    assert.ok(lines[1]!.length < 500)
  })

  test("are ten a minute, and the others are counted", () => {
    const { lines, complain, pass } = rig()
    const one = { origin, user: "guest", reason: "login", detail: "" } as const
    for (let i = 0; i < 35; i++) complain(one)
    assert.equal(lines.length, 10)
    pass(60_000)
    complain(one)
    complain(one)
    assert.match(lines[10]!, /ask Ann \(before it, 25 more ended that are not written here\)$/)
    assert.match(lines[11]!, /ask Ann$/)
  })
})

test("a client with RabbitMQ's usual password learns that it may not come in, and the log where the right one is", () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => void lines.push(`${logLevel} ${String(message)}`))
  return effect(
    Effect.gen(function* () {
      const path = yield* folder
      const embedded = yield* openEmbedded({ folder: path, isEphemeral: true })
      const { host, port } = yield* embedded.address
      yield* Effect.promise(() =>
        assert.rejects(Promise.resolve(amqp.connect(`amqp://guest:guest@${host}:${port}`)), /ACCESS_REFUSED/)
      )
      yield* Effect.sleep(50)
      const [line, ...more] = lines
      assert.deepEqual(more, [])
      assert.match(
        line!,
        /^Warn Refused "guest" at 127\.0\.0\.1:\d+: .* the user is "warren", its password is in ".*address\.json"$/,
      )
      assert.ok(!line!.includes(Redacted.value((yield* embedded.address).password)))
    }).pipe(Effect.provide(Logger.layer([logger]))),
  )
})
