import { knownCards } from '../../../ceremony/contacts/contacts.js'
import {
  type Change,
  importCards,
  type Imported,
  parseCards,
  requireTold,
} from '../../../ceremony/contacts/import-cards.js'
import type { Offered } from '../../../ceremony/recovery/accept-rebind.js'
import type { Card } from '../../../wire/identity/card.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { cardIn } from '../../args/holders.js'
import { readInput, readNamed } from '../../runtime/read-input.js'
import { identityData, identityRows } from '../../views/identity.js'
import type { Result } from '../../runtime/result.js'

export type Options = {
  readonly fingerprint?: readonly string[]
  readonly replace?: string
  readonly confirm?: string
  readonly rebind?: string
}

/** `mpc identity import FILE...`: imports all cards, or none. */
export async function run(context: Context, options: Options, files: readonly string[]): Promise<Result> {
  if (options.rebind !== undefined) return runRebind(context, options, options.rebind, files)
  const { fingerprint = null, replace = null } = options
  const cards: Card[] = []
  for (const file of files) cards.push(...parseCards(await readInput(file, 'FILE')))
  if (replace !== null && cards.filter(({ name }) => name === replace).length !== 1) {
    const names = cards.map(({ name }) => name).join(', ')
    throw usage(`--replace ${replace} needs one card of that name; the files hold ${names}`)
  }
  if (replace !== null) await confirmReplace(context, replace, options.confirm)
  const home = await context.makeHome()
  const imported = await importCards(home, cards, { fingerprint, replace, now: context.now() })
  const data = imported.map(({ known, changed }) => ({ ...identityData(known), changed }))
  const doubtful = imported.find(({ known }) => known.status === 'unverified')
  return {
    data: data.length === 1 ? (data[0] as (typeof data)[0]) : { identities: data },
    text: linesOf(imported, context.now()),
    ...(doubtful && { next: `mpc identity verify ${doubtful.known.card.name}` }),
  }
}

/** `--rebind`: puts a custodian's new identity into its seat, under its old name. */
async function runRebind(
  context: Context,
  { fingerprint = [], replace }: Options,
  rebind: string,
  files: readonly string[],
): Promise<Result> {
  const [file, more] = files
  if (file === undefined || more !== undefined || fingerprint.length !== 1 || replace !== undefined) {
    throw usage('--rebind needs one card and its --fingerprint, as the person told you')
  }
  const { acceptRebind, examineRebind } = await import('../../../ceremony/recovery/accept-rebind.js')
  const card = await cardIn(file, 'FILE')
  const home = await context.home()
  const now = context.now()
  const self = { home, card: await context.card() }
  // The card is checked against the fingerprint before its other claims are read.
  requireTold([card], fingerprint)
  const offered = await examineRebind(self, card, await readNamed(rebind, '--rebind'), now)
  const means = (await knownCards(home)).find((each) => each.card.name === card.name && !each.beside)
  const isFree = !means || hex(means.card.fingerprint) === hex(offered.before.fingerprint)
  const { path, seated } = await acceptRebind(home, offered)
  const replaced = isFree ? card.name : null
  const order = { fingerprint, replace: replaced, now, how: 'rebind' } as const
  const [imported] = (await importCards(home, [card], order)) as [Imported]
  const { key, before } = offered
  const [was, is] = [hex(before.fingerprint), hex(seated.fingerprint)]
  return {
    data: {
      ...identityData(imported.known),
      changed: imported.changed,
      rebind: { key: key.name, seat: offered.rebind.index, before: was, seated: is, file: path },
    },
    text: [...linesOf([imported], now), `  ${seatWords(offered, seated)}`],
  }
}

/** The state of the seat in this home after the import. */
function seatWords({ key, rebind, before }: Offered, seated: Card): string {
  const seat = `the seat of ${(key.record.members[rebind.index - 1] as { readonly card: Card }).card.name} in ${key.name}`
  const [was, offered, is] = [before, rebind.card, seated].map(({ fingerprint }) => hex(fingerprint))
  if (is !== offered) return `a later rebind gave ${seat} to the identity ${is}`
  if (is === was) return `has ${seat} here, as before`
  return `has ${seat} here; this home refuses the old identity, ${was}, from now on`
}

async function confirmReplace(context: Context, name: string, confirm: string | undefined): Promise<void> {
  if (confirm === undefined) {
    await context.terminal.confirm(`From now on the name ${name} means the new card.`, name, {
      flag: `--confirm ${name}`,
    })
  } else if (confirm !== name) {
    throw usage(`--confirm ${confirm} does not repeat --replace ${name}`)
  }
}

function linesOf(imported: readonly Imported[], now: number): string[] {
  const rows = identityRows(
    imported.map(({ known }) => known),
    now,
  )
  return imported.map(({ changed }, i) => `${rows[i]}; ${says(changed)}`)
}

function says(changed: Change): string {
  switch (changed) {
    case 'added':
      return 'stored'
    case 'verified':
      return 'now verified'
    case 'updated':
      return 'replaced by its newer card'
    case 'beside':
      return 'stored; the name still means the other card'
    case 'replaced':
      return 'the name now means this card'
    case null:
      return 'already known; nothing changed'
    default:
      return changed satisfies never
  }
}

const usage = (problem: string): Failure =>
  new Failure('usage', 'E_USAGE', problem, { hint: 'see `mpc identity import --help`' })
