/** Makes safe primes in one process for each core. */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { MakePrimes } from '../../ceremony/world.js'

const SCRIPT = fileURLToPath(new URL('./prime-maker.js', import.meta.url))

/** The signals that a terminal sends to every process in its foreground, this one among them. */
const FROM_TERMINAL = new Set<NodeJS.Signals | null>(['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGQUIT'])

/** Makes `count` safe primes of `bits` bits and reports each as it is found. @throws the signal's reason */
export const makePrimes: MakePrimes = async (bits, count, found, signal) => {
  signal.throwIfAborted()
  const makers = new Set<ChildProcess>()
  let isOver = false
  let stop = (): void => undefined
  try {
    await new Promise<void>((resolve, reject) => {
      stop = () => reject(signal.reason)
      signal.addEventListener('abort', stop)
      let missing = count
      const start = (): void => {
        // The environment may hold secrets, and the process needs none of it.
        const maker = spawn(process.execPath, [SCRIPT, String(bits)], {
          env: {},
          stdio: ['ignore', 'pipe', 'ignore'],
        })
        makers.add(maker)
        maker.on('error', reject)
        maker.on('exit', (_, by) => {
          makers.delete(maker)
          // On Ctrl-C a maker may end before this process hears the signal; that is no error, and `signal` says the rest.
          if (isOver) return
          if (FROM_TERMINAL.has(by)) start()
          else reject(new Error('a process that makes primes has ended'))
        })
        eachPiece(maker.stdout, bits / 8, (prime) => {
          if (missing === 0) return prime.fill(0)
          missing -= 1
          found(prime)
          return missing === 0 && resolve()
        })
      }
      for (let i = Math.min(availableParallelism(), count); i > 0; i--) start()
    })
  } finally {
    isOver = true
    signal.removeEventListener('abort', stop)
    for (const maker of makers) maker.kill('SIGKILL')
  }
}

/** Splits a stream into pieces of one length and wipes its buffers. */
function eachPiece(stream: Readable, length: number, take: (piece: Uint8Array) => void): void {
  const piece = Buffer.alloc(length)
  let filled = 0
  stream.on('data', (bytes: Buffer) => {
    for (let read = 0; read < bytes.length; ) {
      const copied = bytes.copy(piece, filled, read)
      filled += copied
      read += copied
      if (filled < length) continue
      take(Uint8Array.from(piece))
      filled = 0
    }
    bytes.fill(0)
    if (filled === 0) piece.fill(0)
  })
}
