/**
 * The bus over a transport: puts `Core`, `Emitter` and `Caller` together.
 *
 * Above it: handlers, gateway, programs, tests. Below it: the Transport in the context.
 */
import { Context, Effect, Layer } from "effect"
import type { Transport, TransportError } from "../transport/mod.ts"
import { Bus, type BusShape } from "./Bus.ts"
import { makeCalls } from "./Caller.ts"
import { Core } from "./Core.ts"
import { makeEmit } from "./Emitter.ts"

/** Bus and Core over the Transport in the context. */
export const busLayer: Layer.Layer<Bus | Core, TransportError, Transport> = Layer.effectContext(
  Effect.gen(function* () {
    const core = yield* Core
    const { call, begin } = yield* makeCalls(core)
    // the typed signatures are Caller's and Emitter's contracts; erased inside, exact at the door
    const bus: BusShape = {
      emit: makeEmit(core) as BusShape["emit"],
      call: call as BusShape["call"],
      begin: begin as BusShape["begin"],
      telemetry: core.telemetry,
    }
    return Context.make(Bus, bus)
  }),
).pipe(Layer.provideMerge(Core.layer))
