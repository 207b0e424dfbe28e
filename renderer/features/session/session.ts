/** What other features may use of this one: how a machine in a session looks and reads. */
export { advice, look } from './look.ts'
