/**
 * Door of the embedded broker: an AMQP 0-9-1 server for this machine, on TCP.
 */
export type { Listening, ListenOptions } from "./listen.ts"
export { listen } from "./listen.ts"
export { ListenError } from "./ListenError.ts"
// one for each project, hosted by whichever process can
export type { Embedded, EmbeddedError, EmbeddedOptions } from "./Embedded.ts"
export { openEmbedded } from "./Embedded.ts"
export type { HostingOptions } from "./hostBroker.ts"
export { findEmbedded } from "./find.ts"
export type { BrokerAddress } from "./folder/AddressFile.ts"
export { urlOf } from "./folder/AddressFile.ts"
export { defaultFolder } from "./folder/DataFolder.ts"
export type { FolderReason } from "./folder/FolderError.ts"
export { FolderError } from "./folder/FolderError.ts"
export type { StoreReason } from "./store/StoreError.ts"
export { StoreError } from "./store/StoreError.ts"
