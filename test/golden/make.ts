/**
 * Makes the golden files of one format version, by playing a small ceremony among two TEST identities. They
 * are made once and kept for ever: a reader that cannot load them breaks every key that somebody has. Run by
 * hand, and only for a new format version or a new kind of file:
 *
 *     MPC_GOLDEN=write npx vitest run --config test/vitest.config.ts test/wire/golden.test.ts
 *
 * A file that is there is never written again.
 */
import { engineOf } from '../../src/protocol/engines/registry.js'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { verifyTranscript } from '../../src/audit/transcript.js'
import { findKey, openShare } from '../../src/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import { ask, join, payloadHash } from '../../src/ceremony/signing/ask-and-join.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { readEpochFile } from '../../src/storage/home/epochs.js'
import { sha256 } from '../../src/wire/base/hash.js'
import { makeApproval } from '../../src/wire/ceremony/approval.js'
import { acceptDefinition, type KeygenDefinition, writeDefinition } from '../../src/wire/ceremony/definition.js'
import { identityText } from '../../src/wire/identity/identity.js'
import { encodeRecord, recordPublicKey } from '../../src/wire/key/record.js'
import { encodeShare } from '../../src/wire/key/share.js'
import { hex } from '../../src/wire/base/text.js'
import { keygenDefinition } from '../support/members.js'
import { type Custodian, custodians, fileOf, worldOf } from '../support/worlds.js'

export const GOLDEN = new URL('v1/', import.meta.url).pathname

/** A golden file, as bytes and as text. */
export const held = (name: string): Uint8Array => Uint8Array.from(readFileSync(joinPath(GOLDEN, name)))
export const textOf = (name: string): string => readFileSync(joinPath(GOLDEN, name), 'utf8')

export const NAMES = ['test-alice', 'test-bob'] as const
export const SCHEMES = ['eddsa-ed25519', 'schnorr-taproot'] as const

/** Writes what is not there yet. */
export async function writeGolden(): Promise<void> {
  const files = await makeGolden()
  for (const [name, content] of Object.entries(files)) {
    await writeFile(joinPath(GOLDEN, name), content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeGolden(): Promise<Record<string, Uint8Array | string>> {
  const everybody = (await custodians(...NAMES)) as [Custodian, Custodian]
  const files: Record<string, Uint8Array | string> = {}
  const known: Record<string, unknown> = {}
  for (const { identity, card } of everybody) {
    files[`${card.name}.identity.txt`] = identityText(identity)
    files[`${card.name}.card`] = `${card.line}\n`
    known[`${card.name}.card`] = { fingerprint: hex(card.fingerprint), age: card.age }
  }
  for (const scheme of SCHEMES) {
    const { definition, id } = fileOf({
      ...(keygenDefinition(everybody) as KeygenDefinition),
      key: scheme,
      scheme,
      engine: engineOf(scheme).name,
    })
    const signatures = everybody.map(({ identity, card }) => ({
      fingerprint: card.fingerprint,
      signature: acceptDefinition(identity.signing, id),
    }))
    files[`${scheme}.keygen.mpc`] = writeDefinition({ definition, id, signatures })
    known[`${scheme}.keygen.mpc`] = { id: hex(id) }
    const network = new MemoryNetwork()
    await Promise.all(
      everybody.map(async (custodian) => {
        const file = { definition, id, signatures }
        const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
        return runKeygen(worldOf(custodian, network.connect(custodian.member.name)), plan)
      }),
    )
    const [{ home, identity, card }] = everybody
    const key = await findKey(home, scheme)
    const heldBy = async (name: 'certificate.cbor' | 'transcript.cbor') =>
      (await readEpochFile(home, scheme, key.digest, name)) as Uint8Array
    const { share } = await openShare(home, key, identity, card)
    const own = { record: key.digest, scheme, index: share.index, share: share.share.reveal() }
    files[`${scheme}.record.cbor`] = encodeRecord(key.record)
    files[`${scheme}.share.cbor`] = encodeShare({ ...own, auxiliary: null })
    files[`${scheme}.certificate.cbor`] = await heldBy('certificate.cbor')
    files[`${scheme}.transcript.cbor`] = await heldBy('transcript.cbor')
    known[`${scheme}.record.cbor`] = { digest: hex(key.digest), public_key: hex(recordPublicKey(key.record)) }
    known[`${scheme}.transcript.cbor`] = await idsOf(await heldBy('transcript.cbor'))
  }

  const payload = Buffer.from('a payload of the golden files')
  const network = new MemoryNetwork()
  const [first, second] = everybody
  const world = (who: Custodian) => worldOf(who, network.connect(who.member.name))
  const asked = {
    type: 'raw' as const,
    payload,
    path: null,
    reason: 'golden',
    signers: everybody.map(({ card }) => card.fingerprint),
  }
  const approval = { payloads: new Set([payloadHash(payload)]), type: 'raw' as const, path: null }
  const [signed] = await Promise.all([
    ask(world(first), await findKey(first.home, 'eddsa-ed25519'), asked),
    join(world(second), await findKey(second.home, 'eddsa-ed25519'), null, approval),
  ])
  const transcript = await readFile(signed.transcript as string)
  files['request.cbor'] = signed.request.encoded
  const { created, expires } = signed.request
  files['approval.cbor'] = makeApproval(
    { ...signed.request, policy: sha256(payload) },
    { verdict: 'approve', reason: 'golden', at: created + 1, expires },
    { card: second.card, signing: second.identity.signing },
  )
  files['sign.certificate.cbor'] = await readFile(signed.certificate as string)
  files['sign.transcript.cbor'] = transcript
  known['request.cbor'] = { id: hex(signed.request.id) }
  known['sign.transcript.cbor'] = await idsOf(transcript)
  files['known.json'] = `${JSON.stringify(known, null, 2)}\n`
  return files
}

async function idsOf(transcript: Uint8Array): Promise<Record<string, string>> {
  const { definition, sid, words, head } = await verifyTranscript(Uint8Array.from(transcript))
  return { definition: hex(definition), sid: hex(sid), words: words.join(' '), head: hex(head) }
}
