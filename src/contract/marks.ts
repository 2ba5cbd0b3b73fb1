/**
 * JSON Schema with marks: which parts of a value are read by code, so that JSON Schema says too little of what is refused.
 *
 * Effect writes what can be said in JSON Schema and leaves out the rest: transformations that can fail, checks on what
 * comes out of them, checks that have no words in JSON Schema. Whoever compares two schemas has to know where that is.
 * Names of code are compared as texts: what has no name of its own (`?`) is never taken for the same as anything.
 */
import { createHash } from "node:crypto"
import { Effect, Schema, SchemaAST, SchemaGetter, SchemaRepresentation, Struct } from "effect"
import type { JsonSchema } from "./Codec.ts"
import type { AnySchema } from "./Schemas.ts"

/** The keyword: a list of names of code that a value passes through there. */
export const codeKeyword = "x-warren-code"

/** Code nobody named. */
export const unnamed = "?"

/** Ends the name of code that is run for a field that is not there, too. */
export const whenAbsent = " (also when absent)"

/** Begins the name of code that may accept what the schema does not. */
export const lenient = "middleware "

/** Begins the name of code that refuses nothing, and writes less than the schema says. */
export const writing = "writes "

/** The JSON Schema document of the encoded form, with marks where it has any. */
export const markedDocument = (schema: AnySchema): JsonSchema => {
  const json = Schema.toCodecJson(schema as Schema.Codec<unknown, unknown>)
  const document = Schema.toRepresentation(json)
  const marks = new Marks(document.references)
  marks.visit(json.ast, document.representation)
  const written = SchemaRepresentation.toJsonSchemaDocument(marks.written(document), {
    includeAnnotationKey: (key) => key === codeKeyword,
  })
  return Object.keys(written.definitions).length === 0
    ? written.schema
    : { ...written.schema, $defs: written.definitions }
}

/** Every name of code in a marked document. */
export const codeIn = (value: unknown): ReadonlySet<string> => {
  const found = new Set<string>()
  const look = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return
    for (const [key, inner] of Object.entries(part)) {
      if (key !== codeKeyword || !Array.isArray(inner)) look(inner)
      else for (const name of inner) if (typeof name === "string") found.add(name)
    }
  }
  look(value)
  return found
}

type Representation = SchemaRepresentation.Representation

/** Walks a schema and its representation side by side, and keeps what it finds for the latter. */
class Marks {
  readonly #references: SchemaRepresentation.References
  readonly #names = new Map<Representation, Set<string>>()
  readonly #visited = new Map<string, Set<SchemaAST.AST>>()

  constructor(references: SchemaRepresentation.References) {
    this.#references = references
  }

  visit(ast: SchemaAST.AST, representation: Representation): void {
    const last = lastOf(ast)
    let described = representation
    if (representation._tag === "Reference") {
      const seen = this.#visited.get(representation.$ref) ?? new Set()
      this.#visited.set(representation.$ref, seen)
      if (seen.has(ast)) return
      seen.add(ast)
      described = this.#references[representation.$ref]!
    }
    const names = [...codeBetween(ast), ...hiddenChecks(last), ...hiddenShape(last)]
    if (names.length > 0) {
      const known = this.#names.get(described) ?? new Set()
      for (const name of names) known.add(name)
      this.#names.set(described, known)
    }
    if (SchemaAST.isObjects(last) && described._tag === "Objects") {
      for (const [i, { type }] of last.propertySignatures.entries()) {
        this.visit(type, described.propertySignatures[i]!.type)
      }
      for (const [i, { type }] of last.indexSignatures.entries()) this.visit(type, described.indexSignatures[i]!.type)
    } else if (SchemaAST.isArrays(last) && described._tag === "Arrays") {
      for (const [i, element] of last.elements.entries()) this.visit(element, described.elements[i]!.type)
      for (const [i, element] of last.rest.entries()) this.visit(element, described.rest[i]!)
    } else if (SchemaAST.isUnion(last) && described._tag === "Union") {
      for (const [i, type] of last.types.entries()) this.visit(type, described.types[i]!)
    } else if (SchemaAST.isSuspend(last) && described._tag === "Suspend") this.visit(last.thunk(), described.thunk)
  }

