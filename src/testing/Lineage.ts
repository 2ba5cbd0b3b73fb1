/**
 * Who started whom: sees every fiber of a test take its first step, and remembers under which fiber that was.
 *
 * A Scheduler like Effect's own, which is asked before each step; it changes nothing. Effect keeps no list of the fibers that
 * `Effect.all`, races and timeouts start, yet `Quiescence` must know whether one of them does real work. The few fields of a
 * fiber that Effect shows to nobody are read here and nowhere else; the tests of quiet notice when they change.
 */
import { type Fiber, Scheduler } from "effect"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The hidden part of a fiber. */
interface Hidden {
  readonly context: unknown
  readonly _parent?: AnyFiber | undefined
  readonly _running?: boolean
  readonly _observers?: ReadonlyArray<unknown> | undefined
}

const hidden = (fiber: AnyFiber): Hidden => fiber as unknown as Hidden

interface Kin {
  readonly parent: AnyFiber | undefined
  readonly children: Set<AnyFiber>
}

/** A scheduler that notes the descent of fibers. */
export class Lineage extends Scheduler.MixedScheduler {
  readonly #kin = new WeakMap<AnyFiber, Kin>()
  #last: AnyFiber | undefined

  override shouldYield(fiber: AnyFiber): boolean {
    if (fiber !== this.#last) {
      if (!this.#kin.has(fiber)) this.#meet(fiber)
      this.#last = fiber
    }
    return super.shouldYield(fiber)
  }

  /** The living fibers that it has started. */
  childrenOf(fiber: AnyFiber): ReadonlyArray<AnyFiber> {
    const children = this.#kin.get(fiber)?.children
    if (children === undefined) return []
    for (const child of children) if (child.pollUnsafe() !== undefined) children.delete(child)
    return [...children]
  }

  #meet(fiber: AnyFiber): void {
    const parent = hidden(fiber)._parent ?? this.#starterOf(fiber)
    this.#kin.set(fiber, { parent, children: new Set() })
    if (parent === undefined) return
    if (!this.#kin.has(parent)) this.#kin.set(parent, { parent: undefined, children: new Set() })
    this.#kin.get(parent)!.children.add(fiber)
  }

  /** A child starts while its parent runs, or (the next of many) when a sibling has ended; it shares the parent's context. */
  #starterOf(fiber: AnyFiber): AnyFiber | undefined {
    let running = this.#last
    while (running !== undefined && hidden(running)._running !== true) running = this.#kin.get(running)?.parent
    const starter = running ?? (this.#last === undefined ? undefined : this.#kin.get(this.#last)?.parent)
    return starter !== undefined && hidden(starter).context === hidden(fiber).context ? starter : undefined
  }
}

/** Whether somebody waits for the fiber's end. */
export const isAwaited = (fiber: AnyFiber): boolean => (hidden(fiber)._observers?.length ?? 0) > 0
