/** What became of one request for a boot file, over TFTP or HTTP: the machine's progress is read from these. */
export interface FileEvent {
  /** Address of the client. */
  readonly client: string
  /** As it was asked for. */
  readonly name: string
  readonly step:
    | { readonly kind: 'started' | 'progress'; readonly sentBytes: number; readonly bytes: number }
    | { readonly kind: 'done'; readonly bytes: number }
    /** Firmware asks for the size, aborts, and asks anew: then no byte was taken, and nothing is wrong. */
    | { readonly kind: 'aborted'; readonly sentBytes: number; readonly message: string }
    | { readonly kind: 'silent'; readonly sentBytes: number }
    | { readonly kind: 'missing' | 'refused' }
}
