/** The holders in `--holders`: a card file, a known name, NAME=age1... or NAME=passphrase. */
import type { HolderSeal } from '../../ceremony/backup/holders.js'
import { knownCards, meaningOf, statusOf, whereNamed } from '../../ceremony/contacts/contacts.js'
import { parseCards } from '../../ceremony/contacts/import-cards.js'
import type { Card } from '../../wire/identity/card.js'
import type { EscrowHolder } from '../../wire/escrow/manifest.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, NAME } from '../../wire/base/text.js'
import type { NamedFd } from '../runtime/parse.js'
import type { Context } from '../runtime/context.js'
import { readNamed } from '../runtime/read-input.js'

/** A holder, and for people why this home trusts it. */
export type Chosen = { readonly seal: HolderSeal; readonly known: string }

const PASSPHRASE = 'passphrase'

/**
 * A card that is not verified here needs a person, who types its name.
 * @throws Failure `E_HOLDERS` (usage), `E_UNKNOWN_PEER` (configuration), `E_UNVERIFIED` (authentication) if nobody can
 *   be asked, `E_REFUSED` (refused)
 */
export async function holdersIn(
  context: Context,
  wanted: readonly string[],
  fds: readonly NamedFd[],
): Promise<readonly Chosen[]> {
  const home = await context.home()
  const known = await knownCards(home)
  requireAsked(
    fds,
    wanted.flatMap((each) => (each.endsWith(`=${PASSPHRASE}`) ? [each.split('=')[0] as string] : [])),
  )
  const holders: Chosen[] = []
  for (const each of wanted) {
    const [name, seal] = each.split('=') as [string, string?]
    if (seal === PASSPHRASE) holders.push(await byPassphrase(context, name, fds))
    else if (seal !== undefined) {
      holders.push({ seal: { name, kind: 'age', recipient: seal }, known: 'an age recipient' })
    } else if (NAME.test(each)) {
      holders.push(await byCard(context, await whereNamed(home, async () => meaningOf(known, each))))
    } else {
      const card = await cardIn(each, '--holders')
      holders.push(await byCard(context, { card, status: statusOf(known, card) }))
    }
  }
  return holders
}

/** Looks up a holder of an earlier split, to seal its piece again. */
export async function holderAgain(
  context: Context,
  { name, to }: EscrowHolder,
  cards: readonly Card[],
  fds: readonly NamedFd[],
): Promise<HolderSeal> {
  requireAsked(fds, to.kind === PASSPHRASE ? [name] : [])
  if (to.kind === PASSPHRASE) return (await byPassphrase(context, name, fds)).seal
  if (to.kind === 'age') return { name, kind: 'age', recipient: to.recipient }
  const card = cards.find(({ fingerprint }) => hex(fingerprint) === hex(to.fingerprint))
  if (card) return { name, kind: 'card', card }
  throw new Failure('configuration', 'E_UNKNOWN_PEER', `this home does not have the card of ${name}`, {
    party: name,
    hint: `import the card with the fingerprint ${hex(to.fingerprint)}: \`mpc identity import FILE\``,
  })
}

/** The refusal to seal a secret to a card that is not verified here. */
export const unverified = ({ name, fingerprint }: Card): Failure =>
  new Failure('authentication', 'E_UNVERIFIED', `this card of ${name} is not verified`, {
    party: name,
    hint:
      `ask ${name}, in person, whether the fingerprint is ${hex(fingerprint)}, then: ` +
      `mpc identity import ${name}.card --fingerprint FP`,
  })

/** @throws Failure `E_CARD` (authentication) unless the file holds exactly one card */
export async function cardIn(path: string, flag: string): Promise<Card> {
  const [card, another] = parseCards(await readNamed(path, flag))
  if (card && !another) return card
  throw new Failure('authentication', 'E_CARD', `${path} holds more than one card`, {
    hint: `give ${flag} files with one card each`,
  })
}

async function byPassphrase(context: Context, name: string, fds: readonly NamedFd[]): Promise<Chosen> {
  const fd = fds.find(({ who }) => who === name)?.fd ?? null
  const passphrase = await context.holderSecret(name, fd)
  return { seal: { name, kind: PASSPHRASE, passphrase }, known: 'by passphrase' }
}

type Candidate = { readonly card: Card; readonly status: ReturnType<typeof statusOf> }

async function byCard({ terminal }: Context, { card, status }: Candidate): Promise<Chosen> {
  const seal = { name: card.name, kind: 'card', card } as const
  if (status === 'self') return { seal, known: 'yourself' }
  if (status === 'verified') return { seal, known: 'verified' }
  if (!terminal.interactive) throw unverified(card)
  await terminal.confirm(
    `The card of ${card.name} is not verified. If somebody else made it, they get this piece. ` +
      `Its fingerprint is ${hex(card.fingerprint)}. Seal a piece to it anyway?`,
    card.name,
    { flag: 'a verified card' },
  )
  return { seal, known: 'NOT VERIFIED' }
}

function requireAsked(fds: readonly NamedFd[], asked: readonly string[]): void {
  const strange = fds.find(({ who }) => !asked.includes(who))
  if (strange === undefined) return
  throw new Failure(
    'usage',
    'E_HOLDERS',
    `--holder-passphrase-fd: ${strange.who} is not a holder with a passphrase`,
    {
      hint: `make it one: --holders ${strange.who}=passphrase,...`,
    },
  )
}
