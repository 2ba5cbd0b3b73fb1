/**
 * Reads an object literal as people type it, and gives it as JSON: `{sku: 'P-100', tags: [1, 2,]}`.
 *
 * JSON, and beside it: keys without quotes, single quotes, a comma at the end. Nothing is evaluated; text becomes text. Pure.
 */

/** What was read: JSON and where it ends; or what is wrong, and where. `isOpen`: the text ended too soon. */
export type Literal =
  | { readonly ok: true; readonly json: string; readonly end: number }
  | { readonly ok: false; readonly offset: number; readonly expected: string; readonly isOpen: boolean }

class Fault {
  readonly offset: number
  readonly expected: string
  readonly isOpen: boolean
  constructor(offset: number, expected: string, isOpen: boolean) {
    this.offset = offset
    this.expected = expected
    this.isOpen = isOpen
  }
}

/** Nested values at most: a stack has its end. */
const deepest = 200

/** Reads the value that begins at an offset. */
export const readLiteral = (text: string, from: number = 0): Literal => {
  const reader = new Reader(text, from)
  try {
    const json = reader.value(0)
    return { ok: true, json, end: reader.at }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ok: false, offset: error.offset, expected: error.expected, isOpen: error.isOpen }
  }
}

const name = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const number = /[+-]?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const word = /(?:true|false|null)(?![\p{L}\p{N}_$])/uy

class Reader {
  at: number
  readonly #text: string

  constructor(text: string, from: number) {
    this.#text = text
    this.at = from
  }

  value(depth: number): string {
    this.#space()
    if (depth > deepest) return this.#fault("less nesting")
    const first = this.#text[this.at]
    if (first === "{") return this.#members("}", () => this.#member(depth))
    if (first === "[") return this.#members("]", () => this.value(depth + 1))
    if (first === '"' || first === "'") return this.#string()
    const plain = this.#take(word) ?? this.#number()
    return plain ?? this.#fault("a value (a text stands in quotes)")
  }

  #number(): string | undefined {
    const found = this.#take(number)
    // JSON writes neither a plus nor a bare point
    return found?.replace(/^\+/, "").replace(/^(-?)\./, "$10.")
  }

  #member(depth: number): string {
    const first = this.#text[this.at]
    const bare = first === '"' || first === "'" ? undefined : this.#take(name)
    const key = bare === undefined ? this.#string("a key") : JSON.stringify(bare)
    this.#space()
    if (this.#text[this.at] !== ":") return this.#fault('":"')
    this.at++
    return `${key}:${this.value(depth + 1)}`
  }

  #members(close: "}" | "]", member: () => string): string {
    const open = this.#text[this.at]!
    const members: Array<string> = []
    this.at++
    for (;;) {
      this.#space()
      if (this.#text[this.at] === close) break
      members.push(member())
      this.#space()
      if (this.#text[this.at] === close) break
      if (this.#text[this.at] !== ",") return this.#fault(`"," or "${close}"`)
      this.at++
    }
    this.at++
    return `${open}${members.join(",")}${close}`
  }

  #string(what: string = "a text in quotes"): string {
    const quote = this.#text[this.at]
    if (quote !== '"' && quote !== "'") return this.#fault(what)
    const start = this.at++
    let json = '"'
    for (;;) {
      const one = this.#text[this.at]
      if (one === undefined || one === "\n") return this.#fault(`a ${quote} that ends the text`, start)
      this.at++
      if (one === quote) return `${json}"`
      if (one === "\\") json += this.#escape()
      else json += one === '"' ? '\\"' : JSON.stringify(one).slice(1, -1)
    }
  }

  #escape(): string {
    const one = this.#text[this.at] ?? ""
    this.at++
    if (one === "'") return "'"
    if (/["\\/bfnrt]/.test(one)) return `\\${one}`
    const hex = one === "u" ? /^[\da-fA-F]{4}/.exec(this.#text.slice(this.at))?.[0] : undefined
    if (hex === undefined) return this.#fault("an escape that JSON knows", this.at - 2)
    this.at += 4
    return `\\u${hex}`
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  #space(): void {
    while (/\s/.test(this.#text[this.at] ?? "x")) this.at++
  }

  #fault(expected: string, offset: number = this.at): never {
    throw new Fault(offset, expected, this.at >= this.#text.length)
  }
}
