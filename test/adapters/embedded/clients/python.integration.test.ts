/**
 * Clients in Python as Debian has them, on both brokers: pika, kombu, and a Celery worker with somebody who asks it for tasks.
 */
import { afterEach, test } from "#test"
import assert from "node:assert/strict"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { findPython, type Python } from "../../../../scripts/python.ts"
import { type Background, run, start } from "../../../support/process.ts"
import { fresh, onEachBroker } from "./brokers.ts"

const folder = join(import.meta.dirname, "python")
const running = new Set<Background>()

const missing = (python: Python): string | undefined => "missing" in python ? python.missing : undefined

const program = (python: Python): string => {
  if ("missing" in python) throw new Error(python.missing)
  return python.program
}

const pika = findPython("pika")
const kombu = findPython("kombu")
const elsewhere = "Bun" in globalThis ? undefined : "tested on Bun; it takes some seconds, and is the same everywhere"
const celery: Python = elsewhere === undefined ? findPython("celery") : { missing: elsewhere }

for (
  const [name, python, scenes] of [
    ["pika", pika, ["publishing", "refusing", "headers", "consuming", "errors", "reconnecting"]],
    ["kombu", kombu, ["publishing", "dying", "headers", "simple", "reconnecting"]],
  ] as const
) {
  onEachBroker(name, ({ url, options }) => {
    test(scenes.join(", "), options, async () => {
      // no compiled files are left behind
      const { code, output } = await run(program(python), ["-B", join(folder, `with_${name}.py`), `${url()}/%2f`])
      assert.deepEqual([code, output.trim().split("\n")], [0, scenes], output)
    })
  }, { missing: missing(python) })
}

onEachBroker("celery", ({ url, options }) => {
  afterEach(async () => {
    for (const { kill, ended } of running) {
      kill("SIGKILL")
      await ended
    }
    running.clear()
  })

  test("runs tasks and gives their results back", options, async () => {
    const env = {
      WARREN_CELERY_BROKER: `${url()}//`,
      WARREN_CELERY_QUEUE: fresh("celery"),
      // a worker of root must be told so
      C_FORCE_ROOT: "1",
      PYTHONDONTWRITEBYTECODE: "1",
    }
    const args = [
      "-m",
      "celery",
      "-A",
      "tasks",
      "worker",
      "--pool",
      "solo",
      "--loglevel",
      "info",
      "-n",
      fresh("worker"),
    ]
    const worker = start(program(celery), args, { cwd: folder, env })
    running.add(worker)
    while (!/ready\./.test(worker.output())) {
      const ended = await Promise.race([worker.ended, delay(50)])
      if (ended !== undefined) assert.fail(ended.output)
    }
    const { code, output } = await run(program(celery), [join(folder, "with_celery.py")], { cwd: folder, env })
    const scenes = ["one", "many", "one_after_another", "failing", "again", "later", "many_later", "asking_all_workers"]
    assert.deepEqual([code, output.trim().split("\n")], [0, scenes], `${output}\n${worker.output()}`)
    worker.kill("SIGTERM")
    assert.equal((await worker.ended).code, 0)
  })
}, { missing: missing(celery), elsewhere })
