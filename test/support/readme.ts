/**
 * Reads the code blocks of a Markdown page, so that what the README shows is what the tests run.
 *
 * A block belongs to a file when its info string names one after the language (```ts hello.ts). Knows fences and
 * info strings, nothing else of Markdown; runs nothing.
 */

/** One fenced code block. */
export interface CodeBlock {
  readonly language: string
  /** The file it stands for, from the info string. */
  readonly file: string | undefined
  readonly code: string
  /** The line of the page on which its code begins, counted from 1. */
  readonly line: number
}

/** A call as a page shows it, by `curl …/calls/api/call -d '…'` or `warren call api.call '…'`. */
export interface ShownCall {
  readonly api: string
  readonly call: string
  readonly payload: string
}

/** Every fenced code block of a page, in its order. */
export const codeBlocks = (page: string): ReadonlyArray<CodeBlock> => {
  const blocks: Array<CodeBlock> = []
  const fence = /^(`{3,})([^\n`]*)\n(.*?)^\1 *$/gms
  for (const match of page.matchAll(fence)) {
    const [language = "", file] = (match[2] ?? "").trim().split(/\s+/)
    const line = page.slice(0, match.index).split("\n").length + 1
    blocks.push({ language, file: file?.includes(".") ? file : undefined, code: match[3] ?? "", line })
  }
  return blocks
}

/** The blocks of a page that are files in TypeScript. */
export const filesIn = (page: string): ReadonlyArray<CodeBlock & { readonly file: string }> =>
  codeBlocks(page).flatMap((block) =>
    block.language === "ts" && block.file !== undefined ? [{ ...block, file: block.file }] : []
  )

/** The first call that a page shows of one of the given apis. */
export const firstCall = (page: string, apis: ReadonlyArray<string>): ShownCall | undefined => {
  const shown = /(?:\/calls\/|warren call )([\w-]+)[/.]([\w-]+)\b[^\n]*?(?:\\\n[^\n]*?)*'(\{[^']*\})'/g
  for (const [, api = "", call = "", payload = ""] of page.matchAll(shown)) {
    if (apis.includes(api)) return { api, call, payload }
  }
  return undefined
}

/** The names of the apis that a piece of source declares. */
export const apisIn = (code: string): ReadonlyArray<string> =>
  [...code.matchAll(/\bapi\(\s*"([^"]+)"/g)].map(([, name]) => name ?? "")
