/**
 * What may be asked of a list: a page of it, names that fit, and some columns.
 *
 * Below `routes.ts`; RabbitMQ's query parameters of the same names. A pattern may only be a text with anchors: one that could
 * take its time is refused, since whoever asks would stop the broker with it. Pure.
 */
import type { Json } from "./forms.ts"

/** An answer. */
export interface Answer {
  readonly status: number
  readonly json: unknown
}

/** An answer that refuses. */
export const refuse = (status: number, error: string, reason: string): Answer => ({ status, json: { error, reason } })

/** A page of RabbitMQ's at most. */
const mostOnPage = 500

/** The part of a list that a query asks for. */
export const listed = (all: ReadonlyArray<Json>, query: URLSearchParams): Answer => {
  const fits = fitting(query)
  if (fits === undefined) {
    return refuse(400, "bad_request", "name: a pattern is a text, with ^ before it or $ after it, and nothing else")
  }
  const found = all.filter(fits)
  const columns = query.get("columns")?.split(",")
  const pick = (one: Json) => columns === undefined ? one : picked(one, columns)
  if (!query.has("page")) return { status: 200, json: found.map(pick) }
  const [page, size] = [Number(query.get("page")), Number(query.get("page_size") ?? 100)]
  if (!Number.isSafeInteger(page) || page < 1) return refuse(400, "bad_request", "page: a whole number from 1")
  if (!Number.isSafeInteger(size) || size < 1 || size > mostOnPage) {
    return refuse(400, "bad_request", `page_size: a whole number from 1 to ${mostOnPage}`)
  }
  const pages = Math.max(1, Math.ceil(found.length / size))
  if (page > pages) return refuse(400, "page_out_of_range", `there are ${pages} pages`)
  const items = found.slice((page - 1) * size, page * size).map(pick)
  return {
    status: 200,
    json: {
      page,
      page_count: pages,
      page_size: size,
      total_count: all.length,
      filtered_count: found.length,
      item_count: items.length,
      items,
    },
  }
}

/** One thing, with the columns that a query asks for; `undefined`: there is none. */
export const single = (one: Json | undefined, query: URLSearchParams): Answer => {
  if (one === undefined) return refuse(404, "Object Not Found", "Not Found")
  const columns = query.get("columns")?.split(",")
  return { status: 200, json: columns === undefined ? one : picked(one, columns) }
}

/** Columns of a record; `a.b` is a part of one. */
const picked = (one: Json, columns: ReadonlyArray<string>): Json => {
  const result: Record<string, unknown> = {}
  for (const column of columns) {
    const [name = "", ...rest] = column.split(".")
    if (!Object.hasOwn(one, name)) continue
    const value = one[name]
    const isPart = rest.length > 0 && typeof value === "object" && value !== null && !Array.isArray(value)
    const known = Object.hasOwn(result, name) ? result[name] as Json : {}
    result[name] = isPart ? { ...known, ...picked(value as Json, [rest.join(".")]) } : value
  }
  return result
}

/** Whether something's name fits; `undefined`: the pattern is none that is read here. */
const fitting = (query: URLSearchParams): ((one: Json) => boolean) | undefined => {
  const name = query.get("name")
  if (name === null || name === "") return () => true
  const nameOf = (one: Json) => String(one["name"])
  if (query.get("use_regex") !== "true") return (one) => nameOf(one).includes(name)
  const found = /^(\^?)((?:\\.|[^\\^$.|?*+()[\]{}])*)(\$?)$/su.exec(name)
  if (found === null) return undefined
  const [, start, body = "", end] = found
  // a letter after a backslash has a meaning of its own
  if (/\\[a-z\d]/i.test(body)) return undefined
  const text = body.replaceAll(/\\(.)/gsu, "$1")
  if (start !== "" && end !== "") return (one) => nameOf(one) === text
  if (start !== "") return (one) => nameOf(one).startsWith(text)
  return end === "" ? (one) => nameOf(one).includes(text) : (one) => nameOf(one).endsWith(text)
}
