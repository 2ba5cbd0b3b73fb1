/**
 * Compile-time tests of the verbs of `testBus`: each is an Effect and a promise of the very same type.
 */
import { Effect } from "effect"
import type { CallError, EmitError, Emitted } from "warren"
import { type ExpectationFailed, type Step, type TestBus, testBus, type Timeline } from "warren/testing"
import { NotFound, type Part, Parts } from "./contracts.ts"
import { typed, unrun } from "./expect.ts"

declare const bus: TestBus

unrun(async () => {
  typed<Step<Emitted, EmitError>>()(bus.simulate(Parts.opened()))
  typed<Step<Part, NotFound | CallError>>()(bus.call(Parts.lookup({ sku: "a" })))
  typed<Step<ReadonlyArray<Part>, ExpectationFailed>>()(bus.expect(Parts.shipped))
  typed<Step<ReadonlyArray<Part>, ExpectationFailed>>()(bus.expect(Parts.shipped.match({ sku: "a" })))
  typed<Step<ReadonlyArray<{ readonly note?: string }>, ExpectationFailed>>()(bus.expect(Parts.opened(), { times: 1 }))
  typed<Step<void, ExpectationFailed>>()(bus.expectNone(Parts.lookup.match({ sku: "a" })))
  typed<Step<Timeline>>()(bus.advance("1 hour"))
  typed<Step<number>>()(bus.faults.cancelConsumer("shop.find"))

  // awaited
  typed<Part>()(await bus.call(Parts.lookup({ sku: "a" })))
  typed<Timeline>()(await bus.advance("1 hour"))

  // yielded
  Effect.gen(function* () {
    typed<Part>()(yield* bus.call(Parts.lookup({ sku: "a" })))
    typed<ReadonlyArray<Part>>()(yield* bus.expect(Parts.shipped))
  })

  // stand-ins are checked as handlers are
  bus.reply(Parts.lookup, ({ sku }) => ({ sku, price: 1 }))
  bus.reply(Parts.lookup, ({ sku }) => Effect.fail(new NotFound({ sku })))
  // @ts-expect-error the price is missing
  bus.reply(Parts.lookup, ({ sku }) => ({ sku }))
  // @ts-expect-error an event has no reply
  bus.reply(Parts.opened, () => {})
  // @ts-expect-error a call is not simulated
  bus.simulate(Parts.ping())
  // @ts-expect-error an event is not called
  bus.call(Parts.opened())

  // bodies of both styles
  await testBus([], () => {})
  await testBus({ a: {} }, async (bus) => {
    await bus.settle()
  }, { start: new Date(0), patience: 10 })
  await testBus([], (bus) => bus.settle())
  // @ts-expect-error modules are namespaces, not handlers by number
  await testBus(1, () => {})
})
