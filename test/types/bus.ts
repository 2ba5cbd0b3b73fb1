/**
 * Compile-time tests of the bus and of message values: exact values, exact errors, no annotation.
 */
import type { Effect } from "effect"
import {
  api,
  Bus,
  type BusShape,
  call,
  type CallError,
  type EmitError,
  type Emitted,
  event,
  type HandlerContext,
} from "warren"
import { NotFound, Part, Parts, type SoldOut } from "./contracts.ts"
import { typed, unrun } from "./expect.ts"

declare const bus: BusShape
declare const context: HandlerContext
const at = new Date(0)

unrun(() => {
  // call: value and errors
  const lookup = Bus.call(Parts.lookup({ sku: "a" }))
  typed<Effect.Effect<Part, NotFound | CallError, Bus>>()(lookup)
  const reserve = bus.call(Parts.reserve({ sku: "a", n: 1 }), { timeout: "2 seconds" })
  typed<Effect.Effect<{ readonly id: string; readonly until: Date }, NotFound | SoldOut | CallError>>()(reserve)
  typed<Effect.Effect<ReadonlyArray<string>, NotFound | SoldOut | CallError>>()(
    bus.call(Parts.union({ sku: "a", price: 1 })),
  )
  typed<Effect.Effect<void, CallError>>()(bus.call(Parts.ping()))
  typed<Effect.Effect<number | null, CallError>>()(bus.call(Parts.list({ page: 2 })))
  typed<Promise<Part>>()(context.call(Parts.lookup({ sku: "a" })))
  typed<Promise<number | null>>()(context.call(Parts.list()))

  // emit
  typed<Effect.Effect<Emitted, EmitError, Bus>>()(Bus.emit(Parts.opened()))
  typed<Promise<Emitted>>()(context.emit(Parts.arrived({ sku: "a", at, lines: [{ n: 1 }] })))

  // what does not fit does not compile
  // @ts-expect-error a number is no sku
  Parts.lookup({ sku: 1 })
  // @ts-expect-error the sku is missing
  Parts.lookup({})
  // @ts-expect-error the payload is missing
  Parts.lookup()
  // @ts-expect-error there is no such field
  Parts.opened({ notes: "x" })
  // @ts-expect-error an array of numbers is no array of lines
  Parts.arrived({ sku: "a", at, lines: [1] })
  // @ts-expect-error an event cannot be called
  bus.call(Parts.opened())
  // @ts-expect-error a call cannot be emitted
  bus.emit(Parts.ping())
  // @ts-expect-error a contract is no message
  bus.emit(Parts.opened)
  // @ts-expect-error there is no such member
  Parts.vanished

  // optional payloads, classes as payloads
  Parts.rang()
  typed<Effect.Effect<void, CallError>>()(bus.call(Parts.beat()))
  // @ts-expect-error it has no fields
  Parts.opened({ a: 1 })
  Parts.opened()
  Parts.opened({})
  Parts.opened({ note: "x" })
  Parts.list()
  Parts.shipped(new Part({ sku: "a", price: 1 }))
  typed<Part>()(Parts.shipped({ sku: "a", price: 1 }).contract.payload.Type)

  // parts of payloads
  Parts.arrived.match({ sku: "a" })
  Parts.arrived.match({ lines: [{ n: 1 }] })
  Parts.arrived.match()
  Parts.shipped.match({ price: 1 })
  // @ts-expect-error a number is no sku
  Parts.arrived.match({ sku: 1 })
  // @ts-expect-error there is no such field
  Parts.arrived.match({ skus: "a" })

  // declarations
  // @ts-expect-error the api has no such member
  api("x", { a: event({}) }, { expose: ["b"] })
  // @ts-expect-error an error needs a tag
  call({}, { fails: Part })
  // @ts-expect-error a string is no schema
  event({ a: "string" })
})
