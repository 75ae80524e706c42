/** A backup as a custodian makes it: alice's share of a key, split among five holders, three of whom restore it. */
import { drawCoefficients, split } from '../../src/protocol/sharing/escrow.js'
import { curveOf, type Scheme } from '../../src/protocol/group/scheme.js'
import { Secret } from '../../src/protocol/core/secret.js'
import type { PartyId, Rng } from '../../src/protocol/core/session.js'
import { encodeKept } from '../../src/wire/escrow/kept.js'
import {
  encodeManifest,
  type ManifestFields,
  makeManifest,
  type Manifest,
} from '../../src/wire/escrow/manifest.js'
import { encodePiece } from '../../src/wire/escrow/piece.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../../src/wire/key/record.js'
import {
  makeCertificate,
  makeReceipt,
  proveShare,
  resultDigest,
} from '../../src/wire/ceremony/certificate.js'
import type { Person } from '../support/members.js'
import { seededRng } from '../support/rng.js'
import { alice, bob, carol, CREATED, filled, madeKey, memberOf } from './support.js'

export const dave = memberOf('dave')
export const AGE = memberOf('vault').card.age
export const HOLDERS: ManifestFields['holders'] = [
  { index: 1, name: 'bob', to: { kind: 'card', fingerprint: bob.card.fingerprint } },
  { index: 2, name: 'carol', to: { kind: 'card', fingerprint: carol.card.fingerprint } },
  { index: 3, name: 'vault', to: { kind: 'age', recipient: AGE } },
  { index: 4, name: 'sister', to: { kind: 'passphrase' } },
  { index: 5, name: 'dave', to: { kind: 'card', fingerprint: dave.card.fingerprint } },
]
export const AUXILIARY = filled(0x77, 300)

/** A key of any scheme, with the certificate of its custodians alice, bob and carol. */
export function certifiedKey(scheme: Scheme, changes: Partial<KeyRecord> = {}) {
  const { record: made, shares } = madeKey(scheme)
  const record = { ...made, chain_code: scheme === 'eddsa-ed25519' ? null : filled(9), ...changes }
  const ran = { definition: record.definition, sid: filled(2), head: filled(3) }
  const result = resultDigest(ran, encodeRecord(record))
  const receipts = [alice, bob, carol].map(({ identity, card }, i) => {
    const proof = proveShare(scheme, result, i + 1, shares[i] as Secret, seededRng('receipt', i))
    return makeReceipt(identity.signing, card.fingerprint, ran, result, proof)
  })
  return { record, shares, ran, result, receipts, certificate: makeCertificate(ran, result, receipts) }
}

export type Options = {
  readonly record?: Partial<KeyRecord>
  /** The splitter, by its share's index. */
  readonly custodian?: readonly [Person, PartyId]
  readonly auxiliary?: Uint8Array | null
  readonly fields?: Partial<ManifestFields>
  /** The secret to prove and seal with, in place of the share. */
  readonly known?: Secret
  readonly seed?: string
}

export function backup(scheme: Scheme, options: Options = {}) {
  const key = certifiedKey(scheme, options.record)
  const { record, shares, certificate } = key
  const curve = curveOf(scheme)
  const [who, index] = options.custodian ?? [alice, 1]
  const share = shares[index - 1] as Secret
  const rng = seededRng('backup', scheme, options.seed ?? 'one')
  const coefficients = drawCoefficients(curve, 3, { share, purpose: new Uint8Array(32), rng })
  const { F, pieces: values } = split(curve, share, coefficients, HOLDERS.length)
  const fields: ManifestFields = {
    format: 'mpc/escrow-manifest/v1',
    key_id: record.key_id,
    key: 'treasury',
    scheme,
    epoch: recordDigest(record),
    custodian: { index, fingerprint: who.card.fingerprint },
    threshold: 3,
    holders: HOLDERS,
    vector: F,
    salt: rng(32),
    policy: null,
    created: CREATED,
    ...options.fields,
  }
  const auxiliary = options.auxiliary ?? null
  const { manifest, blob } = makeManifest(
    fields,
    options.known ?? share,
    auxiliary,
    who.identity.signing,
    rng,
  )
  const pieceOf = (
    holder: PartyId,
    value: Secret = values.get(holder) as Secret,
    under: Manifest = manifest,
  ) =>
    encodePiece({
      holder,
      value: value.reveal(),
      manifest: encodeManifest(under),
      record: encodeRecord(record),
      certificate,
      blob,
    })
  return {
    ...key,
    curve,
    share,
    coefficients,
    values,
    manifest,
    blob,
    pieceOf,
    kept: encodeKept(manifest, coefficients, blob),
  }
}

/** Two pieces out of the air, of holders 1 and 2, and a vector with the right constant on which they lie. */
export function forge({ curve, share }: Pick<ReturnType<typeof backup>, 'curve' | 'share'>, rng: Rng) {
  const y = [1, 2].map(() => curve.randomScalar(rng)) as [bigint, bigint]
  const X = curve.timesG(curve.parseScalar(share.reveal()))
  const [D1, D2] = y.map((value) => curve.timesG(value).subtract(X)) as [typeof X, typeof X]
  const A2 = D2.subtract(D1.multiplyUnsafe(2n)).multiplyUnsafe(curve.Fn.inv(2n))
  const vector = [X, D1.subtract(A2), A2].map((A) => A.toBytes())
  return { vector, pieces: y.map((value) => new Secret(curve.scalarBytes(value))) as [Secret, Secret] }
}
