/**
 * A byte that changed anywhere in the file or in its log: what was kept comes back as it was, or the file is refused.
 */
import assert from "node:assert/strict"
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result } from "effect"
import { describe, test } from "#test"
import { openStore, type Store } from "../../../../adapters/embedded/store/Store.ts"
import { makeRandom } from "../../../../scripts/chaos/random.ts"
import { toText } from "../../../../adapters/embedded/store/text.ts"
import { effect, entry, folder, form, type Note, note } from "../support.ts"

const ends = ["", "-wal"] as const

const copy = (from: string, to: string): void => {
  for (const end of ends) {
    rmSync(to + end, { force: true })
    if (existsSync(from + end)) copyFileSync(from + end, to + end)
  }
}

const stored = ({ durability }: Store<Note>): Effect.Effect<boolean> =>
  Effect.callback((resume) => durability.whenStored(durability.recorded(), (is) => resume(Effect.succeed(is))))

/** What a file gives back, as a text; without how often something came back, which is no part of what it is. */
const contentOf = (path: string) =>
  Effect.map(Effect.scoped(Effect.map(openStore({ path, form }), ({ loaded }) => loaded())), (all) =>
    toText({
      ...all,
      messages: all.messages.map(({ redelivered: _1, returns: _2, ...one }) => one),
    }))

/** Files as a host leaves them that is killed, and what is in them after each group. */
const leave = Effect.fnUntraced(function* (path: string, groups: number) {
  const store = yield* openStore({ path, form })
  const states: Array<string> = []
  store.journal.exchangeDeclared({ name: "events", type: "topic" })
  store.journal.queueDeclared({ name: "q", type: "quorum" })
  store.journal.bound({ exchange: "events", queue: "q", key: "#" })
  let id = 0
  for (let group = 0; group < groups; group++) {
    for (let i = 0; i < 20; i++) {
      store.journal.entered(entry("q", ++id, note(`${id} `.repeat(1 + i * 8)), { expiresAt: id * 1000 }))
    }
    assert.equal(yield* stored(store), true)
    copy(path, `${path}.now`)
    states.push(yield* contentOf(`${path}.now`))
  }
  copy(path, `${path}.left`)
  return { left: `${path}.left`, states }
})

const seed = Number(process.env["WARREN_SEED"] ?? 1)

describe("a byte that changed", () => {
  for (const end of ends) {
    test(`in queues.db${end} is found, or changes nothing`, () =>
      effect(Effect.gen(function* () {
        const path = join(yield* folder, "queues.db")
        // a file is changed where most is in it: after an orderly end for the file, after a kill for the log
        const { left, states } = yield* leave(path, 6)
        if (end === "") yield* contentOf(left)
        assert.ok(existsSync(left + end))
        const random = makeRandom(seed)
        const whole = readFileSync(left + end)
        let refused = 0
        for (let i = 0; i < 300; i++) {
          const at = random.between(0, whole.length - 1)
          const bytes = Buffer.from(whole)
          bytes[at] = bytes[at]! ^ (1 << random.between(0, 7))
          const one = `${path}.one`
          copy(left, one)
          writeFileSync(one + end, bytes)
          const found = yield* Effect.result(contentOf(one))
          if (Result.isFailure(found)) {
            refused++
            assert.equal(found.failure._tag, "StoreError", `byte ${at}: ${found.failure.message}`)
            continue
          }
          // a log of which the last transaction is broken is what a power failure leaves, and was not confirmed then
          const isKnown = found.success === states.at(-1) || (end === "-wal" && found.success === states.at(-2))
          assert.ok(isKnown, `byte ${at}, seed ${seed}`)
        }
        assert.ok(refused > 100, `${refused} of 300 are refused`)
      })))
  }

  test("a log that is cut off within its last transaction gives back the one before", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "queues.db")
      const { left, states } = yield* leave(path, 3)
      truncateSync(`${left}-wal`, readFileSync(`${left}-wal`).length - 100)
      assert.equal(yield* contentOf(left), states.at(-2))
    })))

  test("a log of which the beginning is broken is refused, and stays as it is", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "queues.db")
      const { left } = yield* leave(path, 3)
      const bytes = readFileSync(`${left}-wal`)
      bytes[9]! ^= 1
      writeFileSync(`${left}-wal`, bytes)
      const error = yield* Effect.flip(contentOf(left))
      assert.match(error.message, /the beginning of its -wal file is broken; restore it from a backup/)
      assert.deepEqual(readFileSync(`${left}-wal`), bytes)
    })))
})
