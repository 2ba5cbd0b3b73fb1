/**
 * Follows a verb of inspection over HTTP: a stream of JSON lines as a stream of values.
 *
 * Beside `client.ts`, whose requests have one answer each. Hangs up when nobody listens any more, which ends the verb.
 * A problem in a line ends the stream with it.
 */
import { Effect, Stream } from "effect"
import { Disconnected, unseen } from "../contract/mod.ts"
import { type GatewayProblem, readAnswer, readProblem } from "./answer.ts"
import { linesMedia } from "./inspection.ts"
import { problemType } from "./problem.ts"
import { whyUnreachable } from "./unreachable.ts"

/** Types of the problems that a stream ends with. */
const endings = new Set(["inspection", "internal"].map(problemType))

/** Follows a verb of the gateway at `base`. */
export const followLines = (
  base: string,
  authorization: Readonly<Record<string, string>>,
  verb: string,
  input: unknown,
): Stream.Stream<unknown, GatewayProblem | Disconnected> => {
  const broken = (error: unknown) =>
    new Disconnected({ call: verb, detail: whyUnreachable(base, error).detail, ...unseen })

  const open = Effect.gen(function* () {
    const hangUp = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => controller.abort()),
    )
    const response = yield* Effect.tryPromise({
      try: () =>
        fetch(`${base}/inspect/${encodeURIComponent(verb)}`, {
          method: "POST",
          headers: { ...authorization, "content-type": "application/json", accept: linesMedia },
          body: JSON.stringify(input),
          signal: hangUp.signal,
          redirect: "error",
        }),
      catch: broken,
    })
    const { body, status } = response
    if (status !== 200 || body === null || response.headers.get("content-type") !== linesMedia) {
      const bytes = yield* Effect.tryPromise({ try: () => response.arrayBuffer(), catch: broken })
      // one answer, where many were expected, is told as it is
      return Stream.fromEffect(readAnswer(base, verb, status, new Uint8Array(bytes)))
    }
    return Stream.fromReadableStream({ evaluate: () => body, onError: broken }).pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.filter((line) => line !== ""),
      Stream.mapEffect((line) => readLine(base, verb, line)),
    )
  })
  return Stream.unwrap(open)
}

const readLine = (
  url: string,
  verb: string,
  line: string,
): Effect.Effect<unknown, GatewayProblem | Disconnected> => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    const detail = `${url} told something that is no JSON: ${line.slice(0, 100)}`
    return Effect.fail(new Disconnected({ call: verb, detail, ...unseen }))
  }
  const problem = readProblem(url, 200, value)
  return problem !== undefined && endings.has(problem.type) ? Effect.fail(problem) : Effect.succeed(value)
}
