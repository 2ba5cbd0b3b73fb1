/**
 * Names of a sequence and what a server makes of them: a prefix that keeps sequences apart, and names that servers choose.
 *
 * Below `Side.ts` and `show.ts`. A name of a sequence begins with `%`; what a server chose (`amq.gen-…`) is given such a name
 * when it is first seen, so that two servers can be told the same and be compared.
 */
import type { Field, Method, Properties, Table } from "../../src/broker/amqp/mod.ts"

/** What servers choose, by how it begins, and the letter of the name that is given to it. */
const chosen = [
  ["amq.gen-", "s"],
  ["amq.ctag-", "t"],
  ["amq.rabbitmq.reply-to.", "r"],
] as const

/** One sequence on one server. */
export class Names {
  readonly prefix: string
  readonly #outside = new Map<string, string>()
  readonly #inside = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  constructor(prefix: string) {
    this.prefix = prefix
  }

  /** The name that the server knows. */
  outside(name: string): string {
    return name.startsWith("%") ? this.#outside.get(name) ?? `${this.prefix}${name.slice(1)}` : name
  }

  /** The name that the sequence knows. */
  inside(name: string): string {
    if (name.startsWith(this.prefix)) return `%${name.slice(this.prefix.length)}`
    const known = this.#inside.get(name)
    if (known !== undefined) return known
    const [beginning, letter] = chosen.find(([start]) => name.startsWith(start)) ?? []
    if (beginning === undefined || letter === undefined) return name
    const count = this.#counts.get(letter) ?? 0
    this.#counts.set(letter, count + 1)
    const given = `%${letter}${count}`
    this.#outside.set(given, name)
    this.#inside.set(name, given)
    return given
  }

  /** Names that were given to what the server chose. */
  get given(): ReadonlyArray<string> {
    return [...this.#outside.keys()]
  }

  #field = (field: Field): Field => {
    switch (field.type) {
      case "longstr":
        return typeof field.value === "string" ? { type: "longstr", value: this.outside(field.value) } : field
      case "table":
        return { type: "table", value: this.#table(field.value) }
      case "array":
        return { type: "array", value: field.value.map(this.#field) }
      default:
        return field
    }
  }

  #table(table: Table): Table {
    return new Map([...table].map(([key, field]) => [key, this.#field(field)]))
  }

  /** A method as the server is to get it. */
  method<M extends Method>(method: M): M {
    const entries = Object.entries(method).map(([key, value]: [string, unknown]) => {
      if (typeof value === "string" && key !== "name") return [key, this.outside(value)]
      return [key, value instanceof Map ? this.#table(value as Table) : value]
    })
    return Object.fromEntries(entries) as M
  }

  /** Properties as the server is to get them. */
  properties(properties: Properties): Properties {
    const { headers, replyTo } = properties
    return {
      ...properties,
      headers: headers === undefined ? undefined : this.#table(headers),
      replyTo: replyTo === undefined ? undefined : this.outside(replyTo),
    }
  }
}
