/** One signer of FROST in a thread of its own, as it would be in a process of its own: nothing that another has checked is known here. */
import { parentPort, workerData } from 'node:worker_threads'
import { randomBytes } from 'node:crypto'
import { sign } from '../../dist/protocol/frost/sign.js'
import { parseKeyShare } from '../../dist/protocol/sharing/key-share.js'
import { Secret } from '../../dist/protocol/core/secret.js'
import { Session } from '../../dist/protocol/core/session.js'
import { atWork } from './spread.js'

const { parties, key } = workerData
const share = parseKeyShare({ ...key, share: new Secret(Uint8Array.from(key.share)) })
const nonces = { fresh: (length) => Uint8Array.from(randomBytes(length)) }
let run
let spent = 0

/** `{ begin: sid, message }` begins a run, `{ inbox }` goes on with it; the answer is what is sent, or what it cost. */
parentPort.on('message', ({ begin, message, inbox }) => {
  const before = atWork()
  if (begin) {
    run = sign(new Session(begin, share.index, parties), { share, message, shift: 0n }, nonces)
    spent = 0
  }
  const step = run.next(inbox)
  spent += atWork() - before
  parentPort.postMessage(step.done ? { cost: spent } : { broadcast: step.value.outbox.broadcast })
})
