/**
 * `scripts/setup.mjs` refuses clearly, and `scripts/pack.mjs` never loses a package.json.
 *
 * Works in folders of its own with an npm that only fails or does nothing; real installations are what `npm test` in
 * a clean clone does first.
 */
import assert from "node:assert/strict"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, test } from "#test"
import { program, root, run } from "../support/process.ts"

let folder = ""

const write = (file: string, text: string, mode = 0o644) => {
  mkdirSync(join(folder, file, ".."), { recursive: true })
  writeFileSync(join(folder, file), text)
  chmodSync(join(folder, file), mode)
}

const script = (name: string, ...args: ReadonlyArray<string>) =>
  run(program("node"), [join("scripts", name), ...args], {
    cwd: folder,
    env: { PATH: `${join(folder, "path")}:/usr/bin:/bin`, npm_execpath: "" },
  })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "warren-setup-"))
  cpSync(join(root, "scripts", "setup.mjs"), join(folder, "scripts", "setup.mjs"))
  cpSync(join(root, "scripts", "pack.mjs"), join(folder, "scripts", "pack.mjs"))
  write("package-lock.json", JSON.stringify({ packages: { "": {}, "node_modules/effect": { version: "4.1.0" } } }))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe("setup", () => {
  test("refuses a runtime it does not know", async () => {
    const { code, output } = await script("setup.mjs", "bun", "rhino")
    assert.equal(code, 2)
    assert.match(output, /Unknown runtime "rhino"/)
  })

  test("says what failed and what to do when npm fails", async () => {
    write("path/npm", '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "no network" >&2\nexit 1\n', 0o755)
    const { code, output } = await script("setup.mjs")
    assert.equal(code, 1)
    assert.match(output, /no network/)
    assert.match(output, /"npm ci" failed .*\n.*run "npm ci" by hand/)
    assert.equal(existsSync(join(folder, ".warren", "setup.lock")), false)
  })

  test("installs once, then is silent until the lockfile changes", async () => {
    write("path/npm", "#!/bin/sh\nmkdir -p node_modules\necho $1 >> calls\n", 0o755)
    assert.match((await script("setup.mjs")).output, /installing the dependencies.*\n.*installed in/)
    assert.deepEqual(await script("setup.mjs"), { code: 0, output: "" })
    write("package-lock.json", JSON.stringify({ packages: { "node_modules/effect": { version: "4.2.0" } } }))
    assert.match((await script("setup.mjs")).output, /installing/)
    assert.equal(readFileSync(join(folder, "calls"), "utf8").match(/^ci$/gm)?.length, 2)
  })

  test("takes npm's own installation for good", async () => {
    write("path/npm", "#!/bin/sh\nexit 1\n", 0o755)
    write(
      "node_modules/.package-lock.json",
      JSON.stringify({ packages: { "node_modules/effect": { version: "4.1.0" } } }),
    )
    assert.deepEqual(await script("setup.mjs"), { code: 0, output: "" })
  })

  test("names a runtime that does not start", async () => {
    write(
      "node_modules/.package-lock.json",
      JSON.stringify({ packages: { "node_modules/effect": { version: "4.1.0" } } }),
    )
    write("node_modules/bun/install.js", 'console.error("unpacked nothing")\n')
    const { code, output } = await script("setup.mjs", "bun")
    assert.equal(code, 1)
    assert.match(output, /unpacked nothing\nThe runtime "bun" in node_modules does not start\nDelete the folder/)
  })

  test("waits for nobody who is gone", async () => {
    write("path/npm", "#!/bin/sh\nmkdir -p node_modules\n", 0o755)
    write(".warren/setup.lock", "999999999")
    assert.equal((await script("setup.mjs")).code, 0)
  })
})

describe("pack", () => {
  const ours =
    '{ "name": "warren", "exports": { ".": "./src/mod.ts" }, "scripts": {}, "imports": { "#test": "./t.ts" } }\n'

  /** A checkout in which a pack is under way; `tsc` builds one file, or fails. */
  const packing = async (tsc: string) => {
    write("package.json", ours)
    write("node_modules/typescript/bin/tsc", tsc)
    return await script("pack.mjs", "before")
  }
  const builds =
    'require("fs").mkdirSync("dist"); require("fs").writeFileSync("dist/a.d.ts", \'export * from "./b.ts"\')\n'
  const manifest = () => readFileSync(join(folder, "package.json"), "utf8")

  test("points at JavaScript while it packs, and at the sources again afterwards", async () => {
    assert.equal((await packing(builds)).code, 0)
    const published: Record<string, unknown> = JSON.parse(manifest())
    assert.deepEqual(published["exports"], { ".": { types: "./dist/src/mod.d.ts", default: "./dist/src/mod.js" } })
    assert.equal(published["scripts"], undefined)
    assert.equal(published["imports"], undefined)
    assert.equal(readFileSync(join(folder, "dist/a.d.ts"), "utf8"), 'export * from "./b.js"')
    assert.equal((await script("pack.mjs", "after")).code, 0)
    assert.equal(manifest(), ours)
    assert.equal(existsSync(join(folder, "dist")), false)
  })

  test("changes nothing when the sources do not compile", async () => {
    const { code, output } = await packing("process.exit(1)\n")
    assert.equal(code, 1)
    assert.match(output, /nothing was packed/)
    assert.equal(manifest(), ours)
  })

  test("mends what an interrupted pack left behind", async () => {
    await packing(builds)
    rmSync(join(folder, "dist"), { recursive: true })
    assert.equal((await script("pack.mjs", "before")).code, 0)
    assert.equal((await script("pack.mjs", "after")).code, 0)
    assert.equal(manifest(), ours)
  })

  test("leaves a package.json alone that was edited meanwhile", async () => {
    await packing(builds)
    write("package.json", '{ "name": "mine" }\n')
    const { code, output } = await script("pack.mjs", "after")
    assert.equal(code, 1)
    assert.match(output, /was edited while it was being packed/)
    assert.equal(manifest(), '{ "name": "mine" }\n')
    assert.equal(readFileSync(join(folder, ".warren/pack/package.json"), "utf8"), ours)
  })
})
