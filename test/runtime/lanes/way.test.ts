/**
 * One way to another process: how long it is waited for, how long it is left alone after it failed, and who is told.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Way } from "../../../src/runtime/lanes/Way.ts"
import { inYard, isQuiet, type Yard } from "./Yard.ts"

/** A way on its own; it has no link. */
const aWay = ({ now, deadlines }: Yard) =>
  new Way({ now, deadlines }, { endpoint: "zmq+tcp://10.0.0.2:2", instance: "b" })

/** For how long a way is left alone from now on, ms. */
const pauseOf = async (way: Way, { advance, now }: Yard): Promise<number> => {
  const began = now()
  while (!way.mayTry()) await advance(100)
  return now() - began
}

describe("Way", () => {
  test(
    "is waited for only so long, and left alone twice as long each time it did not come up, for 30 s at most",
    inYard(async (yard) => {
      const way = aWay(yard)
      const pauses: Array<number> = []
      for (let i = 0; i < 8; i++) {
        let isUp: boolean | undefined
        way.whenUp(5, (found) => isUp = found)
        assert.equal(isUp, undefined)
        await yard.advance(5)
        assert.equal(isUp, false)
        pauses.push(await pauseOf(way, yard))
      }
      assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
      isQuiet(yard)
    }),
  )

  test(
    "many that wait in vain at once are one failure",
    inYard(async (yard) => {
      const way = aWay(yard)
      let told = 0
      for (let i = 0; i < 100; i++) way.whenUp(5, (isUp) => told += isUp ? 1_000 : 1)
      await yard.advance(5)
      assert.equal(told, 100)
      assert.equal(await pauseOf(way, yard), 1_000)
      way.whenUp(5, () => {})
      await yard.advance(5)
      assert.equal(await pauseOf(way, yard), 2_000)
    }),
  )

  test(
    "that was merely slow to come up is used at once, and whoever waited is told, once",
    inYard(async (yard) => {
      const way = aWay(yard)
      const told: Array<string> = []
      way.whenUp(5, (isUp) => told.push(`first ${isUp}`))
      await yard.advance(5)
      way.whenUp(50, (isUp) => told.push(`second ${isUp}`))
      assert.ok(!way.mayTry())
      await yard.advance(10)
      way.up()
      way.up()
      assert.deepEqual(told, ["first false", "second true"])
      assert.ok(way.isUp() && way.mayTry())
      way.whenUp(5, (isUp) => told.push(`third ${isUp}`))
      assert.equal(told.length, 3)
      await yard.advance(1_000)
      assert.equal(told.length, 3)
      isQuiet(yard)
    }),
  )

  test(
    "that goes up and down again and again is used ever more seldom",
    inYard(async (yard) => {
      const way = aWay(yard)
      /** Times in which it was tried, in each minute. */
      const tries: Array<number> = []
      for (let minute = 0; minute < 4; minute++) {
        let tried = 0
        for (let i = 0; i < 60; i++) {
          way.up()
          await yard.advance(500)
          if (way.isUp()) tried++
          way.down()
          await yard.advance(500)
        }
        tries.push(tried)
      }
      assert.ok(tries[0]! <= 8, tries.join())
      assert.ok(tries[3]! <= 2, tries.join())
    }),
  )

  test(
    "that was good for long enough starts again with the short pause",
    inYard(async (yard) => {
      const way = aWay(yard)
      for (let i = 0; i < 5; i++) {
        way.up()
        way.down()
        await pauseOf(way, yard)
      }
      way.up()
      await yard.advance(9_999)
      way.down()
      assert.equal(await pauseOf(way, yard), 30_000)
      way.up()
      await yard.advance(10_000)
      way.down()
      assert.equal(await pauseOf(way, yard), 1_000)
    }),
  )

  test(
    "that lost a reply is left alone though its link is up, then used again",
    inYard(async (yard) => {
      const way = aWay(yard)
      way.up()
      way.avoid()
      assert.ok(!way.isUp() && !way.mayTry() && way.isThere)
      let told: boolean | undefined
      way.whenUp(5, (isUp) => told = isUp)
      await yard.advance(5)
      assert.equal(told, false)
      await yard.advance(995)
      assert.ok(way.isUp() && way.mayTry())
    }),
  )

  test(
    "tells its end to those who asked, each time, until they take it back; and those who wait for it",
    inYard(async (yard) => {
      const way = aWay(yard)
      const told: Array<string> = []
      const forget = way.onDown(() => told.push("down"))
      way.onDown(() => told.push("too"))
      way.down()
      assert.equal(told.length, 0)
      way.up()
      way.down()
      way.down()
      assert.deepEqual(told, ["down", "too"])
      forget()
      way.whenUp(5_000, (isUp) => told.push(`waited ${isUp}`))
      assert.ok(way.isKept && !way.isClosed)
      way.close()
      assert.deepEqual(told.slice(2), ["too", "waited false"])
      assert.ok(way.isClosed)
      await yard.advance(10_000)
      assert.equal(told.length, 4)
      isQuiet(yard)
    }),
  )
})