  /** The document with the names as annotations. */
  written({ representation, references }: SchemaRepresentation.Document): SchemaRepresentation.Document {
    return {
      representation: this.#write(representation),
      references: Object.fromEntries(Object.entries(references).map(([name, one]) => [name, this.#write(one)])),
    }
  }

  #write(one: Representation): Representation {
    const names = this.#names.get(one)
    const inner = this.#writeParts(one)
    if (names === undefined || inner._tag === "Reference") return inner
    return { ...inner, annotations: { ...inner.annotations, [codeKeyword]: [...names].sort() } }
  }

  #writeParts(one: Representation): Representation {
    switch (one._tag) {
      case "Objects":
        return {
          ...one,
          propertySignatures: one.propertySignatures.map((part) => ({ ...part, type: this.#write(part.type) })),
          indexSignatures: one.indexSignatures.map((part) => ({ ...part, type: this.#write(part.type) })),
        }
      case "Arrays":
        return {
          ...one,
          elements: one.elements.map((part) => ({ ...part, type: this.#write(part.type) })),
          rest: one.rest.map((part) => this.#write(part)),
        }
      case "Union":
        return { ...one, types: one.types.map((part) => this.#write(part)) }
      case "Suspend":
        return { ...one, thunk: this.#write(one.thunk) }
      default:
        return one
    }
  }
}

/** The form that travels. */
const lastOf = (ast: SchemaAST.AST): SchemaAST.AST => {
  let last = ast
  while (last.encoding !== undefined) last = last.encoding.at(-1)!.to
  return last
}

/** The code between the form that travels and the value. */
const codeBetween = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  const { encoding } = ast
  if (encoding === undefined) return []
  return [
    ...codeBetween(encoding.at(-1)!.to),
    ...encoding.flatMap(({ to, transformation }, i) => {
      const into = i === 0 ? ast : encoding[i - 1]!.to
      if (transformation._tag === "Middleware") return [`${lenient}${nameOf(into) ?? unnamed}`]
      const getter: SchemaGetter.Getter<unknown, unknown, unknown> = transformation.decode
      const name = nameOf(into) ?? textIn(to.annotations, "expected") ?? (hasName(into) ? into._tag : unnamed)
      switch (getter._tag) {
        case "Passthrough":
          return refusals(into, told(to))
        case "Transform":
        case "TransformOptional":
          // they never fail; what comes out may be refused
          if (isRename(getter)) return refusals(into, told(to))
          return atLeast(refusals(into, nothing), isExact(into, to) ? [] : [`${writing}${name}`])
        case "TransformEffect":
          return [name, ...refusals(into, nothing)]
        case "TransformOptionalEffect":
          return isDefault(getter) ? refusals(into, told(to)) : [`${name}${whenAbsent}`, ...refusals(into, nothing)]
      }
    }),
  ]
}

const atLeast = (names: ReadonlyArray<string>, otherwise: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length > 0 ? names : otherwise

const hasName = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isBigInt(ast) || SchemaAST.isSymbol(ast) || SchemaAST.isNumber(ast) || SchemaAST.isBoolean(ast)

/** Whether every value that fits the form that travels is written, where a transformation never fails. */
const isExact = (into: SchemaAST.AST, to: SchemaAST.AST): boolean =>
  SchemaAST.isUndefined(into) || SchemaAST.isVoid(into) || SchemaAST.isLiteral(into) ||
  SchemaAST.isUnknown(into) || SchemaAST.isObjectKeyword(into) ||
  SchemaAST.isNumber(into) && SchemaAST.isUnion(lastOf(to)) || SchemaAST.isDeclaration(into) && isStructure(into)

type Checks = ReadonlySet<unknown>

const nothing: Checks = new Set()

/** What a value that comes out of code is refused by, besides checks that it has passed already. */
const refusals = (into: SchemaAST.AST, passed: Checks): ReadonlyArray<string> => {
  const checks = (into.checks ?? []).filter((check) => !passed.has(check)).flatMap(namesOf)
  if (!isPlain(into, passed)) return [nameOf(into) ?? shapeOf(into), ...checks]
  return hasCodeInside(into) ? [`${writing}fields`, ...checks] : checks
}

/** Declarations that accept whatever their own transformation makes. */
const structures: ReadonlySet<string> = new Set(
  ["Option", "Result", "ReadonlyMap", "ReadonlySet", "Chunk", "HashMap", "HashSet", "Duration", "Cause", "Exit", "Json"]
    .map((name) => `effect/schema/${name}`),
)

const isStructure = ({ annotations }: SchemaAST.Declaration): boolean =>
  structures.has(representationOf(annotations)?.id ?? "") || typeof annotations?.["~constructor"] === "function"

/** Whether nothing inside a type refuses what fits it by its TypeScript type, besides checks that were passed. */
const isPlain = (ast: SchemaAST.AST, passed: Checks, within: ReadonlyArray<SchemaAST.AST> = []): boolean => {
  if (within.includes(ast)) return true
  const inner = [...within, ast]
  const isPlainPart = (part: SchemaAST.AST) =>
    part.encoding === undefined
      ? (part.checks ?? []).every((check) => passed.has(check)) && isPlain(part, passed, inner)
      : codeBetween(part).every((name) => name.startsWith(writing))
  if (SchemaAST.isObjects(ast)) {
    return ast.propertySignatures.every(({ type }) => isPlainPart(type)) &&
      ast.indexSignatures.every(({ parameter, type }) => isPlainPart(parameter) && isPlainPart(type))
  }
  if (SchemaAST.isArrays(ast)) return [...ast.elements, ...ast.rest].every(isPlainPart)
  if (SchemaAST.isUnion(ast)) return ast.types.every(isPlainPart)
  if (SchemaAST.isSuspend(ast)) return isPlainPart(ast.thunk())
  return !SchemaAST.isDeclaration(ast) || isStructure(ast)
}

/** Every check that a value has passed where it fits the form that travels. */
const told = (ast: SchemaAST.AST): Checks => {
  const found = new Set<unknown>()
  const seen = new Set<SchemaAST.AST>()
  const look = (part: SchemaAST.AST): void => {
    const last = lastOf(part)
    if (seen.has(last)) return
    seen.add(last)
    for (const check of last.checks ?? []) found.add(check)
    partsOf(last).forEach(look)
  }
  look(ast)
  return found
}

/** A name for what has none, from all that can be said of it. */
const shapeOf = (ast: SchemaAST.AST): string => {
  const names = namesInside(ast)
  if (names.some(isNameless)) return unnamed
  const document = Schema.toJsonSchemaDocument(Schema.make<Schema.Codec<unknown>>(SchemaAST.toType(ast)))
  return `shape ${createHash("sha256").update(JSON.stringify([document, names])).digest("hex").slice(0, 16)}`
}

/** Whether a name is none: two of them may stand for different code. */
export const isNameless = (name: string): boolean => name.split(" ").includes(unnamed)

const hasCodeInside = (ast: SchemaAST.AST): boolean =>
  codesInside(ast, (part) => part === ast ? [] : codeBetween(part)).length > 0

/** Every check and all code inside, by name, in the order of the fields. */
const namesInside = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  codesInside(ast, (part) => [...(part === ast ? [] : codeBetween(part)), ...(part.checks ?? []).flatMap(namesOf)])

const codesInside = (
  ast: SchemaAST.AST,
  namesAt: (part: SchemaAST.AST) => ReadonlyArray<string>,
): ReadonlyArray<string> => {
  const seen = new Set<SchemaAST.AST>()
  const look = (part: SchemaAST.AST): ReadonlyArray<string> => {
    if (seen.has(part)) return []
    seen.add(part)
    return [...namesAt(part), ...partsOf(part).flatMap(look)]
  }
  return look(ast)
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (SchemaAST.isObjects(ast)) {
    return [...ast.propertySignatures.map(({ type }) => type), ...ast.indexSignatures.map(({ type }) => type)]
  }
  if (SchemaAST.isArrays(ast)) return [...ast.elements, ...ast.rest]
  if (SchemaAST.isUnion(ast)) return ast.types
  return SchemaAST.isSuspend(ast) ? [ast.thunk()] : []
}

/** Checks of what travels that are not, or not exactly, in the JSON Schema. */
const hiddenChecks = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  const hidden = (check: SchemaAST.Check<never>): ReadonlyArray<string> =>
    check._tag === "FilterGroup" ? check.checks.flatMap(hidden) : isTold(ast, check) ? [] : namesOf(check)
  return (ast.checks ?? []).flatMap(hidden)
}

const isTold = (ast: SchemaAST.AST, { annotations }: SchemaAST.Filter<never>): boolean => {
  const write = annotations?.["toJsonSchema"]
  // keys that are not known count in the one and not in the other
  if (typeof write !== "function" || SchemaAST.isObjects(ast)) return false
  try {
    const type = SchemaAST.isString(ast)
      ? "string"
      : SchemaAST.isNumber(ast)
      ? "number"
      : SchemaAST.isArrays(ast)
      ? "array"
      : undefined
    return !Array.isArray(write({ type, schemas: [] }))
  } catch {
    return false
  }
}

/** Shapes that JSON Schema tells in part. */
const hiddenShape = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  if (SchemaAST.isArrays(ast)) return ast.rest.length > 1 ? ["items after a rest"] : []
  // where a member is told in part, JSON Schema has `anyOf` for it; what is written may be refused by its own schema
  if (SchemaAST.isUnion(ast)) return ast.options?.mode === "oneOf" && !areApart(ast.types) ? [`oneOf ${unnamed}`] : []
  if (SchemaAST.isObjects(ast)) {
    return ast.indexSignatures.flatMap(({ parameter }) => isToldKey(parameter) ? [] : [`${keysName} ${unnamed}`])
  }
  if (SchemaAST.isTemplateLiteral(ast)) {
    const checks = ast.parts.flatMap((part) => (part.checks ?? []).flatMap(namesOf))
    return checks.length === 0 ? [] : [checks.includes(unnamed) ? unnamed : `template ${checks.join(" ")}`]
  }
  return SchemaAST.isDeclaration(ast) && !isStructure(ast) ? [nameOf(ast) ?? unnamed] : []
}

/** Whether no value is of two of these: by its JSON type, or by the literal of a field that both need. */
const areApart = (types: ReadonlyArray<SchemaAST.AST>): boolean =>
  types.every((type) => !codeBetween(type).some((name) => name.startsWith(lenient))) &&
  types.map(lastOf).every((one, i, all) =>
    all.slice(i + 1).every((two) => {
      const [a, b] = [jsonTypeOf(one), jsonTypeOf(two)]
      if (a === undefined || b === undefined || a !== b) return a !== undefined && b !== undefined
      const others = literalsOf(two)
      return [...literalsOf(one)].some(([name, literal]) => others.has(name) && others.get(name) !== literal)
    })
  )

const jsonTypeOf = (ast: SchemaAST.AST): string | undefined => {
  if (SchemaAST.isString(ast) || SchemaAST.isTemplateLiteral(ast)) return "string"
  if (SchemaAST.isLiteral(ast)) return typeof ast.literal
  if (SchemaAST.isNumber(ast)) return "number"
  if (SchemaAST.isBoolean(ast) || SchemaAST.isNull(ast) || SchemaAST.isArrays(ast)) return ast._tag
  return SchemaAST.isObjects(ast) && ast.propertySignatures.length > 0 ? "object" : undefined
}

const literalsOf = (ast: SchemaAST.AST): ReadonlyMap<PropertyKey, SchemaAST.LiteralValue> =>
  new Map(
    !SchemaAST.isObjects(ast) ? [] : ast.propertySignatures.flatMap(({ name, type }) => {
      const last = lastOf(type)
      return SchemaAST.isLiteral(last) && last.context?.isOptional !== true ? [[name, last.literal] as const] : []
    }),
  )

/** Begins the name of code that chooses keys. */
export const keysName = "keys"

const isToldKey = (parameter: SchemaAST.AST): boolean => {
  const last = lastOf(parameter)
  if (last.checks !== undefined || codeBetween(parameter).length > 0) return false
  if (SchemaAST.isUnion(last)) return last.types.every(isToldKey)
  return SchemaAST.isString(last) || SchemaAST.isNumber(last) ||
    SchemaAST.isTemplateLiteral(last) && last.parts.every((part) => part.checks === undefined)
}

const namesOf = (check: SchemaAST.Check<never>): ReadonlyArray<string> => {
  const own = nameIn(check.annotations)
  if (check._tag === "FilterGroup") return own === undefined ? check.checks.flatMap(namesOf) : [own]
  return [own ?? expectedIn(check.annotations) ?? unnamed]
}

type Annotations = { readonly [key: string]: unknown } | undefined

const representationOf = (
  annotations: Annotations,
): { readonly id: string; readonly payload?: unknown } | undefined => {
  const found = annotations?.["representation"]
  return typeof found === "object" && found !== null && "id" in found && typeof found.id === "string"
    ? found as { readonly id: string }
    : undefined
}

/** The name of something by its own word: an id with what it was made with, or what its author calls it. */
const nameIn = (annotations: Annotations): string | undefined => {
  const made = representationOf(annotations)
  if (made !== undefined) {
    const id = made.id.replace(/^effect\/schema\//, "")
    return made.payload === undefined || made.payload === null ? id : `${id} ${JSON.stringify(made.payload)}`
  }
  return textIn(annotations, "identifier") ?? textIn(annotations, "title")
}

const expectedIn = (annotations: Annotations): string | undefined => textIn(annotations, "expected")

const textIn = (annotations: Annotations, key: string): string | undefined => {
  const text = annotations?.[key]
  return typeof text === "string" && text !== "" ? text : undefined
}

const nameOf = (ast: SchemaAST.AST): string | undefined => nameIn(ast.annotations) ?? expectedIn(ast.annotations)

const sourceOf = (getter: unknown): string => {
  const transform = (getter as { readonly transform?: unknown }).transform
  return typeof transform === "function" ? String(transform) : ""
}

const defaulting = sourceOf(SchemaGetter.withDefault(Effect.succeed(0)))

/** Whether a getter puts a default where nothing is, and does nothing else; all of them are one function. */
const isDefault = (getter: unknown): boolean => sourceOf(getter) === defaulting

const renaming = sourceOf(SchemaGetter.transform(Struct.renameKeys({})))

/** Whether a getter gives keys other names, and does nothing else. */
const isRename = (getter: unknown): boolean => sourceOf(getter) === renaming
