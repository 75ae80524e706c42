/** Whether this home should hold a share of the newest epoch that it knows, and holds none. */
import type { Home } from '../../storage/home/home.js'
import { Failure } from '../../wire/base/failure.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { heldKey, newestOf } from './held-epochs.js'
import { cardIfAny } from '../contacts/identity.js'
import { isOf } from '../keys/rebinds.js'

/** Why no epoch is in use here although this member should have a share of the newest; else null. */
export async function behindHere(home: Home, name: string): Promise<Failure | null> {
  const self = await cardIfAny(home)
  const newest = newestOf(await heldKey(home, name))
  const isMember = newest?.record?.members.some((member) => self && isOf(member, self.fingerprint))
  return newest?.record && newest.status === null && isMember ? behind(name, newest.record) : null
}

export const behind = (name: string, { epoch }: Pick<KeyRecord, 'epoch'>): Failure =>
  new Failure(
    'configuration',
    'E_BEHIND',
    `epoch ${epoch} of ${name} is in use, and this home holds no share of it`,
    {
      hint:
        'this home is older than that epoch, like one that was restored from a copy. For a new share another custodian runs ' +
        `\`mpc ceremony new refresh --key ${name}\`, and this home takes part in it`,
    },
  )
