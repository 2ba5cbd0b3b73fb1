/**
 * Door of the testing room, exported as `warren/testing`: tests of workers without a broker or a clock.
 */
// testing workers
export type { Modules, TestBusOptions } from "./testBus.ts"
export { testBus } from "./testBus.ts"
export type { Expectable, ExpectOptions, FaultVerbs, TestBus } from "./TestBusShape.ts"
export { ExpectationFailed } from "./expectation.ts"
export { NeverQuiet } from "./Quiescence.ts"
export { Step } from "./Step.ts"
export type { Sent } from "./Timeline.ts"
export { Timeline } from "./Timeline.ts"
// parts of it
export { FakeClock } from "./FakeClock.ts"
