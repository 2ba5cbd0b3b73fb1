/**
 * The plays of `plays/`, on the server in memory: what it says is what RabbitMQ 3.10 said (`fixtures/record.ts`), whole and
 * byte by byte. Where it differs on purpose, the difference stands in `differences.ts` with its reason.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, test } from "#test"
import { differences } from "./differences.ts"
import { memory } from "./memory.ts"
import { plays } from "./plays/all.ts"
import { act } from "./Stage.ts"

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", "rabbitmq.json"), "utf8")) as Readonly<
  Record<string, ReadonlyArray<string>>
>

describe("the server acts as RabbitMQ does", () => {
  for (const play of plays) {
    test(play.name, async () => {
      for (const byByte of [false, true]) {
        const place = memory({ byByte })
        const heard = await act(play, place)
        assert.deepEqual(place.defects, [])
        const difference = differences[play.name]
        assert.deepEqual(heard, difference?.here ?? recorded[play.name])
      }
    })
  }
})

test("every difference is one of a play, and differs", () => {
  for (const [name, { here, reason }] of Object.entries(differences)) {
    assert.ok(recorded[name] !== undefined, name)
    assert.notDeepEqual(here, recorded[name], name)
    assert.ok(reason.length > 20, name)
  }
})
