/**
 * One step of a test: an Effect to `yield*`, or a promise to `await`.
 *
 * Lets test bodies be written as Effects or as async functions with the same verbs. Awaiting runs it with the
 * test's services; it starts when it is yielded or awaited, not before.
 * Has all members of a promise, so that `assert.rejects(bus.call(...))` takes it.
 */
import { Cause, Effect, Effectable, Exit } from "effect"

/** Runs a step's effect for `await`. */
export type RunStep = <A, E>(effect: Effect.Effect<A, E>) => Promise<Exit.Exit<A, E>>

/** An Effect that can also be awaited. */
export class Step<A, E = never> extends Effectable.Class<A, E> implements Promise<A> {
  readonly [Symbol.toStringTag] = "Step"
  readonly #effect: Effect.Effect<A, E>
  readonly #run: RunStep

  constructor(effect: Effect.Effect<A, E>, run: RunStep) {
    super()
    this.#effect = effect
    this.#run = run
  }

  override asEffect(): Effect.Effect<A, E> {
    return this.#effect
  }

  then<B = A, C = never>(
    onFulfilled?: ((value: A) => B | PromiseLike<B>) | null,
    onRejected?: ((reason: unknown) => C | PromiseLike<C>) | null,
  ): Promise<B | C> {
    return this.#run(this.#effect).then((exit) => {
      if (Exit.isSuccess(exit)) return exit.value
      throw Cause.squash(exit.cause)
    }).then(onFulfilled, onRejected)
  }

  catch<C = never>(onRejected?: ((reason: unknown) => C | PromiseLike<C>) | null): Promise<A | C> {
    return this.then(undefined, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<A> {
    return this.then().finally(onFinally)
  }
}
