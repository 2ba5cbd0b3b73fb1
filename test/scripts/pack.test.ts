/**
 * The packed package works in an empty folder elsewhere: types, and the README's worker on Bun, Deno and Node 24.
 *
 * Packs a copy of the checkout, so that the checkout's package.json stays as it is for whoever runs at the same time.
 * Run once, on Node (`npm test -- --only pack`). Needs npm and a registry, or npm's cache.
 */
import assert from "node:assert/strict"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, describe, test } from "#test"
import { program, root, run, start } from "../support/process.ts"
import { apisIn, filesIn, firstCall } from "../support/readme.ts"

/** Stands in for the README where it does not show a worker of its own yet. */
const ownPage = `
\`\`\`ts hello.ts
import { Schema } from "effect"
import { api, call, handle } from "warren"

const Hello = api("hello", { greet: call({ name: Schema.String }, { returns: Schema.String }) }, { expose: true })
export const greet = handle(Hello.greet, ({ name }) => \`Hello, \${name}\`)
\`\`\`

    curl localhost:8080/calls/hello/greet -d '{"name":"Ann"}'
`

const readme = existsSync(join(root, "README.md")) ? readFileSync(join(root, "README.md"), "utf8") : ""
const page = filesIn(readme).length > 0 ? readme : ownPage
const folder = mkdtempSync(join(tmpdir(), "warren-pack-"))
const checkout = join(folder, "checkout")
const elsewhere = join(folder, "elsewhere")
const worker = filesIn(page)[0]!
const shown = firstCall(page, apisIn(worker.code))

