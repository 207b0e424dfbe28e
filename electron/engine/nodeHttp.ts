/**
 * node:http without what an import of it brings: for an import Node reads every export once, and reading `WebSocket` loads
 * its fetch, which no part of Benchcast uses. That is 50 ms, a third of what a receiver takes to start.
 */
export const http = process.getBuiltinModule('node:http')
