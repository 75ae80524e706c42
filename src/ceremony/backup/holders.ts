/** The future holders of a split share's pieces, and how each piece is sealed. */
import { ageRecipient, ageVault } from '../../storage/vault/age-vault.js'
import { type Card, isAgeRecipient } from '../../wire/identity/card.js'
import type { Recipient } from '../../wire/escrow/manifest.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, NAME, NAME_RULE } from '../../wire/base/text.js'

/** A holder, and how its piece is sealed. */
export type HolderSeal = { readonly name: string } & (
  | { readonly kind: 'card'; readonly card: Card }
  | { readonly kind: 'age'; readonly recipient: string }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
)

/** Seals bytes for a holder. */
export function sealFor(holder: HolderSeal, plaintext: Uint8Array, workFactor?: number): Promise<Uint8Array> {
  if (holder.kind === 'passphrase') return ageVault(holder, workFactor).seal(plaintext, 'piece')
  return ageRecipient(holder.kind === 'card' ? holder.card.age : holder.recipient).seal(plaintext, 'piece')
}

/** The recipient as the manifest names it. */
export function recipientOf(holder: HolderSeal): Recipient {
  switch (holder.kind) {
    case 'card':
      return { kind: 'card', fingerprint: holder.card.fingerprint }
    case 'age':
      return { kind: 'age', recipient: holder.recipient }
    case 'passphrase':
      return { kind: 'passphrase' }
    default:
      return holder satisfies never
  }
}

export function sameRecipient(a: Recipient, b: Recipient): boolean {
  if (a.kind === 'card' && b.kind === 'card') return hex(a.fingerprint) === hex(b.fingerprint)
  if (a.kind === 'age' && b.kind === 'age') return a.recipient === b.recipient
  return a.kind === b.kind
}

/** @throws Failure `E_HOLDERS` (usage) unless a share can be split like this, among distinct holders */
export function requireHolders(threshold: number, holders: readonly HolderSeal[]): void {
  const names = holders.map(({ name }) => name)
  const seals = holders.map(recipientOf)
  if (names.some((name) => !NAME.test(name))) throw badHolders(`a holder is named by ${NAME_RULE}`)
  const twice =
    names.find((name, i) => names.indexOf(name) !== i) ??
    names.find((_, i) =>
      seals.some((to, j) => j < i && to.kind !== 'passphrase' && sameRecipient(to, seals[i] as Recipient)),
    )
  if (twice !== undefined) throw badHolders(`${twice} is named twice among the holders`)
  const malformed = holders.find((holder) => holder.kind === 'age' && !isAgeRecipient(holder.recipient))
  if (malformed) throw badHolders(`the recipient of ${malformed.name} is no age recipient`)
  const blank = holders.find((holder) => holder.kind === 'passphrase' && holder.passphrase === '')
  if (blank) throw badHolders(`the passphrase of ${blank.name} is empty`)
  if (
    !Number.isSafeInteger(threshold) ||
    threshold < 2 ||
    threshold > holders.length ||
    holders.length > 64
  ) {
    throw badHolders(
      `${threshold} of ${holders.length} pieces cannot restore a share: 2 or more, of at most 64`,
    )
  }
}

export const badHolders = (message: string): Failure =>
  new Failure('usage', 'E_HOLDERS', message, {
    hint: 'nothing was written; look at --holders and --threshold',
  })
