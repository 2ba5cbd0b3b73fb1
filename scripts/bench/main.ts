/**
 * `npm run bench -- <name>`: runs one bench, or lists them.
 *
 * A bench is a file beside this one that exports `run`; its first line of comment is what the list says of it. Prints
 * figures and judges none of them: benches are no tests.
 */
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import process from "node:process"

/** Every bench by name, with its line for the list. */
const benches = new Map(
  globSync("*.ts", { cwd: import.meta.dirname }).sort().flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), "utf8")
    const about = /^\/\*\*\s*\n? ?\*? ?(.*)/.exec(text)?.[1]?.replace(/^`npm run bench[^`]*`: /, "") ?? ""
    return /^export (?:const|async function|function) run\b/m.test(text)
      ? [[basename(file, ".ts"), about] as const]
      : []
  }),
)

const name = process.argv[2]
if (name === undefined || !benches.has(name)) {
  if (name !== undefined) console.error(`There is no bench "${name}"`)
  console.error("Usage: npm run bench -- <name>\n")
  for (const [bench, about] of benches) console.error(`  ${bench.padEnd(10)} ${about}`)
  process.exit(2)
}
const bench: { readonly run: () => Promise<void> } = await import(`./${name}.ts`)
await bench.run()
