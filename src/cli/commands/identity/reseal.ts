import { resealIdentity, wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'

export type Options = {
  readonly newPassphraseFile?: string
  readonly newPassphraseFd?: number
  readonly newIdentity?: string
}

/** `mpc identity reseal`: seals `identity.age` with another passphrase or to an age identity. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { newPassphraseFile: file = null, newPassphraseFd: fd = null, newIdentity: age = null } = options
  if ([file, fd, age].filter((way) => way !== null).length > 1) {
    throw new Failure('usage', 'E_USAGE', 'an identity has one seal, but several are given', {
      hint: 'give one of --new-passphrase-file, --new-passphrase-fd and --new-identity',
    })
  }
  const home = await context.home()
  const { name, fingerprint } = await context.card()
  const identity = await context.openIdentity()
  try {
    const seal = await context.replacingSecret({ file, fd, identity: age })
    await context.terminal.busy('Sealing your identity', resealIdentity(home, identity, seal))
    const by = seal.kind === 'passphrase' ? 'the new passphrase' : 'the new age identity'
    return {
      data: { name, fingerprint: hex(fingerprint), sealed_by: seal.kind },
      text: [
        `Only ${by} opens ${home.identity} from now on. Keys and cards have not changed.`,
        'Copies of the old file still open with the old secret: replace or destroy them.',
      ],
    }
  } finally {
    wipeIdentity(identity)
  }
}
