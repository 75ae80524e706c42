/**
 * The inputs and outputs of the key: those whose derivation names its fingerprint and a path that leads to
 * exactly their script, and those that pay the key at the request's path.
 */
import { OutScript } from '@scure/btc-signer/payment.js'
import { hash160 } from '@scure/btc-signer/utils.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { derivedKey } from '../../wire/key/derived-key.js'
import { badPayload } from '../bad-payload.js'
import { MOST_MESSAGES, type Subject } from '../decoder.js'
import { fingerprintOf } from '../xpub.js'
import type { InputFields, OutputFields, PsbtInput, PsbtOutput } from './psbt-file.js'
import { kindOf } from './scripts.js'

/** A key at a path, and what pays it. */
export type OwnKey = {
  /** As in requests; null for the key itself. */
  readonly path: string | null
  /** The key that signs: 33 bytes, or for taproot the output key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** 33 bytes; for taproot the internal key. */
  readonly groupPoint: Uint8Array
  /** P2WPKH, or P2TR without scripts. */
  readonly script: Uint8Array
}

/** An entry of BIP-174 or BIP-371 that names the key's fingerprint. */
type Claim = {
  readonly path: string | null
  /** 33 or 65 bytes, or 32 (x only). */
  readonly publicKey: Uint8Array
  /** It signs a script of a taproot output. */
  readonly isOfScript: boolean
}

export type Owner = {
  /** By which PSBTs name the key: the first 4 bytes of its point's HASH160 (BIP-32), in hex. */
  readonly fingerprint: string
  /** @throws Failure `E_PATH` (usage) */
  readonly keyAt: (path: string | null) => OwnKey
  /** The key at the request's path. */
  readonly asked: OwnKey
}

/** @throws Failure `E_PATH` (usage) if the request's path leads to no key */
export function ownerOf({ record, path }: Subject): Owner {
  const keyAt = (path: string | null): OwnKey => {
    const { publicKey, groupPoint } = derivedKey(record, path)
    const script =
      record.scheme === 'schnorr-taproot'
        ? OutScript.encode({ type: 'tr', pubkey: publicKey })
        : OutScript.encode({ type: 'wpkh', hash: hash160(publicKey) })
    return { path, publicKey, groupPoint, script }
  }
  return { fingerprint: hex(fingerprintOf(record.group_point)), keyAt, asked: keyAt(path) }
}

function claimsOf(owner: Owner, fields: InputFields | OutputFields): Claim[] {
  const fingerprint = Number.parseInt(owner.fingerprint, 16)
  const all = [
    ...(fields.bip32Derivation ?? []).map(([publicKey, der]) => ({ publicKey, der, isOfScript: false })),
    ...(fields.tapBip32Derivation ?? []).map(([publicKey, { der, hashes }]) => ({
      publicKey,
      der,
      isOfScript: hashes.length > 0,
    })),
  ]
  return all
    .filter(({ der }) => der.fingerprint === fingerprint)
    .map(({ publicKey, der, isOfScript }) => ({
      path: der.path.length === 0 ? null : ['m', ...der.path].join('/'),
      publicKey,
      isOfScript,
    }))
}

const isNamed = ({ publicKey }: Claim, { groupPoint }: OwnKey): boolean =>
  equalBytes(publicKey, publicKey.length === 32 ? groupPoint.subarray(1) : groupPoint)

/**
 * The key that spends each input; null for an input of somebody else.
 * @throws Failure `E_PAYLOAD` (verification) if a derivation names the key and is wrong, or if the key would sign
 *   another kind of script
 */
export function spenders(
  owner: Owner,
  inputs: readonly PsbtInput[],
  scriptOf: (input: PsbtInput) => Uint8Array,
): (OwnKey | null)[] {
  const claims = inputs.map(({ fields }) => claimsOf(owner, fields))
  bound(claims, 'inputs')
  const keys = inputs.map((input, i) => {
    const script = scriptOf(input)
    const [claim, ...more] = claims[i] as Claim[]
    const whose = `input ${input.number}`
    if (!claim) return equalBytes(script, owner.asked.script) ? owner.asked : null
    if (more.length > 0) throw badPayload(`${whose} names several keys derived from this one`)
    const key = claimed(owner, claim, whose)
    if (claim.isOfScript) throw badPayload(`${whose} asks for a signature under a taproot script`, ONLY)
    if (equalBytes(script, key.script)) return key
    throw badPayload(`${whose} names this key, but spends ${kindOf(script)}`, ONLY)
  })
  const count = keys.filter((key) => key !== null).length
  if (count > MOST_MESSAGES) throw tooMany('inputs')
  if (count === 0)
    throw badPayload('no input is of this key', {
      hint: `derivations name it by the fingerprint ${owner.fingerprint} and a path like m/0/1: give the wallet its xpub`,
    })
  return keys
}

function claimed(owner: Owner, claim: Claim, whose: string): OwnKey {
  try {
    const key = owner.keyAt(claim.path)
    if (isNamed(claim, key)) return key
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    throw badPayload(`${whose} names this key: ${cause.message}`, { cause })
  }
  throw badPayload(`${whose} names this key's fingerprint, but the key at its path is another`)
}

export type Payee = {
  /** The key that an output pays; null if it is somebody else's. */
  readonly own: OwnKey | null
  /** It is somebody else's although its derivation names this key. */
  readonly isDisguised: boolean
}

/** The payee of each output. A wrong derivation is no failure, because money paid away is shown as such. */
export function payees(owner: Owner, outputs: readonly PsbtOutput[]): Payee[] {
  const claims = outputs.map(({ fields }) => claimsOf(owner, fields))
  bound(claims, 'outputs')
  return outputs.map(({ script }, i) => {
    const keys = [...(claims[i] as Claim[]).map(({ path }) => keyOrNull(owner, path)), owner.asked]
    const own = keys.find((key) => key !== null && equalBytes(key.script, script)) ?? null
    return { own, isDisguised: own === null && (claims[i] as Claim[]).length > 0 }
  })
}

function keyOrNull(owner: Owner, path: string | null): OwnKey | null {
  try {
    return owner.keyAt(path)
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

/** Each claim costs a derivation. */
function bound(claims: readonly (readonly Claim[])[], what: 'inputs' | 'outputs'): void {
  if (claims.flat().length > MOST_MESSAGES) throw tooMany(what)
}

const tooMany = (what: 'inputs' | 'outputs'): Failure =>
  badPayload(`more than ${MOST_MESSAGES} ${what} are of this key`, {
    hint: 'make several smaller transactions',
  })

const ONLY = { hint: 'of this key only P2WPKH (ecdsa) and P2TR by key path (taproot) are signed' }
