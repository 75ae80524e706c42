import { isEvidence, verifyEvidence } from '../../../audit/evidence.js'
import { verifyTranscript } from '../../../audit/transcript.js'
import { ownCard } from '../../../ceremony/contacts/identity.js'
import type { Card } from '../../../wire/identity/card.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { knownCards, type Status, statusOf } from '../../../ceremony/contacts/contacts.js'
import { parseCards } from '../../../ceremony/contacts/import-cards.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { viewData } from '../../views/payload.js'
import { fields } from '../../terminal/style.js'

export type Options = { readonly card?: readonly string[] }
type Acquaintance = Status | 'unknown' | 'given'

/** `mpc transcript verify FILE`: offline. The fingerprints come with the verdict, since everything rests on them. */
export async function run(context: Context, options: Options, operands: readonly string[]): Promise<Result> {
  const file = await readNamed(operands[0] as string, 'FILE', 1 << 26)
  return isEvidence(file) ? blame(context, options, file) : confirm(context, options, file)
}

async function confirm(context: Context, options: Options, file: Uint8Array): Promise<Result> {
  const verified = await verifyTranscript(file)
  const participants = await acquainted(context, options, verified.participants)
  const { record } = verified
  const signatures =
    verified.signatures?.map(({ path, publicKey, signature }) => ({
      path,
      public_key: hex(publicKey),
      signature: hex(signature),
    })) ?? null
  const data = {
    kind: verified.kind,
    definition_id: hex(verified.definition),
    sid: hex(verified.sid),
    words: verified.words,
    head: hex(verified.head),
    participants: participants.map(participantData),
    scheme: record.scheme,
    threshold: record.threshold,
    public_key: hex(verified.publicKey),
    signature: signatures?.length === 1 ? (signatures[0]?.signature ?? null) : null,
    signatures,
    view: verified.view && viewData(verified.view),
    certificate: verified.missing.length === 0 ? 'complete' : 'incomplete',
    missing: verified.missing,
  }
  const count = verified.participants.length
  const rows: [string, string][] = [
    ['what', WHAT[verified.kind]],
    ...(verified.view ? [['signed', verified.view.sentence] as [string, string]] : []),
    ['public key', data.public_key],
    ...(signatures ?? []).map(({ signature }): [string, string] => ['signature', signature]),
    ['must sign', `${record.threshold} of ${record.members.length}; ${record.scheme}`],
    ['six words', verified.words.join(' ')],
    ['receipts', verified.missing.length === 0 ? `of all ${count}` : `NOT of ${verified.missing.join(', ')}`],
  ]
  return {
    data,
    text: [
      'The transcript is valid: every letter is signed, and together they lead to this result.',
      ...fields(rows),
      ...peopleLines('made', participants),
    ],
  }
}

/** Verifies evidence for a reader who was not there. */
async function blame(context: Context, options: Options, file: Uint8Array): Promise<Result> {
  const { terminal, compute, signal } = context
  const verdict = await terminal.busy(
    'Checking the letters',
    verifyEvidence(file, (jobs) => compute(jobs, signal)),
  )
  const { kind, definition, sid, words, participants: cards, guilty } = verdict
  const publicKey = verdict.publicKey && hex(verdict.publicKey)
  const participants = await acquainted(context, options, cards)
  const data = {
    kind: 'failed-run',
    of: kind,
    definition_id: hex(definition),
    sid: sid && hex(sid),
    words,
    participants: participants.map(participantData),
    scheme: verdict.scheme,
    threshold: verdict.threshold,
    public_key: publicKey,
    guilty: guilty.map(({ name, fingerprint, round, kind, reason, entry }) => ({
      name,
      fingerprint,
      round,
      kind,
      reason,
      entry,
    })),
  }
  return {
    data,
    text: [
      'The evidence is valid: every letter is signed, and together they prove who broke the protocol:',
      ...guilty.map(({ name, reason, round }) => `  ${name}: ${reason} (round ${round}, proven)`),
      ...fields([
        ['what', `a failed ${WHAT[kind]}`],
        ...(publicKey ? [['public key', publicKey] as const] : []),
        ['must sign', `${verdict.threshold} of ${verdict.custodians}; ${verdict.scheme}`],
        ...(words ? [['six words', words.join(' ')] as const] : []),
      ]),
      ...peopleLines('signed', participants),
    ],
  }
}

type Participant = { readonly card: Card; readonly known: Acquaintance }

/** @throws Failure `E_TRANSCRIPT_CARDS` if cards are given, but not everybody's */
async function acquainted(
  context: Context,
  options: Options,
  cards: readonly Card[],
): Promise<readonly Participant[]> {
  const given = await cardsIn(options.card ?? [])
  const participants = await Promise.all(
    cards.map(async (card) => ({ card, known: await knownAs(context, card, given) })),
  )
  const stranger = participants.find(({ known }) => known === 'unknown')
  if (!options.card || !stranger) return participants
  const { name, fingerprint } = stranger.card
  throw new Failure('verification', 'E_TRANSCRIPT_CARDS', `the card of ${name} is not among the given ones`, {
    party: name,
    hint: `its fingerprint in the file is ${hex(fingerprint)}`,
  })
}

const participantData = ({ card, known }: Participant) => ({
  name: card.name,
  fingerprint: hex(card.fingerprint),
  known,
})

const peopleLines = (made: string, participants: readonly Participant[]): string[] => [
  `The owners of these fingerprints ${made} it. You must know who they are:`,
  ...fields(
    participants.map(({ card, known }) => [card.name, `${KNOWN[known]}\n${hex(card.fingerprint)}`] as const),
  ),
]

const WHAT = {
  keygen: 'key generation',
  reshare: 'reshare',
  refresh: 'refresh',
  policy: 'policy change',
  sign: 'signature',
  presign: 'making of presignatures',
} as const

const KNOWN: Readonly<Record<Acquaintance, string>> = {
  given: 'matches a given card',
  self: 'you',
  verified: 'verified here',
  unverified: 'stored here, NOT VERIFIED',
  unknown: 'NOT KNOWN HERE',
}

async function cardsIn(files: readonly string[]): Promise<Card[]> {
  const texts = await Promise.all(files.map((file) => readNamed(file, '--card')))
  return texts.flatMap((bytes) => [...parseCards(bytes)])
}

/** How this reader knows a participant: by a given card, by a stored one, or not at all. */
async function knownAs(context: Context, card: Card, given: readonly Card[]): Promise<Acquaintance> {
  const fingerprint = hex(card.fingerprint)
  if (given.some((other) => hex(other.fingerprint) === fingerprint)) return 'given'
  const home = await context.home()
  const self = await ownCard(home).catch(() => null)
  if (self && hex(self.fingerprint) === fingerprint) return 'self'
  return statusOf(await knownCards(home), card)
}
