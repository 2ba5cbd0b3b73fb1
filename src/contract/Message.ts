/**
 * A message value: one contract and one payload, comparable and printable, sent by nobody yet.
 *
 * Messages are the one parameter of every verb, in production and in tests. Making one never throws:
 * a payload that does not fit is reported by the verb it is given to. `Match` describes a message of which
 * only part is known, for tests.
 */
import { Equal, Hash } from "effect"
import { show } from "./Codec.ts"
import type { ContractSpec } from "./Contract.ts"

/** One message: equal to another of the same contract whose payload has the same content. */
export class Message<out C extends ContractSpec> implements Equal.Equal {
  readonly contract: C
  readonly payload: C["payload"]["~type.make.in"]

  constructor(contract: C, payload: C["payload"]["~type.make.in"]) {
    this.contract = contract
    this.payload = payload
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof Message && that.contract.type === this.contract.type &&
      Equal.equals(this.payload, that.payload)
  }

  [Hash.symbol](): number {
    return Hash.combine(Hash.hash(this.contract.type), Hash.hash(this.payload))
  }

  toString(): string {
    return `${this.contract.type}(${show(this.payload)})`
  }

  toJSON(): unknown {
    return { type: this.contract.type, payload: this.payload }
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.toString()
  }
}

/** Any message of a contract whose payload contains the given parts. */
export class Match<out C extends ContractSpec> {
  readonly contract: C
  readonly part: unknown

  constructor(contract: C, part: unknown) {
    this.contract = contract
    this.part = part
  }

  /** Whether a payload contains every given part. */
  accepts(payload: unknown): boolean {
    return contains(payload, this.part)
  }

  toString(): string {
    return `${this.contract.type}.match(${show(this.part)})`
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.toString()
  }
}

/** What can be looked for: a whole message, or part of one. */
export type Expected<C extends ContractSpec> = Message<C> | Match<C>

const contains = (whole: unknown, part: unknown): boolean => {
  if (!isPlain(part)) return Equal.equals(whole, part)
  if (typeof whole !== "object" || whole === null) return false
  return Object.entries(part).every(([key, value]) => contains((whole as Record<string, unknown>)[key], value))
}

const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null || Equal.isEqual(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
