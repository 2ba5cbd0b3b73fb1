/**
 * Reads TypeScript as text for the checks: which parts are code, which are comments, what is imported.
 *
 * A careful scan, not a parser: it knows comments, strings, templates and regular expressions, which is what the
 * checks need, and keeps every character at its place, so that lines stay lines. Judges nothing.
 */
import { globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"

/** Source files by their path from the root, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

/** One thing a check found. */
export interface Finding {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** What is wrong and what to do. */
  readonly message: string
}

/** One import or re-export. */
export interface Import {
  readonly specifier: string
  /** Whether it vanishes at run time. */
  readonly typeOnly: boolean
  readonly line: number
}

/** Reads files below the root. */
export const readSources = (root: string, patterns: ReadonlyArray<string>): Sources =>
  new Map(
    patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))
      .map((file) => [file.split(sep).join("/"), readFileSync(join(root, file), "utf8")] as const)
      .sort(([a], [b]) => a < b ? -1 : 1),
  )

/** The line of an offset, counted from 1. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length

const blank = (text: string) => text.replace(/[^\n]/g, " ")

/** Where a `/` begins a regular expression rather than a division. */
const beforeRegex = /(?:^|[([{,;:=!&|?+\-*%<>~^]|\b(?:return|typeof|case|in|of|yield|await|void|else|do)|=>)\s*$/

const pieces =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<template>`)|(?<slash>\/)|(?<brace>[{}])/y

/** The source with comments blanked, and with the insides of strings blanked too unless `strings` is kept. */
export const codeOf = (text: string, strings: "keep" | "blank" = "blank"): string => {
  let code = ""
  /** Depths of braces at which a template continues. */
  const templates: Array<number> = []
  let depth = 0
  const quiet = (part: string) => strings === "keep" ? part : blank(part)
  const template = (from: number): number => {
    let at = from
    while (at < text.length && text[at] !== "`") {
      if (text[at] === "$" && text[at + 1] === "{") {
        code += `${quiet(text.slice(from, at))}\${`
        templates.push(depth++)
        return at + 2
      }
      at += text[at] === "\\" ? 2 : 1
    }
    code += `${quiet(text.slice(from, at))}\``
    return at + 1
  }
  for (let at = 0; at < text.length;) {
    pieces.lastIndex = at
    const groups = pieces.exec(text)?.groups
    if (groups?.["comment"] !== undefined) {
      code += blank(groups["comment"])
      at += groups["comment"].length
    } else if (groups?.["string"] !== undefined) {
      const inside = groups["string"]
      code += `${inside[0]}${quiet(inside.slice(1, -1))}${inside[0]}`
      at += inside.length
    } else if (groups?.["template"] !== undefined) {
      code += "`"
      at = template(at + 1)
    } else if (groups?.["slash"] !== undefined && beforeRegex.test(code.slice(-40))) {
      const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//y
      regex.lastIndex = at
      const found = regex.exec(text)?.[0] ?? "/"
      code += found.length > 1 ? `/${blank(found.slice(1, -1))}/` : "/"
      at += found.length
    } else if (text[at] === "{") {
      depth++
      code += text[at++]
    } else if (text[at] === "}") {
      code += text[at++]
      if (--depth === templates.at(-1)) {
        templates.pop()
        at = template(at)
      }
    } else code += text[at++]
  }
  return code
}

/** Everything a file imports or re-exports, dynamic imports and types in `import("…")` included. */
export const importsOf = (text: string): ReadonlyArray<Import> => {
  const code = codeOf(text, "keep")
  const blanked = codeOf(text)
  const found: Array<Import> = []
  const forms = [
    /^[ \t]*(?:import|export)\s+(?<type>type\s)?[^;"'`=()]*?\bfrom\s*["'](?<specifier>[^"'\n]+)["']/gm,
    /^[ \t]*import\s*["'](?<specifier>[^"'\n]+)["']/gm,
    /\bimport\s*\(\s*["'](?<specifier>[^"'\n]+)["']/g,
  ]
  for (const form of forms) {
    for (const match of code.matchAll(form)) {
      // a string that only quotes an import is blank here
      if (!/\b(?:import|export)\b/.test(blanked.slice(match.index, match.index + match[0].length))) continue
      const line = lineAt(code, match.index + match[0].search(/\S/))
      found.push({
        specifier: match.groups?.["specifier"] ?? "",
        typeOnly: match.groups?.["type"] !== undefined,
        line,
      })
    }
  }
  return found.sort((a, b) => a.line - b.line)
}

/** Prints findings as `file:line message`, and says whether there were none. */
export const report = (check: string, findings: ReadonlyArray<Finding>): boolean => {
  for (const { file, line, message } of findings) console.log(`${file}:${line} ${message}`)
  console.log(findings.length === 0 ? `${check}: ok` : `${check}: ${findings.length} found`)
  return findings.length === 0
}
