import { backupStateOf } from '../../../ceremony/keys/split-status.js'
import { ceremoniesIn, keysIn, type KeyStatus, requestsIn } from '../../../ceremony/home/status.js'
import { oldShares, type OldShares } from '../../../ceremony/epochs/retire.js'
import { contactsIn, type Known } from '../../../ceremony/contacts/contacts.js'
import { type Left, poolsOf } from '../../../ceremony/presigning/pool.js'
import type { Home } from '../../../storage/home/home.js'
import { Failure } from '../../../wire/base/failure.js'
import { recordPublicKey } from '../../../wire/key/record.js'
import { hex, rfc3339 } from '../../../wire/base/text.js'
import { primesIn, primesText } from '../../consent/prime-pool.js'
import type { Context } from '../../runtime/context.js'
import { damagedData, damagedRows } from '../../views/identity.js'
import { oldSharesText } from '../../views/share.js'
import { ceremonyData, ceremonyLines, requestData, requestLines } from '../../views/status.js'
import type { Result } from '../../runtime/result.js'
import { poolLines } from '../../views/key.js'
import { fields } from '../../terminal/style.js'

/** `mpc status`: what this home holds and what is unfinished. It changes nothing and asks for nothing. */
export async function run(context: Context): Promise<Result> {
  const { path, home } = await context.existingHome()
  const now = context.now()
  const { known, damaged } = home ? await contactsIn(home) : { known: [], damaged: [] }
  const keys = home ? await keysIn(home) : []
  const backups = await Promise.all(
    keys.map(async ({ key }) => (home && key ? await backupStateOf(home, key) : null)),
  )
  const self = known.find(({ status }) => status === 'self')?.card ?? null
  const old = await Promise.all(
    keys.map(async ({ name }): Promise<OldShares> => (home ? oldShares(home, self, name) : NOTHING_OLD)),
  )
  const pools = await Promise.all(keys.map(async ({ key }) => (home && key ? poolsHere(home, key) : [])))
  const ceremonies = home ? await ceremoniesIn(home, keys, now) : []
  const requests = home ? await requestsIn(home, keys, now) : []
  const primes = home ? await primesIn(home) : 0
  const doubtful = known.filter(({ status }) => status === 'unverified').map(({ card }) => card.name)
  const unfinished = [
    ...ceremonies
      .filter(({ owner }) => owner !== null)
      .map((each) => ({ ...each, lines: ceremonyLines(each) })),
    ...requests.map((each) => ({ ...each, lines: requestLines(each) })),
  ]
  const retirable = keys.find((_, i) => old[i]?.retire === 'now')
  const next =
    unfinished.find((each) => each.next !== null)?.next ??
    (retirable ? `mpc share retire --key ${retirable.name}` : firstStep(self !== null, keys.length > 0))
  return {
    data: {
      home: path,
      identity: self && {
        name: self.name,
        fingerprint: hex(self.fingerprint),
        created: rfc3339(self.created),
      },
      primes,
      unverified: doubtful,
      damaged: damagedData(damaged),
      keys: keys.map((key, i) => ({
        ...keyStatusData(key),
        backup: backups[i] ?? null,
        old_shares: old[i],
        presignatures: pools[i] ?? null,
      })),
      ceremonies: ceremonies.map(ceremonyData),
      requests: requests.map(requestData),
    },
    text: [
      ...fields([
        ['home', home ? path : `${path} (does not exist yet)`],
        ['you', self ? self.name : 'no identity yet'],
        ['people', [peopleText(known), ...damagedRows(damaged)].join('\n')],
        ...(self ? [['primes', primesText(primes)] as [string, string]] : []),
        [
          'keys',
          keys.length === 0
            ? 'none'
            : keys
                .map((key, i) => {
                  const shares = oldSharesText(old[i] as OldShares, 'its')
                  return `${keyStatusText(key)}${BACKUP[backups[i] ?? 'none']}${shares}${poolsText(key, pools[i])}`
                })
                .join('\n'),
        ],
      ]),
      '',
      ...(unfinished.length === 0 ? ['Nothing is unfinished.'] : ['Unfinished:']),
      ...unfinished.flatMap(({ lines }) => lines.map((line) => `  ${line}`)),
    ],
    ...(next !== undefined && { next }),
  }
}

/** Null if they cannot be read. */
const poolsHere = async (home: Home, key: Parameters<typeof poolsOf>[1]): Promise<readonly Left[] | null> =>
  poolsOf(home, key).catch((error: unknown) => {
    if (error instanceof Failure) return null
    throw error
  })

const poolsText = ({ name }: KeyStatus, pools: readonly Left[] | null | undefined): string =>
  pools === null
    ? `; its presignatures cannot be read: \`mpc key show ${name}\``
    : poolLines(pools ?? [])
        .map((line) => `; ${line}`)
        .join('')

const NOTHING_OLD: OldShares = { epochs: [], retire: 'no' }

/** The first step in a home with nothing to finish. */
function firstStep(hasIdentity: boolean, hasKeys: boolean): string | undefined {
  if (!hasIdentity) return 'mpc identity init --name NAME'
  return hasKeys ? undefined : 'mpc ceremony new keygen --help'
}

/** The state of a key's backup, shown after the key. */
const BACKUP = { none: '', split: '; backed up', stale: '; its backup is STALE: split your share again' }

function peopleText(known: readonly Known[]): string {
  const others = known.filter(({ status }) => status !== 'self')
  if (others.length === 0) return 'nobody yet'
  return others
    .map(({ card, status }) => `${card.name}${status === 'verified' ? '' : ' (not verified)'}`)
    .join(', ')
}

function keyStatusText({ name, key, problem }: KeyStatus): string {
  if (problem) return `${name}: ${problem.message}${problem.hint === null ? '' : `; ${problem.hint}`}`
  const { threshold, members, scheme } = key.record
  return `${name}  ${threshold} of ${members.length}  ${scheme}  ${hex(recordPublicKey(key.record))}`
}

function keyStatusData({ name, key, problem }: KeyStatus) {
  return {
    name,
    scheme: key?.record.scheme ?? null,
    threshold: key?.record.threshold ?? null,
    members: key?.record.members.map(({ card }) => card.name) ?? [],
    public_key: key && hex(recordPublicKey(key.record)),
    epoch: key?.record.epoch ?? null,
    problem: problem && { code: problem.code, message: problem.message, hint: problem.hint },
  }
}
