/**
 * `node scripts/zmtp/record.ts`: records conversations between sockets of libzmq, for the tests of our own ZMTP.
 *
 * Runs on Node, where the `zeromq` package runs. Writes test/adapters/zeromq/zmtp/golden/, one file a conversation; with
 * names as arguments only those. What is in the files is written by libzmq alone.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { type Plan, plans } from "./conversations.ts"
import { type Conversation, type Spoken, toPieces } from "./fixture.ts"
import { startProxy } from "./proxy.ts"
import { authenticate, newKeys, Side, type SideOptions, version } from "./sides.ts"

const folder = join(import.meta.dirname, "..", "..", "test", "adapters", "zeromq", "zmtp", "golden")

const spoken = (side: Side, bytes: Uint8Array): Spoken => {
  const lengths = side.messages.flat().map(({ length }) => length)
  return {
    type: side.type,
    identity: Buffer.from(side.identity).toString("hex"),
    bytes: toPieces(bytes, lengths),
    messages: side.messages.map((message) => message.map((frame) => toPieces(frame))),
    subscriptions: side.subscriptions.map(({ wanted, topic }) => ({
      wanted,
      topic: Buffer.from(topic).toString("hex"),
    })),
  }
}

const record = async ({ name, about, run, ...plan }: Plan): Promise<Conversation> => {
  const keys = plan.curve === true ? { server: newKeys(), client: newKeys() } : undefined
  const serverOptions: SideOptions = keys === undefined
    ? {}
    : { curveServer: true, curveSecretKey: keys.server.secretKey }
  const clientOptions: SideOptions = keys === undefined ? {} : {
    curveServerKey: keys.server.publicKey,
    curvePublicKey: keys.client.publicKey,
    curveSecretKey: keys.client.secretKey,
  }
  const authentication = plan.authentication === undefined ? undefined : await authenticate(plan.authentication)
  const binder = new Side(plan.binder[0], { ...plan.binder[1], ...serverOptions })
  const connector = new Side(plan.connector[0], { ...plan.connector[1], ...clientOptions })
  const proxy = await startProxy(await binder.bind(), plan.minor)
  try {
    connector.connect(proxy.endpoint)
    await run(connector, binder)
    return {
      about,
      madeBy: `node scripts/zmtp/record.ts ${name}`,
      libzmq: version,
      mechanism: keys === undefined ? "NULL" : "CURVE",
      minor: plan.minor ?? 1,
      ...(keys === undefined ? {} : { keys }),
      connector: spoken(connector, proxy.fromConnector()),
      binder: spoken(binder, proxy.fromBinder()),
    }
  } finally {
    connector.close()
    binder.close()
    authentication?.close()
    await proxy.close()
  }
}

mkdirSync(folder, { recursive: true })
const wanted = process.argv.slice(2)
for (const plan of plans) {
  if (wanted.length > 0 && !wanted.includes(plan.name)) continue
  const conversation = await record(plan)
  const file = join(folder, `${plan.name}.json`)
  writeFileSync(file, `${JSON.stringify(conversation, null, 2)}\n`)
  console.log(`${plan.name}: ${conversation.about}`)
}
process.exit(0)
