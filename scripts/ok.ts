/**
 * `npm run ok`: the one gate. Format, lint, types, imports, docs, and the tests on all three runtimes, with coverage.
 *
 * Runs every step even when an earlier one failed, so that one run tells everything, and ends with a line a step.
 * Mends nothing: `npm run format` does the formatting.
 */
import { spawnSync } from "node:child_process"
import { delimiter, join } from "node:path"
import process from "node:process"

const root = join(import.meta.dirname, "..")
const bin = join(root, "node_modules", ".bin")

/** Every step, in the order in which they run: the quick ones first. */
const steps: ReadonlyArray<
  { readonly name: string; readonly command: ReadonlyArray<string>; readonly remedy: string }
> = [
  { name: "format", command: ["deno", "fmt", "--check", "--quiet"], remedy: "npm run format" },
  { name: "lint", command: ["deno", "lint", "--quiet"], remedy: "see above" },
  { name: "types", command: ["tsc", "--pretty", "false"], remedy: "see above" },
  {
    name: "imports",
    command: ["bun", "scripts/check-imports.ts"],
    remedy: "see above; the rules are in scripts/check-imports.ts",
  },
  { name: "docs", command: ["bun", "scripts/check-docs.ts"], remedy: "see above" },
  { name: "tests", command: ["bun", "scripts/test.ts", "--coverage", ...process.argv.slice(2)], remedy: "npm test" },
]

const failed = steps.filter(({ name, command: [program = "", ...args] }) => {
  console.log(`\n━━ ${name} ━━`)
  const done = spawnSync(join(bin, program), args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: [bin, process.env["PATH"] ?? ""].join(delimiter) },
  })
  if (done.error !== undefined) console.log(done.error.message)
  return done.status !== 0
})

console.log("\n━━ ok? ━━")
for (const { name, remedy } of steps) {
  console.log(failed.some((step) => step.name === name) ? `FAILED ${name} (${remedy})` : `ok     ${name}`)
}
process.exit(failed.length === 0 ? 0 : 1)
