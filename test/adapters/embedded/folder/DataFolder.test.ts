/**
 * The data folder: where it is, for whom, and which ones are refused.
 */
import assert from "node:assert/strict"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Effect, Redacted } from "effect"
import { describe, test } from "#test"
import { readAddress, urlOf, writeAddress } from "../../../../adapters/embedded/folder/AddressFile.ts"
import { defaultFolder, openDataFolder } from "../../../../adapters/embedded/folder/DataFolder.ts"
import { effect, folder } from "../support.ts"

const address = {
  broker: "warren-x",
  instance: "i1",
  pid: 42,
  host: "::1",
  port: 5672,
  user: "a b",
  password: Redacted.make("p/@:"),
}

describe("defaultFolder", () => {
  test("is at the root of the project, wherever in it one is", () =>
    effect(Effect.gen(function* () {
      const root = yield* folder
      const deep = join(root, "packages", "shop", "src")
      mkdirSync(deep, { recursive: true })
      assert.equal(defaultFolder(deep), join(deep, ".warren", "broker"))
      writeFileSync(join(root, "packages", "shop", "package.json"), "{}")
      assert.equal(defaultFolder(deep), join(root, "packages", "shop", ".warren", "broker"))
      writeFileSync(join(root, ".git"), "gitdir: elsewhere")
      assert.equal(defaultFolder(deep), join(root, ".warren", "broker"))
    })))
})

describe("openDataFolder", () => {
  test("makes a folder for its user alone, which no repository takes up", () =>
    effect(Effect.gen(function* () {
      const root = yield* folder
      const made = yield* openDataFolder(join(root, ".warren", "broker"))
      assert.equal(statSync(made.path).mode & 0o777, 0o700)
      assert.equal(readFileSync(join(root, ".warren", ".gitignore"), "utf8"), "*\n")
      yield* openDataFolder(join(root, "elsewhere", "data"))
      assert.equal(existsSync(join(root, "elsewhere", ".gitignore")), false)
    })))

  test("closes a folder that others may read, and refuses one in which they may write", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "data")
      mkdirSync(path)
      chmodSync(path, 0o755)
      yield* openDataFolder(path)
      assert.equal(statSync(path).mode & 0o777, 0o700)
      chmodSync(path, 0o770)
      const error = yield* Effect.flip(openDataFolder(path))
      assert.equal(error.reason, "shared")
      assert.match(error.message, /^Cannot use the folder ".*data" .*: others may write in it; keep it to one user/)
      assert.equal(statSync(path).mode & 0o777, 0o770)
    })))

  test("refuses what is no folder, and what cannot be written", () =>
    effect(Effect.gen(function* () {
      const root = yield* folder
      writeFileSync(join(root, "file"), "")
      assert.equal((yield* Effect.flip(openDataFolder(join(root, "file")))).reason, "unusable")
      assert.equal((yield* Effect.flip(openDataFolder(join(root, "file", "data")))).reason, "unusable")
      // a file system that cannot be written, for root too
      if (process.platform === "linux") {
        const error = yield* Effect.flip(openDataFolder("/proc/warren/data"))
        assert.match(error.message, /Cannot use the folder "\/proc\/warren\/data"/)
      }
    })))
})

describe("the address file", () => {
  test("is written whole, for its user alone, and read back", () =>
    effect(Effect.gen(function* () {
      const data = yield* openDataFolder(join(yield* folder, "data"))
      assert.equal(yield* readAddress(data), undefined)
      yield* writeAddress(data, address)
      yield* writeAddress(data, address)
      assert.equal(statSync(data.address).mode & 0o777, 0o600)
      assert.deepEqual(readdirSync(data.path), ["address.json"])
      const found = yield* readAddress(data)
      assert.deepEqual({ ...found, password: "" }, { ...address, password: "" })
      assert.equal(Redacted.value(found!.password), "p/@:")
      assert.doesNotMatch(JSON.stringify(found), /p\/@/)
      assert.equal(Redacted.value(urlOf(address)), "amqp://a%20b:p%2F%40%3A@[::1]:5672")
    })))

  test("counts as none where it cannot be read, or is a link", () =>
    effect(Effect.gen(function* () {
      const root = yield* folder
      const data = yield* openDataFolder(join(root, "data"))
      writeFileSync(data.address, "{")
      assert.equal(yield* readAddress(data), undefined)
      yield* writeAddress(data, address)
      const other = yield* openDataFolder(join(root, "other"))
      symlinkSync(data.address, other.address)
      assert.equal(yield* readAddress(other), undefined)
    })))
})
