/**
 * docs/operations.md says of every exchange and queue that the wire knows what it is for, and of no other.
 */
import assert from "node:assert/strict"
import { test } from "#test"
import {
  callTopology,
  deadTopology,
  directoryTopology,
  Exchange,
  ledgerTopology,
  listenerTopology,
  processTopology,
  QueueName,
  retryTiers,
  retryTopology,
  scheduleTopology,
} from "../../src/wire/mod.ts"
import { read } from "./pages.ts"

const page = read("docs/operations.md")
const section = page.split("\n## What each queue is for\n")[1]?.split("\n## ")[0] ?? ""
const rows = new Map(
  section.split("\n").flatMap((line) => {
    const cells = line.split("|").map((cell) => cell.trim())
    const name = /^`(warren\..*)`$/.exec(cells[1] ?? "")?.[1]
    return name === undefined ? [] : [[name, cells] as const]
  }),
)

/** The names of the wire, with what the page writes for their parts. */
const patterns: ReadonlyArray<string> = [
  ...Object.values(Exchange),
  QueueName.listener("<app>", "<handler>"),
  QueueName.call("<api>.<call>"),
  QueueName.schedule("<app>", "<handler>"),
  QueueName.token("<app>", "<handler>"),
  QueueName.replies("<instance>"),
  QueueName.control("<instance>"),
  QueueName.tap("<instance>", "<key>"),
  QueueName.retry("<tier>"),
  QueueName.dead("<app>"),
  QueueName.directory,
  QueueName.ledger,
  QueueName.contracts,
]

test("the table has every exchange and queue, and no other", () => {
  assert.equal(patterns.length, Object.keys(Exchange).length + Object.keys(QueueName).length)
  assert.deepEqual([...rows.keys()].sort(), [...patterns].sort())
})

test("the table says of what kind each is, as it is declared", () => {
  const { exchanges, queues } = {
    exchanges: [...processTopology("<instance>").exchanges, ...retryTopology.exchanges],
    queues: [
      processTopology("<instance>"),
      retryTopology,
      deadTopology("<app>"),
      listenerTopology("<app>", "<handler>", "x", false),
      scheduleTopology("<app>", "<handler>"),
      callTopology("<api>.<call>"),
      directoryTopology,
      ledgerTopology,
    ].flatMap((one) => one.queues),
  }
  const kindOf = (name: string) => rows.get(name.replace(/^warren\.retry\..*/, "warren.retry.<tier>"))?.[2] ?? ""
  for (const { name, type } of exchanges) assert.match(kindOf(name), new RegExp(`${type} exchange`), name)
  for (const { name, type, exclusive, singleActiveConsumer } of queues) {
    assert.match(kindOf(name), new RegExp(`${type} queue`), name)
    assert.equal(/exclusive/.test(kindOf(name)), exclusive === true, name)
    assert.equal(/one at a time/.test(kindOf(name)), singleActiveConsumer === true, name)
  }
  for (const [tier] of retryTiers) assert.match(rows.get("warren.retry.<tier>")?.[5] ?? "", new RegExp(`\\b${tier}\\b`))
})
