/** Primes of full size that were made for tests, in the homes of custodians: making them is what takes longest. */
import { readFile } from 'node:fs/promises'
import { openIdentity, ownCard, wipeIdentity } from '../../src/ceremony/contacts/identity.js'
import { stockPrimes } from '../../src/ceremony/keys/prime-supply.js'
import { openHome } from '../../src/storage/home/home.js'
import type { Custodian } from './cli.js'
import { heldPrimes } from './worlds.js'

/** Four primes of full size in the home of a custodian. */
export async function stock({ home, unlock }: Custodian): Promise<void> {
  const opened = await openHome(home)
  const key = /AGE-SECRET-KEY-\S+/.exec(await readFile(unlock[1] as string, 'utf8'))?.[0] as string
  const identity = await openIdentity(opened, { kind: 'identity', identities: [key] })
  const making = { makePrimes: heldPrimes, signal: new AbortController().signal }
  await stockPrimes({ home: opened, card: await ownCard(opened), identity }, making, 1536, 4, () => {})
  wipeIdentity(identity)
}
