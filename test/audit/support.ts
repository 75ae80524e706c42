/** Transcripts to verify: of real ceremonies, and of participants who together sign whatever they like. */
import { engineOf } from '../../src/protocol/engines/registry.js'
import { readFile } from 'node:fs/promises'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import { ask, join, payloadHash } from '../../src/ceremony/signing/ask-and-join.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { newEphemeral } from '../../src/messaging/channel/key-agreement.js'
import { bytes, codec } from '../../src/protocol/core/codec.js'
import {
  commitmentLetter,
  commitTo,
  type Opening,
  openingLetter,
  proofContext,
} from '../../src/protocol/dkg/keygen-public.js'
import { type FrostScheme, knowledgeChallenge, suiteOf } from '../../src/protocol/frost/suites.js'
import { echoOf, echoRound } from '../../src/protocol/core/round.js'
import { proveKnowledge } from '../../src/protocol/group/schnorr.js'
import { Secret } from '../../src/protocol/core/secret.js'
import { Session } from '../../src/protocol/core/session.js'
import {
  addCommitments,
  evaluateCommitment,
  feldman,
  type Polynomial,
  randomPolynomial,
} from '../../src/protocol/sharing/polynomial.js'
import { readEpochFile } from '../../src/storage/home/epochs.js'
import {
  acceptDefinition,
  definitionCodec,
  definitionId,
  type KeygenDefinition,
} from '../../src/wire/ceremony/definition.js'
import { decodeEnvelope, type Header, type Kind, sealEnvelope } from '../../src/wire/session/envelope.js'
import {
  attemptId,
  confirmCodec,
  encapsulateCodec,
  helloCodec,
  helloCommitment,
  PROTOCOL,
  MLKEM_CIPHERTEXT,
  revealCodec,
  sessionId,
} from '../../src/wire/session/handshake.js'
import { encodeRecord, type KeyRecord } from '../../src/wire/key/record.js'
import type { Transcript } from '../../src/wire/session/transcript.js'
import { keygenDefinition, type Person, rng } from '../support/members.js'
import { type Custodian, fileOf, worldOf } from '../support/worlds.js'

/** A key made by all of them; everybody's copy of the transcript. */
export async function keygenTranscripts(
  everybody: readonly Custodian[],
  key: string,
  scheme: FrostScheme,
): Promise<Uint8Array[]> {
  const network = new MemoryNetwork()
  const file = fileOf({
    ...(keygenDefinition(everybody) as KeygenDefinition),
    key,
    scheme,
    engine: engineOf(scheme).name,
  })
  return Promise.all(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      const made = await runKeygen(worldOf(custodian, network.connect(custodian.member.name)), plan)
      const held = await readEpochFile(custodian.home, made.name, made.digest, 'transcript.cbor')
      return Uint8Array.from(held as Uint8Array)
    }),
  )
}

/** A signature by the first two of them; both copies of the transcript. */
export async function signTranscripts(
  everybody: readonly Custodian[],
  key: string,
  payload: Uint8Array,
): Promise<Uint8Array[]> {
  const network = new MemoryNetwork()
  const [first, second] = everybody as [Custodian, Custodian]
  const signers = [first.card.fingerprint, second.card.fingerprint]
  const approval = { payloads: new Set([payloadHash(payload)]), type: 'raw' as const, path: null }
  const asked = { type: 'raw' as const, payload, path: null, reason: 'test', signers }
  const world = (who: Custodian) => worldOf(who, network.connect(who.member.name))
  const signed = await Promise.all([
    ask(world(first), await findKey(first.home, key), asked),
    join(world(second), await findKey(second.home, key), null, approval),
  ])
  return Promise.all(
    signed.map(async ({ transcript }) => Uint8Array.from(await readFile(transcript as string))),
  )
}

/** The envelope again, with another header or body, under its sender's own signature. */
export function resigned(
  who: Person,
  envelope: Uint8Array,
  change: Partial<Header>,
  body?: Uint8Array,
): Uint8Array {
  const { header, body: old } = decodeEnvelope(envelope)
  return sealEnvelope(who.identity.signing, { ...header, ...change }, body ?? old)
}

const echoCodec = codec(bytes(32))

/** The free choices of colluding custodians; the rest follows from them as in an honest run. */
export type Whim = {
  readonly definition?: Partial<KeygenDefinition>
  readonly polynomials?: readonly Polynomial[]
  readonly record?: Partial<KeyRecord>
  /** In place of the record that the polynomials give. */
  readonly outcome?: Uint8Array
  readonly opening?: (opening: Opening, i: number) => Opening
}

