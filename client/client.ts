/** The receiving end: finds a bench, takes an image, writes it, reads it back. PROTOCOL.md tells the conversation. */
export { receive } from './receive.ts'
export type {
  ReceiveOptions,
  ReceiveProgress,
  ReceiveResult,
  ReceiveTarget,
} from './receiveOptions.ts'
export { type ReceiveFault, ReceiveError } from './receiveError.ts'
export { type Assembler, type AssemblerCounters, createAssembler } from './assembler.ts'
