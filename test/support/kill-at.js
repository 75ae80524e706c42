/**
 * Loaded by a test into a process of `mpc` (`node --import`), which it kills at one place: before the nth operation on its
 * disk, or before or after the nth time that it says something to the server. What it hears in between changes nothing
 * that anybody else could see. With `log` it writes down the operations. Of the product it knows the fault point alone,
 * which every test of the disk uses.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { setFaultPoint } from '../../dist/storage/fs/atomic.js'

const where = new URL(import.meta.url).searchParams
const numberOf = (name) => Number(where.get(name) ?? 0)
const [operation, before, after] = ['operation', 'before', 'after'].map(numberOf)
const log = where.get('log')

const die = () => process.kill(process.pid, 'SIGKILL')
const note = (line) => log && appendFileSync(log, `${line}\n`)

let operations = 0
setFaultPoint((what, path) => {
  operations += 1
  note(`${what} ${path}`)
  if (operations !== operation) return
  // A write that a power cut ends leaves a part.
  if (what === 'write' && existsSync(path)) appendFileSync(path, 'half')
  die()
})

const { write } = Socket.prototype
let spoken = 0
Socket.prototype.write = function say(chunk, ...rest) {
  const speaks = Buffer.from(chunk).includes('PUB mpc.')
  if (speaks) note(`say ${++spoken}`)
  if (speaks && spoken === before) die()
  const written = write.call(this, chunk, ...rest)
  if (speaks && spoken === after) die()
  return written
}