/** The transcript of a key generation that its custodians signed without ever having run it. No receipts. */
export function staged(custodians: readonly Person[], scheme: FrostScheme, whim: Whim = {}): Transcript {
  const definition = {
    ...(keygenDefinition(custodians) as KeygenDefinition),
    scheme,
    engine: engineOf(scheme).name,
    threshold: custodians.length,
    ...whim.definition,
  }
  const id = definitionId(definition)
  const { curve } = suiteOf(scheme)
  const say = (
    kind: Kind,
    session: Uint8Array,
    round: string,
    bodyOf: (who: Person, i: number) => Uint8Array,
  ) =>
    custodians.map((who, i) => {
      const from = who.card.fingerprint
      const header: Header = {
        v: 1,
        kind,
        definition: id,
        session,
        round,
        from,
        to: null,
        time: i,
        key: null,
      }
      return sealEnvelope(who.identity.signing, header, bodyOf(who, i))
    })
  const others = (who: Person) =>
    custodians.filter((other) => other !== who).map(({ card }) => card.fingerprint)

  const keys = custodians.map(() => newEphemeral(rng))
  const reveals = keys.map(({ x25519, mlkem, nonce }) => ({
    x25519: x25519.publicKey,
    mlkem: mlkem.publicKey,
    nonce,
  }))
  const hellos = say('hello', new Uint8Array(32), '1', (who, i) =>
    helloCodec.encode({
      protocol: PROTOCOL,
      start: 1,
      program: 'mpc/test',
      commitment: helloCommitment(id, who.card.fingerprint, 1, reveals[i] as (typeof reveals)[number]),
      accepted: acceptDefinition(who.identity.signing, id),
      others: [],
    }),
  )
  const attempt = attemptId(id, hellos.map(decodeEnvelope))
  const sid = sessionId(attempt, reveals)
  const parties = custodians.map((_, i) => i + 1)
  const session = new Session(sid, 1, parties)
  const input = { scheme, threshold: definition.threshold }
  const polynomials = whim.polynomials ?? parties.map(() => randomPolynomial(curve, input.threshold, rng))
  const openings = polynomials.map((f, i): Opening => {
    const challenge = knowledgeChallenge(suiteOf(scheme), i + 1)
    const constant = new Secret(curve.scalarBytes(f[0] as bigint))
    const honest = {
      F: feldman(curve, f).map((phi) => phi.toBytes()),
      proof: proveKnowledge(curve, proofContext(session, input), constant, rng, challenge),
      chainCode: scheme === 'schnorr-taproot' ? new Uint8Array(32).fill(i) : null,
      u: new Uint8Array(32),
    }
    return whim.opening?.(honest, i) ?? honest
  })
  const V = openings.map((opening, i) => commitmentLetter.encode(commitTo(session, input, i + 1, opening)))
  const echo = echoOf(session, 'commit', new Map(V.map((v, i) => [i + 1, v])))
  const letters = (round: string, bodyOf: (i: number) => Uint8Array) => ({
    round,
    letters: say('letter', sid, round, (_, i) => bodyOf(i)),
  })

  const sum = addCommitments(polynomials.map((f) => feldman(curve, f)))
  const honestRecord = (): KeyRecord => ({
    format: 'mpc/key-record/v1',
    key_id: id,
    scheme,
    engine: engineOf(scheme).name,
    threshold: input.threshold,
    group_point: (sum[0] as { toBytes(): Uint8Array }).toBytes(),
    chain_code:
      scheme === 'schnorr-taproot'
        ? new Uint8Array(32).fill(parties.reduce((all, party) => all ^ (party - 1), 0))
        : null,
    members: custodians.map(({ card }, i) => ({
      card,
      index: i + 1,
      public_share: evaluateCommitment(curve, sum, i + 1).toBytes(),
    })),
    epoch: 1,
    parent: null,
    definition: id,
    policy: null,
    former: [],
    auxiliary: null,
    ...whim.record,
  })
  return {
    format: 'mpc/transcript/v1',
    definition: definitionCodec.encode(definition),
    record: null,
    hellos,
    reveals: say('reveal', attempt, '', (_, i) => revealCodec.encode(reveals[i] as (typeof reveals)[number])),
    encapsulations: say('encapsulate', sid, '', (who) =>
      encapsulateCodec.encode(
        others(who).map((to) => ({ to, ciphertext: new Uint8Array(MLKEM_CIPHERTEXT) })),
      ),
    ),
    confirms: say('confirm', sid, '', (who) =>
      confirmCodec.encode(others(who).map((to) => ({ to, tag: new Uint8Array(32) }))),
    ),
    rounds: [
      letters('commit', (i) => V[i] as Uint8Array),
      letters(echoRound('commit'), () => echoCodec.encode(echo)),
      letters('open', (i) => openingLetter(scheme).encode(openings[i] as Opening)),
    ],
    payload: null,
    outcome: whim.outcome ?? encodeRecord(honestRecord()),
    receipts: [],
  }
}
