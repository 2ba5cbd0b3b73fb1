/**
 * What is said of two schemas holds for their codecs: "compatible" always decodes, "breaks" has values that do not.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { Result } from "effect"
import fc from "fast-check"
import { makeCodec } from "../../../src/contract/mod.ts"
import { fits } from "../../../src/inspect/schema/fits.ts"
import { fromBytes, toBytes } from "../../../src/wire/mod.ts"
import { properties } from "../../wire/properties.ts"
import { changed, schemaOf, type Shape, shapes, valuesOf } from "./shapes.ts"

const pairs: fc.Arbitrary<readonly [Shape, Shape]> = shapes.chain((one) =>
  fc.tuple(fc.constant(one), fc.oneof({ weight: 1, arbitrary: shapes }, { weight: 4, arbitrary: changed(one) }))
)

const either = (pair: fc.Arbitrary<readonly [Shape, Shape]>) =>
  fc.tuple(pair, fc.boolean()).map(([[one, two], isTurned]) => isTurned ? [two, one] as const : [one, two] as const)

const cases = either(pairs).chain(([writer, reader]) =>
  fc.record({
    writer: fc.constant(writer),
    reader: fc.constant(reader),
    values: fc.array(valuesOf(writer), { minLength: 5, maxLength: 10 }),
  })
)

const runs = Number(process.env["WARREN_RUNS"] ?? 400)

/** How the comparisons of a run ended, so that none of them goes unseen. */
const tally = { compatible: 0, breaks: 0, unknown: 0, examples: 0 }

describe("fits()", () => {
  test("says of random schemas only what their codecs do", () => {
    properties(
      fc.property(cases, ({ writer, reader, values }) => {
        const [write, read] = [makeCodec(schemaOf(writer)), makeCodec(schemaOf(reader))]
        const misfits = fits(write.markedSchema, read.markedSchema)
        const said = JSON.stringify(misfits)
        const written = values.flatMap((value) => {
          const bytes = Result.flatMap(write.encode(value), toBytes)
          const json = Result.flatMap(bytes, fromBytes)
          return Result.isSuccess(json) ? [json.success] : []
        })
        const accepted = written.map((json) => Result.isSuccess(read.decode(json)))
        if (misfits.length === 0) {
          tally.compatible++
          assert.ok(
            !accepted.includes(false),
            `compatible, but refused ${JSON.stringify(written[accepted.indexOf(false)])}`,
          )
        }
        const breaks = misfits.filter(({ verdict }) => verdict === "breaks")
        if (breaks.length > 0) tally.breaks++
        else if (misfits.length > 0) tally.unknown++
        for (const { isAlways, example } of breaks) {
          if (isAlways) {
            assert.ok(!accepted.includes(true), `always refused, but took ${JSON.stringify(written)}: ${said}`)
          }
          if (example === undefined) continue
          tally.examples++
          const json = JSON.stringify(example.value)
          assert.ok(Result.isFailure(read.decode(example.value)), `${json} was read: ${said}`)
          assert.ok(Result.isSuccess(write.decode(example.value)), `${json} cannot be written: ${said}`)
        }
      }),
      runs,
    )
    for (const [what, count] of Object.entries(tally)) {
      assert.ok(count > runs / 20, `only ${count} of ${runs}: ${what}, ${JSON.stringify(tally)}`)
    }
  })

  test("finds every schema compatible with itself where all of it is known", () =>
    properties(
      fc.property(shapes, (shape) => {
        const { markedSchema } = makeCodec(schemaOf(shape))
        const misfits = fits(markedSchema, JSON.parse(JSON.stringify(markedSchema)))
        if (!hasNameless(shape)) assert.deepEqual(misfits, [])
        assert.ok(misfits.every(({ verdict }) => verdict === "unknown"), JSON.stringify(misfits))
      }),
      runs,
    ))
})

const hasNameless = (shape: Shape): boolean => /"(positive|fallback|oneOf)"|"isOneOf":true/.test(JSON.stringify(shape))
