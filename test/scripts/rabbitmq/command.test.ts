/**
 * What `npm run broker` reads and prints, what a node is configured with, and the command line of Docker. All of it pure.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { allEnded, greeting, help, readWords, Usage } from "../../../scripts/rabbitmq/command.ts"
import { dockerRun, dockerSignal } from "../../../scripts/rabbitmq/docker.ts"
import { binary } from "../../../scripts/rabbitmq/erlang.ts"
import { listeners, pluginsFile, runScript, settings } from "../../../scripts/rabbitmq/settings.ts"
import type { Rabbit } from "../../../scripts/rabbitmq/types.ts"

const nothing = {
  help: false,
  json: false,
  tls: false,
  port: undefined,
  data: undefined,
  cluster: undefined,
  docker: undefined,
}

describe("npm run broker", () => {
  test("readWords() reads every flag that --help lists", () => {
    assert.deepEqual(readWords([]), nothing)
    assert.deepEqual(readWords(["--port", "5672", "--data=here", "--json", "--tls"]), {
      ...nothing,
      port: 5672,
      data: "here",
      json: true,
      tls: true,
    })
    assert.equal(readWords(["--cluster", "3"]).cluster, 3)
    assert.equal(readWords(["-h"]).help, true)
    for (const [, flag = ""] of help.matchAll(/^ {2}(--\w+)/gm)) assert.ok(flag.slice(2) in nothing, flag)
    assert.equal([...help.matchAll(/^ {2}--\w+/gm)].length, Object.keys(nothing).length)
  })

  test("allEnded() tells of each node that ends, and resolves when none is left", async () => {
    const up = { a: true, b: true }
    const nodes = [{ node: "a", running: () => up.a }, { node: "b", running: () => up.b }]
    const told: Array<string> = []
    let isOver = false
    const { ended } = allEnded(nodes, (line) => told.push(line), 5)
    const over = ended.then(() => isOver = true)
    up.a = false
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(told, ['The node "a" has ended'])
    assert.equal(isOver, false)
    up.b = false
    await over
    assert.deepEqual(told, ['The node "a" has ended', 'The node "b" has ended'])
  })

  test("readWords() takes an image after --docker, or none", () => {
    assert.equal(readWords(["--docker"]).docker, "")
    assert.deepEqual(readWords(["--docker", "--json"]), { ...nothing, docker: "", json: true })
    assert.deepEqual(readWords(["--docker", "rabbitmq:4.1", "--port", "1"]), {
      ...nothing,
      docker: "rabbitmq:4.1",
      port: 1,
    })
    assert.equal(readWords(["--docker=rabbitmq:3"]).docker, "rabbitmq:3")
  })

  test("readWords() says what is wrong, and with which value", () => {
    for (
      const [words, complaint] of [
        [["--port", "65536"], /--port is a whole number from 1 to 65535, not "65536"/],
        [["--port", "1e3"], /not "1e3"/],
        [["--cluster", "2"], /--cluster is a whole number from 3 to 7, not "2"/],
        [["--data="], /--data needs a folder/],
        [["--prot", "1"], /--prot/],
        [["here"], /here/],
        [["--docker", "--cluster", "3"], /--cluster needs an installed RabbitMQ/],
        [["--docker", "--tls"], /--tls needs an installed RabbitMQ/],
        [["--cluster", "3", "--tls"], /--tls is for one node/],
      ] as const
    ) {
      assert.throws(() => readWords(words), (error: Error) => error instanceof Usage && complaint.test(error.message))
    }
  })

  test("greeting() has what a person copies", () => {
    const node = {
      url: "amqp://guest:guest@127.0.0.1:20001",
      managementUrl: "http://127.0.0.1:20002",
      tlsUrl: undefined,
      caFile: undefined,
    } as Rabbit
    const text = greeting([node], { data: undefined })
    assert.match(text, /^ {2}AMQP +amqp:\/\/guest:guest@127\.0\.0\.1:20001$/m)
    assert.match(text, /^ {2}Management +http:\/\/127\.0\.0\.1:20002 \(user guest, password guest\)$/m)
    assert.match(text, /^ {2}Data +removed at the end$/m)
    assert.match(text, /^ {2}warren run workers --broker amqp:\/\/guest:guest@127\.0\.0\.1:20001$/m)
    const three = greeting([node, { ...node, tlsUrl: "amqps://x", caFile: "/ca.pem" }, node], { data: "/kept" })
    assert.match(three, /cluster of 3 nodes/)
    assert.match(three, /trust +\/ca\.pem/)
    assert.match(three, /kept in \/kept/)
  })
})

describe("a node's settings", () => {
  const plan = {
    name: "node",
    node: "a@localhost",
    root: "/r",
    port: 1,
    distPort: 2,
    epmdPort: 3,
    managementPort: undefined,
    tlsPort: undefined,
  }

  test("listeners() are on loopback alone, and only those that were asked for", () => {
    assert.deepEqual(listeners(plan), ["listeners.tcp.1 = 127.0.0.1:1"])
    const all = listeners({ ...plan, managementPort: 4, tlsPort: 5 }).join("\n")
    assert.match(all, /management\.tcp\.ip = 127\.0\.0\.1\nmanagement\.tcp\.port = 4/)
    assert.match(all, /listeners\.ssl\.1 = 127\.0\.0\.1:5/)
  })

  test("settings() form a cluster of several nodes, whose minority pauses; the caller's lines come last", () => {
    assert.doesNotMatch(settings({}, ["a@localhost"]).join("\n"), /cluster/)
    const lines = settings({ config: ["heartbeat = 5"] }, ["a@localhost", "b@localhost"])
    assert.ok(lines.includes("cluster_partition_handling = pause_minority"))
    assert.ok(lines.includes("cluster_formation.classic_config.nodes.2 = b@localhost"))
    assert.equal(lines.at(-1), "heartbeat = 5")
    assert.equal(pluginsFile({ management: true, plugins: ["rabbitmq_top"] }), "[rabbitmq_top,rabbitmq_management].\n")
  })

  test("runScript() and binary() keep any text as it is", () => {
    assert.equal(runScript({ A: "it's $HOME" }, ["a b", "c"]), "export A='it'\\''s $HOME'\nexec 'a b' 'c'\n")
    assert.equal(binary('a">>é'), "<<97,34,62,62,195,169>>")
  })
})

describe("Docker", () => {
  const container = {
    image: "rabbitmq:4-management",
    name: "warren-1",
    folder: "/tmp/w/node",
    data: "warren-1",
    port: 20001,
    managementPort: 20002,
  }

  test("dockerRun() publishes on loopback, mounts what it configures, and ends with the image", () => {
    assert.deepEqual(dockerRun(container), [
      ...["docker", "run", "--name", "warren-1", "--hostname", "warren"],
      ...["--publish", "127.0.0.1:20001:5672", "--publish", "127.0.0.1:20002:15672"],
      ...["--volume", "/tmp/w/node/rabbitmq.conf:/etc/rabbitmq/conf.d/90-warren.conf:ro"],
      ...["--volume", "/tmp/w/node/plugins:/etc/rabbitmq/enabled_plugins:ro"],
      ...["--volume", "warren-1:/var/lib/rabbitmq"],
      "rabbitmq:4-management",
    ])
    assert.ok(!dockerRun({ ...container, managementPort: undefined }).join(" ").includes("15672"))
  })

  test("dockerSignal() asks the container", () => {
    assert.deepEqual(dockerSignal("SIGKILL", "c"), ["kill", "--signal", "KILL", "c"])
    assert.deepEqual(dockerSignal("SIGTERM", "c"), ["kill", "--signal", "TERM", "c"])
    assert.deepEqual(dockerSignal("SIGSTOP", "c"), ["pause", "c"])
    assert.deepEqual(dockerSignal("SIGCONT", "c"), ["unpause", "c"])
  })
})
