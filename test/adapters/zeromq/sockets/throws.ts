/**
 * A program whose deliverer throws: says what it was given, and what reached nobody.
 */
import process from "node:process"
import { Effect } from "effect"
import { layerNode, openSocket } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { loopback, message, texts } from "./rig.ts"

const say = (line: string) => process.stdout.write(`${line}\n`)

process.on("uncaughtException", (error) => say(`uncaught: ${error.message}`))

const program = Effect.gen(function* () {
  const sink = yield* openSocket("PULL")
  const source = yield* openSocket("PUSH")
  yield* source.connect(yield* sink.bind(loopback))
  const heard: Array<string> = []
  sink.deliver((message) => {
    heard.push(texts(message).join())
    if (heard.length <= 2) throw new Error(`cannot take ${heard.at(-1)}`)
  })
  for (const text of ["one", "two", "three", "four"]) yield* source.send(message(text))
  while (heard.length < 4) yield* Effect.sleep(5)
  say(`heard: ${heard.join()}`)
})

await Effect.runPromise(Effect.scoped(Effect.provide(program, layerNode)))
