import { join, resolve } from 'node:path'
import { isSplit, requireSplittable } from '../../../ceremony/backup/kept-split.js'
import { requireFree } from '../../../ceremony/backup/piece-files.js'
import { sealAgain, splitShare } from '../../../ceremony/backup/split.js'
import { type HolderSeal, requireHolders, recipientOf } from '../../../ceremony/backup/holders.js'
import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn, type Key } from '../../../ceremony/keys/key.js'
import { type Reach, reachOf } from '../../../ceremony/backup/access-structure.js'
import { cardsOfSplit, manifestOf } from '../../../ceremony/keys/split-status.js'
import { checkManifest, type Manifest, manifestDigest, manifestWords } from '../../../wire/escrow/manifest.js'
import { parseExportedManifest } from '../../../wire/paper/json-export.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hex } from '../../../wire/base/text.js'
import type { NamedFd } from '../../runtime/parse.js'
import type { Context } from '../../runtime/context.js'
import { type Chosen, holderAgain, holdersIn } from '../../args/holders.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Line } from '../../terminal/layout.js'
import type { Result } from '../../runtime/result.js'
import { fields } from '../../terminal/style.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type Options = {
  readonly key: string
  readonly threshold?: number
  readonly holders?: readonly string[]
  readonly again?: string
  readonly manifests?: readonly string[]
  readonly out: string
  readonly holderPassphraseFd?: readonly NamedFd[]
  readonly confirm?: string
}

/** `mpc backup split`: splits this custodian's share into a piece for each holder. */
export async function run(context: Context, options: Options): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const out = resolve(options.out)
  await requireFree(out)
  const { again, threshold, holders } = options
  if (again !== undefined && threshold === undefined && holders === undefined) {
    return sealedAgain(context, key, out, again, options)
  }
  if (again !== undefined || threshold === undefined || holders === undefined) {
    throw new Failure('usage', 'E_USAGE', 'give --threshold and --holders, or only --again NAME', {
      hint: '--again seals the same piece again, for a holder who lost it',
    })
  }
  const others = await manifestsIn(key, options.manifests ?? [])
  const chosen = await holdersIn(context, holders, options.holderPassphraseFd ?? [])
  const seals = chosen.map(({ seal }) => seal)
  requireHolders(threshold, seals)
  await requireSplittable(home, key, { threshold, holders: seals })
  if (await isSplit(home, key))
    context.terminal.say('This share was split like this before. These are the same pieces, sealed again.')
  const reach = reachOf(key.seated, [...others, planned(indexIn(key, card), threshold, seals)])
  await agree(context, key, { threshold, chosen, reach, confirm: options.confirm })
  const identity = await context.openIdentity()
  try {
    const order = { threshold, holders: seals, out, now: context.now(), rng: context.rng }
    const work = splitShare({ home, identity, card }, key, order)
    const manifest = await context.terminal.busy('Splitting your share', work)
    const result = await resultOf(key, manifest, seals, out)
    return { ...result, data: { ...result.data, smallest: reach.smallest, outsiders: reach.outsiders } }
  } finally {
    wipeIdentity(identity)
  }
}

async function sealedAgain(
  context: Context,
  key: Key,
  out: string,
  name: string,
  { holderPassphraseFd = [] }: Options,
): Promise<Result> {
  const home = await context.home()
  const holder = (await manifestOf(home, key))?.holders.find((each) => each.name === name)
  if (!holder) {
    throw new Failure('usage', 'E_HOLDERS', `the split of ${key.name} has no holder ${name}`, {
      hint: `\`mpc backup status --key ${key.name}\` lists the holders; for other holders, refresh the key and split again`,
    })
  }
  const cards = await cardsOfSplit(home, key)
  const seal = await holderAgain(context, holder, cards, holderPassphraseFd)
  const card = await context.card()
  const identity = await context.openIdentity()
  try {
    const work = sealAgain({ home, identity, card }, key, { holders: [seal], out })
    const manifest = await context.terminal.busy('Sealing the piece', work)
    context.terminal.say(
      'This replaces a lost piece. If you no longer trust its holder, refresh the key and split again.',
    )
    return await resultOf(key, manifest, [seal], out)
  } finally {
    wipeIdentity(identity)
  }
}

/** The manifests of other custodians, checked against the record. */
async function manifestsIn(key: Key, files: readonly string[]): Promise<readonly Manifest[]> {
  const manifests: Manifest[] = []
  for (const file of files) {
    const manifest = parseExportedManifest(await readNamed(file, '--manifests'))
    checkManifest(manifest, key.record)
    manifests.push(manifest)
  }
  return manifests
}

/** The part of the future manifest that decides who can restore what. */
const planned = (index: number, threshold: number, holders: readonly HolderSeal[]) => ({
  custodian: { index },
  threshold,
  holders: holders.map((holder, i) => ({ index: i + 1, name: holder.name, to: recipientOf(holder) })),
})

type Proposed = {
  readonly threshold: number
  readonly chosen: readonly Chosen[]
  readonly reach: Reach
  readonly confirm: string | undefined
}

/** Shows the holders, and asks if the split lets fewer people reach the key. */
async function agree(
  { terminal }: Context,
  key: Key,
  { threshold, chosen, reach, confirm }: Proposed,
): Promise<void> {
  const { smallest, outsiders } = reach
  const needed = key.record.threshold
  terminal.say(
    `Your share of ${key.name} for ${chosen.length} holders; any ${threshold} of them restore it:`,
    ...fields(chosen.map(({ seal, known }) => [seal.name, known] as const)),
    `The smallest group that can use the key: ${smallest.length} (${smallest.join(', ')}); the threshold is ${needed}.`,
    ...(outsiders.length > 0 ? [`A group without custodians can use the key: ${outsiders.join(', ')}.`] : []),
  )
  if (confirm !== undefined && confirm !== key.name) {
    throw new Failure('usage', 'E_USAGE', `--confirm ${confirm} does not repeat --key ${key.name}`, {
      hint: 'see `mpc backup split --help`',
    })
  }
  const severe = smallest.length < needed || outsiders.length > 0
  if (!severe || confirm !== undefined) return
  const why =
    smallest.length < needed
      ? `With this split, ${smallest.length} people instead of ${needed} can take everything that ${key.name} guards.`
      : `With this split, people who are not custodians can take everything that ${key.name} guards.`
  await terminal.confirm(why, key.name, { flag: `--confirm ${key.name}` })
}

async function resultOf(
  key: Key,
  manifest: Manifest,
  holders: readonly HolderSeal[],
  out: string,
): Promise<Result> {
  const pieces = await Promise.all(
    holders.map(async ({ name }) => {
      const file = join(out, `${name}.piece`)
      return { holder: name, file, sha256: hex(sha256(await readNamed(file, '-o'))) }
    }),
  )
  const words = manifestWords(manifest)
  const text: Line[] = [
    ...fields([
      ...pieces.map(({ holder, file }) => [holder, file] as const),
      ['manifest', join(out, 'manifest.json')],
    ]),
    '  The words of the manifest, which every holder sees when it verifies its piece:',
    { words },
  ]
  return {
    data: {
      key: key.name,
      epoch: key.record.epoch,
      threshold: manifest.threshold,
      pieces,
      manifest: join(out, 'manifest.json'),
      manifest_digest: hex(manifestDigest(manifest)),
      words,
    },
    text,
    again: `mpc backup status --key ${key.name}`,
    next: `mpc backup verify ${pieces[0]?.holder}.piece   (each holder runs this and sends you its note)`,
  }
}