/** What a clone would hold that packing needs; its node_modules are ours. */
const copyCheckout = () => {
  mkdirSync(checkout)
  for (const part of readdirSync(root)) {
    const needed = ["src", "adapters", "bin", "scripts", "LICENSE"].includes(part) || /\.(json|md)$/.test(part)
    if (needed) cpSync(join(root, part), join(checkout, part), { recursive: true })
  }
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"))
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** Asks until somebody answers, the program ends, or ten seconds have gone by. */
const ask = async (url: string, init: RequestInit, gone: () => boolean): Promise<Response> => {
  for (let tries = 0;; tries++) {
    try {
      return await fetch(url, init)
    } catch (failure) {
      if (gone() || tries === 100) throw failure
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

const command = {
  bun: ["bun", "--bun"],
  deno: ["deno", "run", "-A"],
  node: ["node"],
} as const

describe("npm pack", () => {
  let before = ""
  let installed = false
  const needsInstallation = () => assert.ok(installed, "The package could not be packed and installed, see above")

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test("packs and installs", { timeout: 180_000 }, async () => {
    copyCheckout()
    before = readFileSync(join(checkout, "package.json"), "utf8")
    let packed = await run("npm", ["pack", "--loglevel=error"], { cwd: checkout })
    assert.equal(packed.code, 0, packed.output)
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, "package.json"), '{ "name": "elsewhere", "private": true, "type": "module" }\n')
    for (const { file, code } of filesIn(page)) {
      mkdirSync(dirname(join(elsewhere, file)), { recursive: true })
      writeFileSync(join(elsewhere, file), code)
    }
    const tarball = join(checkout, readdirSync(checkout).find((file) => file.endsWith(".tgz")) ?? "")
    packed = await run("npm", ["install", tarball, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: elsewhere,
    })
    assert.equal(packed.code, 0, packed.output)
    installed = true
  })

  test("leaves package.json and the folder as they were", () => {
    assert.equal(readFileSync(join(checkout, "package.json"), "utf8"), before)
    assert.equal(existsSync(join(checkout, "dist")), false)
  })

  test("holds JavaScript, types and the command, and no sources or tests", () => {
    needsInstallation()
    const files = readdirSync(join(elsewhere, "node_modules", "warren"), { recursive: true, encoding: "utf8" })
    assert.deepEqual(files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")), [])
    assert.deepEqual(files.filter((file) => /^(test|scripts|workers|docs)\b/.test(file)), [])
    for (const needed of ["LICENSE", "package.json", "bin/warren.mjs", "dist/src/mod.js", "dist/src/mod.d.ts"]) {
      assert.ok(files.includes(needed), `The package has no ${needed}`)
    }
  })

  test("its types check the worker", { timeout: 60_000 }, async () => {
    needsInstallation()
    const flags = "--noEmit --strict --skipLibCheck --module nodenext --target es2023 --allowImportingTsExtensions"
    const files = filesIn(page).map(({ file }) => file)
    const { code, output } = await run(program("tsc"), [...flags.split(" "), ...files], { cwd: elsewhere })
    assert.equal(code, 0, output)
  })

  test("its types refuse a wrong worker", { timeout: 60_000 }, async () => {
    needsInstallation()
    writeFileSync(
      join(elsewhere, "wrong.ts"),
      'import { Schema } from "effect"\nimport { api, call, handle } from "warren"\n' +
        'const Hello = api("hello", { greet: call({ name: Schema.String }, { returns: Schema.String }) })\n' +
        "export const greet = handle(Hello.greet, ({ name }) => name.length)\n",
    )
    const flags = "--noEmit --strict --skipLibCheck --module nodenext --target es2023"
    const { code, output } = await run(program("tsc"), [...flags.split(" "), "wrong.ts"], { cwd: elsewhere })
    assert.notEqual(code, 0)
    assert.match(output, /wrong\.ts\(4,/)
  })

  test("every door opens, and the command answers", { timeout: 60_000 }, async () => {
    needsInstallation()
    const doors = ["warren", "warren/testing", "warren/gateway", "warren/inbox", "warren/amqp", "warren/zeromq"]
    const imports = doors.map((door) => `await import("${door}")`).join(";")
    const opened = await run(program("node"), ["--input-type=module", "-e", imports], { cwd: elsewhere })
    assert.deepEqual(opened, { code: 0, output: "" })
    const help = await run(join(elsewhere, "node_modules", ".bin", "warren"), ["--help"], { cwd: elsewhere })
    assert.equal(help.code, 0, help.output)
    assert.match(help.output, /warren/)
  })

  for (
    const [title, [name, ...flags], faster] of [
      ["on bun", command.bun, true],
      ["on deno", command.deno, true],
      ["on node", command.node, true],
      ["nowhere without WebAssembly", [...command.node, "--jitless"], false],
    ] as const
  ) {
    test(`makes boxes by WebAssembly ${title}`, { timeout: 60_000 }, async () => {
      needsInstallation()
      writeFileSync(
        join(elsewhere, "boxes.mjs"),
        'import { Effect } from "effect"\n' +
          "const from = (file) => import(`./node_modules/warren/dist/adapters/zeromq/zmtp/curve/${file}.js`)\n" +
          'const [{ loadBoxes }, { plainBoxes }] = [await from("loadBoxes"), await from("box")]\n' +
          "console.log((await Effect.runPromise(loadBoxes)) !== plainBoxes)\n",
      )
      const { code, output } = await run(program(name), [...flags, "boxes.mjs"], { cwd: elsewhere })
      assert.deepEqual({ code, output: output.trim() }, { code: 0, output: `${faster}` })
    })
  }

  for (const [runtime, [name, ...flags]] of Object.entries(command)) {
    test(`runs the worker on ${runtime}`, { timeout: 60_000 }, async () => {
      needsInstallation()
      assert.ok(shown, "The page shows no call of its first worker")
      const address = `127.0.0.1:${await freePort()}`
      const bin = join("node_modules", "warren", "bin", "warren.mjs")
      const args = [...flags, bin, "run", worker.file, "--http", address]
      const running = start(program(name), args, { cwd: elsewhere })
      let ended = false
      void running.ended.then(() => ended = true)
      try {
        const answer = await ask(`http://${address}/calls/${shown.api}/${shown.call}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: shown.payload,
        }, () => ended)
        assert.equal(answer.status, 200, `${await answer.text()}\n${running.output()}`)
        running.kill("SIGTERM")
        const { code, output } = await running.ended
        assert.equal(code, 0, output)
      } catch (failure) {
        console.error(running.output())
        throw failure
      } finally {
        running.kill("SIGKILL")
        await running.ended
      }
    })
  }
})
