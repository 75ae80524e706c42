/** The outcome of a rehearsal, for machines and people. */
import type { After } from '../../../ceremony/rehearsal/drills.js'
import { Dropped, type Mishap } from '../../../ceremony/rehearsal/faults.js'
import { KEY, PASSPHRASE, type Step } from '../../../ceremony/rehearsal/participants.js'
import type { Rehearsed } from '../../../ceremony/rehearsal/rehearsal.js'
import { MESSAGE } from '../../../ceremony/rehearsal/signing.js'
import type { Scheme } from '../../../protocol/group/scheme.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { recordPublicKey } from '../../../wire/key/record.js'
import type { Result } from '../../runtime/result.js'
import { exitCodeOf } from '../../terminal/exit.js'
import { fields } from '../../terminal/style.js'
import { keyRows } from '../../views/key.js'
import { viewData } from '../../views/payload.js'

export type Told = {
  readonly scheme: Scheme
  readonly threshold: number
  readonly names: readonly string[]
  readonly played: string | null
  readonly steps: readonly { readonly step: Step; readonly ms: number }[]
  readonly done: Rehearsed
}

function dataOf({ scheme, threshold, names, played, steps, done }: Told): Record<string, unknown> {
  const { made, after, ended, kept } = done
  return {
    rehearsal: true,
    scheme,
    threshold,
    custodians: names,
    as: played,
    words: made?.words ?? null,
    public_key: made && hex(recordPublicKey(made.record)),
    signers: made?.signers ?? [],
    message: MESSAGE,
    signature: made && hex(made.signature),
    transactions: (made?.transactions ?? []).map(({ item, signatures }) => ({
      type: item.type,
      file: item.file,
      view: viewData(item.target.decoded.view),
      signatures: signatures.map(hex),
      outputs: item.target.decoded.assemble(signatures),
    })),
    verified: made !== null,
    after: after && {
      joined: after.joined,
      epoch: after.record.epoch,
      threshold: after.record.threshold,
      custodians: after.record.members.map(({ card }) => card.name),
      holders: after.holders,
      restored: after.restored,
      public_key: hex(recordPublicKey(after.record)),
      signers: after.signers,
      signature: hex(after.signature),
      verified: true,
    },
    steps: steps.map(({ step, ms }) => ({ step, ms })),
    ended: ended.map(({ name, error }) => ({
      name,
      // Of whoever is killed nothing is heard.
      code: error instanceof Failure ? exitCodeOf(error.kind) : error === null ? 0 : null,
      error: error instanceof Failure ? error.code : null,
      message: error instanceof Failure ? error.message : null,
      party: error instanceof Failure ? error.party : null,
      accused: error instanceof Failure ? error.accused.map((accused) => accused.name) : [],
    })),
    kept,
  }
}

export function endedWell(told: Told, made: NonNullable<Rehearsed['made']>, mishap: Mishap | null): Result {
  const { scheme, threshold, names } = told
  const { kept, after } = told.done
  return {
    data: dataOf(told),
    text: [
      ...fields([
        ...keyRows(KEY, made.record),
        ['handshake', made.words.join(' ')],
        ['signed by', `${made.signers.join(', ')}: "${MESSAGE}"`],
        ['signature', hex(made.signature)],
        ...made.transactions.map(({ item }) => [item.type, item.target.decoded.view.sentence] as const),
        ['took', tookLine(told)],
        ...(kept === null ? [] : [['kept in', `${kept}   (passphrase: ${PASSPHRASE})`] as const]),
      ]),
      ...(mishap ? [`What ${mishap.who} altered did no harm: what the others hold put it right.`] : []),
      `Proven: ${threshold} of ${names.length} made a signature that ${verifierOf(scheme)} accepts;`,
      'the key itself was never put together.',
      ...(after ? provenAfter(after, verifierOf(scheme)) : []),
    ],
    next:
      kept === null
        ? 'mpc identity init --name NAME   (in earnest: ceremonies/keygen-2-of-3.md)'
        : `MPC_HOME=${kept}/${names[0] as string} mpc key show ${KEY}`,
  }
}

const provenAfter = ({ joined, restored, holders, record, signers }: After, verifier: string): string[] => [
  `Then ${joined} joined; the machine of ${restored} was lost, and two of ${holders.join(', ')} brought the share back`,
  `on another; there ${signers.join(' and ')} signed, ${record.threshold} of ${record.members.length}. The public key is the same, and ${verifier} accepts that too.`,
]

export function endedBadly(told: Told, { who }: Mishap): Result {
  const others = told.done.ended.filter(({ name }) => name !== who)
  const ends = told.done.ended.map(({ name, error }): readonly [string, string] => [name, endOf(error)])
  const failures = others.flatMap(({ error }) => (error instanceof Failure ? [error] : []))
  const worst = failures.find(({ kind }) => kind === 'doubt') ?? failures.find(({ kind }) => kind === 'abort')
  return {
    data: dataOf(told),
    text: [
      'So it would have ended:',
      ...fields([...ends, ['took', tookLine(told)]]),
      'In a real ceremony:',
      `  ${adviceOf(worst ?? failures[0], who)}`,
      `Shown: it ended for everybody, and each knows why. ${keysOf(told.done.ended)}`,
    ],
    next: 'mpc rehearse   (without a mishap)',
  }
}

/** Says who has the key. */
function keysOf(ended: Rehearsed['ended']): string {
  const holders = ended.filter(({ error }) => error === null).map(({ name }) => name)
  return holders.length === 0
    ? 'Nobody has a key.'
    : `${holders.join(', ')} have the key; the others get theirs when they run it again.`
}

function endOf(error: Failure | Dropped | null): string {
  if (error === null) return 'exit 0, with the key'
  if (error instanceof Dropped) return 'killed'
  return `exit ${exitCodeOf(error.kind)}, ${error.code}: ${error.message}`
}

function adviceOf(failure: Failure | undefined, who: string): string {
  switch (failure?.kind) {
    case 'absent':
      return `nothing was kept. Find out what ${who} needs; then all run the same command again.`
    case 'doubt':
      return `do not start anew. All run the same command again, ${who} too: it only finishes.`
    case 'abort':
      return `stop. Keep the evidence that the screens name, and talk to ${who} first.`
    default:
      return `\`mpc explain ${failure?.code ?? ''}\` says what to do.`
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

/** Until the first signature, after it, and in all. */
function tookLine({ steps }: Told): string {
  const row = (some: Told['steps']): string => some.map(({ step, ms }) => `${step} ${seconds(ms)}`).join(', ')
  const all = `${seconds(steps.reduce((sum, { ms }) => sum + ms, 0))} in all`
  const first = steps.findIndex(({ step }) => step === 'reshare')
  const later = first === -1 ? steps.length : first
  return [row(steps.slice(0, later)), row(steps.slice(later)), all].filter((line) => line !== '').join('\n')
}

function verifierOf(scheme: Scheme): string {
  switch (scheme) {
    case 'eddsa-ed25519':
      return 'OpenSSL'
    case 'schnorr-taproot':
      return 'an ordinary BIP-340 verifier'
    case 'ecdsa-secp256k1':
      return 'an ordinary ECDSA verifier'
    default:
      return scheme satisfies never
  }
}
