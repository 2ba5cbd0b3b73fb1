/**
 * `readme.ts` finds the blocks, files and calls of a page.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { apisIn, codeBlocks, filesIn, firstCall } from "./readme.ts"

const page = `
# Title

\`\`\`sh
curl -s localhost:8080/calls/sales/quote -d '{"sku":"P-100"}'
\`\`\`

\`\`\`ts hello.ts
export const Hello = api("hello", {})
\`\`\`

\`\`\`ts
const noFile = 1
\`\`\`

\`\`\`sh
curl -s localhost:8080/calls/hello/greet -H 'content-type: application/json' \\
  -d '{"name":"Ann"}'
npx warren call hello.greet '{"name":"Bob"}'
\`\`\`
`

describe("readme", () => {
  test("codeBlocks() gives language, file, code and line", () => {
    const blocks = codeBlocks(page)
    assert.deepEqual(blocks.map(({ language, file }) => [language, file]), [
      ["sh", undefined],
      ["ts", "hello.ts"],
      ["ts", undefined],
      ["sh", undefined],
    ])
    assert.equal(blocks[1]?.code, 'export const Hello = api("hello", {})\n')
    assert.equal(blocks[1]?.line, 9)
  })

  test("filesIn() gives only what stands for a file", () => {
    assert.deepEqual(filesIn(page).map(({ file }) => file), ["hello.ts"])
  })

  test("firstCall() reads curl over several lines, and only the asked apis", () => {
    assert.deepEqual(firstCall(page, ["hello"]), { api: "hello", call: "greet", payload: '{"name":"Ann"}' })
    assert.deepEqual(firstCall(page, ["sales"]), { api: "sales", call: "quote", payload: '{"sku":"P-100"}' })
    assert.equal(firstCall(page, ["parts"]), undefined)
  })

  test("firstCall() reads the command", () => {
    const command = 'npx warren call hello.greet \'{"name":"Bob"}\''
    assert.deepEqual(firstCall(command, ["hello"]), { api: "hello", call: "greet", payload: '{"name":"Bob"}' })
  })

  test("apisIn() names what is declared", () => {
    assert.deepEqual(apisIn(page), ["hello"])
  })
})
