/**
 * Reads what `warren schema check --allow` lets pass: a finding and a contract, `unheard:sales.orderPlaced`.
 */
import { Result } from "effect"
import { nearest } from "../contract/mod.ts"
import type { FindingCode } from "../inspect/mod.ts"
import { type CliFailure, misuse } from "./Failure.ts"

/** By name, so that no command waits for the engine before it is needed. */
const codes: Readonly<Record<FindingCode, true>> = {
  unheard: true,
  unserved: true,
  undeclared: true,
  split: true,
  breaking: true,
  removed: true,
  unsure: true,
}

/** Findings and contracts, as they were given; several may stand in one text, with commas. */
export const readAllowed = (texts: ReadonlyArray<string>): Result.Result<ReadonlyArray<string>, CliFailure> => {
  const all = texts.flatMap((text) => text.split(",")).map((text) => text.trim())
  for (const text of all) {
    const found = /^([a-z]+):(?:\*|[a-zA-Z][\w-]*\.(?:\*|[a-zA-Z][\w-]*))$/.exec(text)
    const code = found?.[1] ?? text.split(":", 1)[0]!
    if (Object.hasOwn(codes, code) && found !== null) continue
    const [meant] = nearest(code, Object.keys(codes))
    return Result.fail(misuse(
      `Cannot allow "${text}": ${
        Object.hasOwn(codes, code) ? "after the finding stands a contract" : `there is no finding "${code}"`
      }`,
      meant !== undefined && meant !== code
        ? `Did you mean "${meant}"?`
        : `Name a finding (${Object.keys(codes).join(", ")}) and a contract, as in unheard:sales.orderPlaced`,
    ))
  }
  return Result.succeed(all)
}
