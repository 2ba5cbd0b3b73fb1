/**
 * A node in Docker from its start to its end, with a stand-in for `docker` that notes what it is asked: no engine needed.
 *
 * Its "container" is a program that answers on the published port as a broker does. What a real engine makes of the same
 * words is not shown here.
 */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import process from "node:process"
import { afterEach, beforeEach, describe, test } from "#test"
import { RabbitUnavailable, startRabbit } from "../../../scripts/rabbitmq.ts"

const container = `require("node:net").createServer((socket) => {
  socket.on("error", () => {})
  socket.once("data", () => socket.write(new Uint8Array([1])))
}).listen(Number(process.argv[2]), "127.0.0.1")`

const docker = (folder: string, runtime: string) =>
  `#!/bin/sh
echo "$*" >>'${folder}/asked'
case "$1" in
run) port=$(echo "$*" | sed 's/.*127.0.0.1:\\([0-9]*\\):5672.*/\\1/')
  echo $$ >'${folder}/pid'; exec ${runtime} '${folder}/container.cjs' "$port" ;;
kill) kill "-$3" "$(cat '${folder}/pid')" ;;
exec) echo 2 ;;
esac
`

describe("startRabbit({ docker })", () => {
  let folder = ""
  const path = process.env["PATH"] ?? ""
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "warren-docker-"))
    const runtime = `'${process.execPath}'${process.versions["deno"] === undefined ? "" : " run -A"}`
    await writeFile(join(folder, "container.cjs"), container)
    await writeFile(join(folder, "docker"), docker(folder, runtime), { mode: 0o755 })
    process.env["PATH"] = `${folder}${delimiter}${path}`
  })
  afterEach(async () => {
    process.env["PATH"] = path
    await rm(folder, { recursive: true, force: true })
  })

  test("runs the image, kills and starts it again, and removes container and volume", async () => {
    const rabbit = await startRabbit({ docker: "rabbitmq:test", management: true })
    assert.equal(await rabbit.evaluate("1+1."), "2")
    await rabbit.kill()
    assert.equal(rabbit.running(), false)
    await rabbit.start()
    await rabbit.pause()
    await rabbit.resume()
    await rabbit.stop()
    const asked = (await readFile(join(folder, "asked"), "utf8")).replaceAll(/warren-[0-9a-f]{12}/g, "NAME")
    assert.deepEqual(asked.trim().split("\n").map((line) => line.split(" --publish")[0]), [
      "version",
      "rm --force NAME",
      "run --name NAME --hostname warren",
      "exec NAME rabbitmqctl eval 1+1.",
      "kill --signal KILL NAME",
      "rm --force NAME",
      "run --name NAME --hostname warren",
      "pause NAME",
      "unpause NAME",
      "rm --force NAME",
      "volume rm --force NAME",
    ])
    assert.ok(!existsSync(rabbit.folder))
  })

  test("says what Docker cannot do here", async () => {
    await assert.rejects(startRabbit({ docker: "", tls: true }), RabbitUnavailable)
    await writeFile(join(folder, "docker"), "#!/bin/sh\nexit 1\n")
    await assert.rejects(startRabbit({ docker: "" }), /Cannot run "rabbitmq:4-management": "docker version" fails/)
  })
})
