/** First file of the command line: small, so that the rest starts from compiled code. */
import { compileForShortLife, keepCompiledCode } from '../engine/compiledCode.ts'

if (import.meta.main) {
  if (process.argv[2] === 'receive' || process.argv[2] === 'send') compileForShortLife()
  keepCompiledCode()
  const { main } = await import('./program.ts')
  // A reader that went away (`| head`) is no fault of ours, but no success either; 141 is what SIGPIPE gives.
  process.stdout.on('error', () => process.exit(141))
  const code = await main(process.argv.slice(2))
  // Nothing that a library keeps open may hold the shell back; what is printed must be out first.
  process.stdout.write('', () => process.exit(code))
}
