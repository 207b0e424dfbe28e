/** Where the module of the repair code comes from: made here, in 30 ms; bundles have it ready (build/finishedKernel.ts). */
export { kernelModule as kernelBytes } from './kernelModule.ts'
