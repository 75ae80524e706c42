/**
 * A process that writes safe primes to its stdout until it is killed. A prime takes seconds, and a thread cannot be
 * stopped in the middle of one.
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
