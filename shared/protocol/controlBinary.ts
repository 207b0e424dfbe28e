/** First bytes of the control connection's binary messages. PROTOCOL.md §6. */
export const CONTROL_BINARY = { manifest: 1, need: 2, fill: 3 } as const
