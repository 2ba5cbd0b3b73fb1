/**
 * Door of the room for beacons: which processes of Warren run on this machine, whatever broker they are on.
 */
export type { BeaconChange, LitBeacon } from "./beacons.ts"
export { lightBeacon, readBeacons } from "./beacons.ts"
// where they are
export type { FolderState } from "./folder.ts"
export { lookAtFolder } from "./folder.ts"
