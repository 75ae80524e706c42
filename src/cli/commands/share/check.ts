import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import type { Owner } from '../../../ceremony/keys/key.js'
import { checkHome, type Finding } from '../../../ceremony/home/home-check.js'
import { type CheckedKey, type CheckedShare, checkShares } from '../../../ceremony/epochs/share-check.js'
import { listKeyFolders } from '../../../storage/home/epochs.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { fields } from '../../terminal/style.js'

export type Options = { readonly key?: string }

type Named = CheckedKey & { readonly name: string }

/** `mpc share check`: checks this home or one key. Exit 9 names every problem. */
export async function run(context: Context, { key }: Options): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  const identity = await context.openIdentity()
  try {
    const owner = { home, identity, card }
    const { terminal } = context
    if (key !== undefined) {
      const checked = { name: key, ...(await terminal.busy('Checking your shares', checkShares(owner, key))) }
      const wrong = problemsOf(checked)
      return {
        data: keyData(checked),
        text: keyLines(checked),
        ...nextFor([checked]),
        ...(wrong.length > 0 && { failure: failed(`the shares of ${key}`, wrong) }),
      }
    }
    const [keys, files] = await terminal.busy(
      'Checking this home',
      Promise.all([allKeys(owner), checkHome(owner)]),
    )
    return homeResult(keys, [...files, ...(await settingsOf(context))])
  } finally {
    wipeIdentity(identity)
  }
}

async function allKeys(owner: Owner): Promise<readonly Named[]> {
  const keys: Named[] = []
  for (const name of await listKeyFolders(owner.home))
    keys.push({ name, ...(await checkShares(owner, name)) })
  return keys
}

async function settingsOf(context: Context): Promise<readonly Finding[]> {
  const file = await context.configPath()
  try {
    await context.config()
    return []
  } catch (error) {
    if (!(error instanceof Failure) || file === null) throw error
    return [{ file, problem: error.message }]
  }
}

function homeResult(keys: readonly Named[], files: readonly Finding[]): Result {
  const inKeys = keys.flatMap((each) => problemsOf(each).map((problem) => `${each.name}: ${problem}`))
  const inFiles = files.map(({ file, problem }) => (problem.includes(file) ? problem : `${file}: ${problem}`))
  const wrong = [...inKeys, ...inFiles]
  return {
    data: { valid: wrong.length === 0, keys: keys.map(keyData), files },
    text: [
      ...keys.flatMap((each) => [each.name, ...keyLines(each)]),
      ...(keys.length === 0 ? ['No shares here yet.'] : []),
      ...inFiles.map((problem) => `PROBLEM: ${problem}`),
      ...(files.length === 0 ? ['Everything else in this home is correct.'] : []),
    ],
    ...nextFor(keys),
    ...(wrong.length > 0 && { failure: failed('files of this home', wrong) }),
  }
}

const problemsOf = ({ problem, shares }: CheckedKey): string[] => [
  ...(problem === null ? [] : [problem]),
  ...shares.flatMap((each) => each.problems.map((one) => `epoch ${each.epoch.number ?? '?'}: ${one}`)),
]

const keyData = (checked: Named) => ({
  key: checked.name,
  valid: problemsOf(checked).length === 0,
  problem: checked.problem,
  shares: checked.shares.map(({ epoch, problems, refreshNeeded }) => ({
    epoch: epoch.number,
    digest: hex(epoch.digest),
    status: epoch.status,
    valid: problems.length === 0,
    refresh_needed: refreshNeeded,
    problems,
  })),
})

const keyLines = ({ name, shares }: Named): string[] =>
  shares.length === 0
    ? [`This home has no share of ${name}.`]
    : fields(shares.map((each) => [`epoch ${each.epoch.number}`, says(each)]))

function nextFor(keys: readonly Named[]): Pick<Result, 'next'> {
  const worn = keys.find(({ shares }) =>
    shares.some(({ refreshNeeded, epoch }) => refreshNeeded && epoch.status === 'active'),
  )
  return worn ? { next: `mpc ceremony new refresh --key ${worn.name} -o refresh.mpc` } : {}
}

function says({ epoch, problems, refreshNeeded }: CheckedShare): string {
  if (problems.length > 0) return problems.join('; ')
  const what = 'the share opens and matches your seat, and the epoch is certified'
  return `${what}${refreshNeeded ? '; it was restored without its primes: refresh before you sign' : ''}${epoch.status === 'active' ? '' : ` (${epoch.status})`}`
}

const failed = (what: string, wrong: readonly string[]): Failure =>
  new Failure('verification', 'E_SHARE_CHECK', `${what} are wrong: ${wrong.join('; ')}`, {
    hint: '`mpc share list` shows the shares here; restore wrong files from a copy of this home',
  })
