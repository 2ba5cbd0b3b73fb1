/**
 * The socket suite on this ZMTP, over the network of the runtime that runs the tests.
 */
import { Effect } from "effect"
import { layerNode, openSocket } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { socketSuite } from "./suite.ts"

socketSuite({
  name: "ZMTP in TypeScript",
  open: (type, options, onEvent) => Effect.provide(openSocket(type, options, onEvent), layerNode),
  traits: {
    givesUp: true,
    tellsPeers: true,
    tellsWhy: true,
    tellsAtOnce: true,
    countsDropped: true,
    countsUnsent: true,
    limitsBytes: true,
    limitsPeers: true,
    limitsFrames: true,
    limitsWholes: true,
    keepsPeers: true,
    refusesNames: true,
    forgivesAnswers: true,
    forgetsDialled: true,
    survivesBreaks: true,
    refusesOld: true,
    sparesOld: true,
    sparesSlow: true,
    endsGently: true,
    waitsAtEnd: true,
    tellsRetries: true,
    respectsPaths: true,
  },
})
