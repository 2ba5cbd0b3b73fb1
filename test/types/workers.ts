/**
 * Compile-time tests of handlers: payloads are typed; wrong returns, undeclared errors and missing services do not compile.
 */
import { Context, Effect, Layer } from "effect"
import { Bus, type CallError, every, handle, type HandlerContext, on, type Tick, worker } from "warren"
import { NotFound, type Part, Parts, SoldOut } from "./contracts.ts"
import { typed, unrun } from "./expect.ts"

class Shelf
  extends Context.Service<Shelf, { readonly find: (sku: string) => Effect.Effect<Part, NotFound> }>()("types/Shelf") {}
class Till extends Context.Service<Till, { readonly open: Effect.Effect<void> }>()("types/Till") {}
declare const shelf: Layer.Layer<Shelf>
declare const shelfOverBus: Layer.Layer<Shelf, Error, Bus>
declare const needy: Layer.Layer<Shelf, never, Till>

unrun(() => {
  // what handlers are given
  handle(Parts.lookup, (payload, context) => {
    typed<{ readonly sku: string }>()(payload)
    typed<HandlerContext>()(context)
    return Effect.fail(new NotFound({ sku: payload.sku }))
  })
  on(Parts.shipped, (part) => typed<Part>()(part))
  on(Parts.arrived, ({ at }) => typed<Date>()(at), { orderBy: ({ sku }) => sku })
  every("15 minutes", (tick) => typed<Tick>()(tick), { timezone: "Europe/Berlin" })

  // every style of answer
  handle(Parts.ping, () => {})
  handle(Parts.ping, () => Effect.void)
  handle(Parts.ping, async () => {})
  handle(Parts.list, () => null)
  handle(Parts.list, () => Promise.resolve(3))
  handle(Parts.lookup, ({ sku }) => ({ sku, price: 1 }))
  handle(Parts.lookup, ({ sku }) => Bus.call(Parts.lookup({ sku })))
  handle(Parts.reserve, () => Effect.fail(new SoldOut({ until: new Date() })))
  handle(Parts.list, (): Effect.Effect<number, CallError, Bus> => Effect.as(Bus.call(Parts.ping()), 1))
  on(Parts.opened, () => Bus.emit(Parts.opened()))
  on(Parts.opened, () => Effect.fail("anything"))

  // @ts-expect-error a number is no part
  handle(Parts.lookup, () => 1)
  // @ts-expect-error the price is missing
  handle(Parts.lookup, ({ sku }) => Promise.resolve({ sku }))
  // @ts-expect-error the Effect gives a string
  handle(Parts.list, () => Effect.succeed("1"))
  // @ts-expect-error it does not declare SoldOut
  handle(Parts.lookup, () => Effect.fail(new SoldOut({ until: new Date() })))
  // @ts-expect-error it declares no error at all
  handle(Parts.ping, () => Effect.fail(new NotFound({ sku: "a" })))
  // @ts-expect-error a nested declared error is not declared here
  handle(Parts.list, () => Effect.as(Bus.call(Parts.lookup({ sku: "a" })), 1))
  // @ts-expect-error an event has no handler of a call
  handle(Parts.opened, () => {})
  // @ts-expect-error a call has no listeners
  on(Parts.ping, () => {})
  // @ts-expect-error `ordered` is no option
  on(Parts.opened, () => {}, { ordered: true })
  // @ts-expect-error a key is a string or a number
  on(Parts.opened, () => {}, { orderBy: () => ({}) })

  // services
  // @ts-expect-error nobody provides Shelf
  handle(Parts.lookup, ({ sku }) => Effect.flatMap(Shelf, ({ find }) => find(sku)))
  // @ts-expect-error nobody provides Shelf
  on(Parts.opened, () => Effect.asVoid(Shelf))
  // @ts-expect-error nobody provides Shelf
  every("1 hour", () => Effect.asVoid(Shelf))
  const shop = worker({ app: "shop", layer: shelf })
  shop.handle(Parts.lookup, ({ sku }) => Effect.flatMap(Shelf, ({ find }) => find(sku)))
  shop.on(Parts.opened, () => Effect.andThen(Shelf, Bus.emit(Parts.opened())))
  shop.every("1 hour", () => Effect.asVoid(Shelf))
  shop.handle(Parts.ping, async (_, { get }) => {
    typed<Part>()(await Effect.runPromise(get(Shelf).find("a")))
  })
  // @ts-expect-error the worker provides Shelf, not Till
  shop.handle(Parts.ping, async (_, { get }) => await Effect.runPromise(get(Till).open))
  // @ts-expect-error nobody provides Shelf
  on(Parts.opened, (_, { get }) => void get(Shelf))
  worker({ layer: shelfOverBus }).on(Parts.opened, () => Effect.asVoid(Shelf))
  const both = worker({ layer: Layer.merge(shelf, Layer.succeed(Till, { open: Effect.void })) })
  both.on(Parts.opened, () => Effect.andThen(Shelf, Effect.flatMap(Till, ({ open }) => open)))
  // @ts-expect-error the worker provides Shelf, not Till
  shop.on(Parts.opened, () => Effect.flatMap(Till, ({ open }) => open))
  // @ts-expect-error the worker provides Shelf, not Till
  shop.handle(Parts.ping, () => Effect.flatMap(Till, ({ open }) => open))
  // @ts-expect-error the layer itself needs Till
  worker({ layer: needy })
  // @ts-expect-error a worker without a layer provides nothing
  worker({ app: "shop" }).on(Parts.opened, () => Effect.asVoid(Shelf))
})
