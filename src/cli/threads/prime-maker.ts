/**
 * A process that does nothing but make safe primes and write them to its stdout, until it is killed: a prime takes
 * seconds, and neither a thread nor the process's own pool can be stopped in the midst of one.
 */
import './no-inspector.js'
import { generatePrimeSync } from 'node:crypto'

const bits = Number(process.argv[2])
const make = (): void => {
  const prime = new Uint8Array(generatePrimeSync(bits, { safe: true }))
  process.stdout.write(prime, () => {
    prime.fill(0)
    make()
  })
}
make()
