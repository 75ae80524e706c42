import { wipeIdentity } from '../../ceremony/identity.js'
import { type CheckedShare, checkShares } from '../../ceremony/share-check.js'
import { Failure } from '../../wire/failure.js'
import { hex } from '../../wire/text.js'
import type { Context } from '../context.js'
import type { Result } from '../result.js'
import { fields } from '../style.js'

export type Options = { readonly key: string }

/** `mpc share check`: exit 0 if every share here is what it should be, 9 naming what is not. */
export async function run(context: Context, { key: name }: Options): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  const identity = await context.openIdentity()
  try {
    const { shares, problem } = await context.terminal.busy(
      'Checking your shares',
      checkShares({ home, identity, card }, name),
    )
    const wrong = [
      ...(problem === null ? [] : [problem]),
      ...shares.flatMap((each) => each.problems.map((one) => `epoch ${each.epoch.number ?? '?'}: ${one}`)),
    ]
    const refresh = shares.some(({ refreshNeeded, epoch }) => refreshNeeded && epoch.status === 'active')
    return {
      data: {
        key: name,
        valid: wrong.length === 0,
        problem,
        shares: shares.map(({ epoch, problems, refreshNeeded }) => ({
          epoch: epoch.number,
          digest: hex(epoch.digest),
          status: epoch.status,
          valid: problems.length === 0,
          refresh_needed: refreshNeeded,
          problems,
        })),
      },
      text: [
        ...(shares.length === 0 ? [`No share of ${name} is here.`] : []),
        ...(shares.length === 0
          ? []
          : fields(shares.map((each) => [`epoch ${each.epoch.number}`, says(each)]))),
      ],
      ...(refresh && { next: `mpc ceremony new refresh --key ${name} -o refresh.mpc` }),
      ...(wrong.length > 0 && { failure: failed(name, wrong) }),
    }
  } finally {
    wipeIdentity(identity)
  }
}

function says({ epoch, problems, refreshNeeded }: CheckedShare): string {
  if (problems.length > 0) return problems.join('; ')
  const what = 'the share opens, is that of your seat, and the epoch is certified'
  return `${what}${refreshNeeded ? '; it came back without its primes: refresh before you sign' : ''}${epoch.status === 'active' ? '' : ` (${epoch.status})`}`
}

const failed = (name: string, wrong: readonly string[]): Failure =>
  new Failure(
    'verification',
    'E_SHARE_CHECK',
    `the shares of ${name} are not what they should be: ${wrong.join('; ')}`,
    {
      hint: `\`mpc share list --key ${name}\` shows what is there; put back what is wrong from a copy of this home`,
    },
  )
