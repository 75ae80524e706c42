/**
 * Checks every file of a home beside the keys, so that its next reader finds it intact; `share-check.ts`
 * checks the keys and their shares. Opens sealed files, keeps nothing, changes nothing. A well-formed file
 * with changed content passes: for example, the trust recorded with a card, or a letter in a transcript,
 * which `mpc transcript verify` checks against the others.
 */
import { ownVault } from '../../storage/vault/age-vault.js'
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles, listCeremonies } from '../../storage/home/ceremonies.js'
import { listEpochs, listKeyFolders, presignaturesOf } from '../../storage/home/epochs.js'
import { listClaims, RequestClaims } from '../../storage/home/request-claims.js'
import type { Home } from '../../storage/home/home.js'
import { Ledger, listLedgers } from '../../storage/ledger/ledger.js'
import { presignatureIds } from '../../storage/pools/presignatures.js'
import { listWaiting, WaitingFiles } from '../../storage/work/waiting-files.js'
import { listPrimes, readPrime } from '../../storage/home/primes.js'
import { listQuarantined, readQuarantine } from '../../storage/home/quarantine.js'
import { listParents, votesFrom } from '../../storage/home/votes.js'
import { idOfEncoded, orderCodec } from '../../wire/ceremony/definition.js'
import { decodeEnvelope } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { parsePrime } from '../../wire/key/prime.js'
import { parseRecord } from '../../wire/key/record.js'
import { parseApproval } from '../../wire/ceremony/approval.js'
import { ANY_GUEST, parseRequest, refusalCodec, resultCodec } from '../../wire/ceremony/request.js'
import { preparedCodec } from '../../wire/session/prepared.js'
import { decodeCertificate, receiptCodec } from '../../wire/ceremony/certificate.js'
import { signaturesFrom } from '../../wire/ceremony/signature.js'
import { hex } from '../../wire/base/text.js'
import { transcriptCodec } from '../../wire/session/transcript.js'
import type { Owner } from '../keys/key.js'
import { type HeldKey, heldKeys } from '../epochs/held-epochs.js'
import { askerIn } from '../signing/list-signings.js'
import { storedCeremony } from '../definition/ceremony-store.js'
import { contactsIn } from '../contacts/contacts.js'
import { checkPresignature } from '../presigning/check-presignature.js'

/** A file, or a folder whose files do not fit together, and its problem in words for people. */
export type Finding = { readonly file: string; readonly problem: string }

type Look = (file: string, act: () => Promise<unknown>) => Promise<void>

export async function checkHome(owner: Owner): Promise<readonly Finding[]> {
  const { home } = owner
  const findings: Finding[] = []
  const look: Look = async (file, act) => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Failure || error instanceof CodecError)) throw error
      findings.push({ file, problem: error.message })
    }
  }
  for (const { fingerprint, problem } of (await contactsIn(home)).damaged)
    findings.push({ file: `${home.peers}/${hex(fingerprint)}.card`, problem: problem.message })
  for (const id of await listCeremonies(home)) await checkCeremony(owner, id, look)
  for (const { parent, folder } of await listParents(home)) await look(folder, () => votesFrom(home, parent))
  const keys = await heldKeys(home)
  for (const id of await listClaims(home)) await checkClaims(home, id, keys, look)
  for (const id of await listWaiting(home)) await checkWaiting(home, id, keys, look)
  // It waits for nobody: a process that signs here is soon done, and this may be run again.
  const clock = { now: () => 0, after: (_: number, act: () => void) => act() }
  for (const key of await listLedgers(home))
    await look(`${home.ledger}/${hex(key)}`, () => new Ledger(home, key, clock).check())
  for (const { fingerprint, folder } of await listQuarantined(home))
    await look(folder, () => readQuarantine(home, fingerprint))
  for (const file of await listPrimes(home)) await look(file, () => checkPrime(owner, file))
  for (const name of await listKeyFolders(home)) await checkPools(owner, name, look)
  return findings
}

async function checkPools(owner: Owner, name: string, look: Look): Promise<void> {
  const { home } = owner
  for (const digest of await listEpochs(home, name)) {
    const here = { home, name, digest }
    for (const id of await presignatureIds(here))
      await look(`${presignaturesOf(home, name, digest)}/${hex(id)}`, () =>
        checkPresignature(owner, here, id),
      )
  }
}

async function checkCeremony(owner: Owner, id: Uint8Array, look: Look): Promise<void> {
  const { home } = owner
  const files = new CeremonyFiles(home, id)
  const at = (name: string): string => `${files.folder}/${name}`
  await look(at('definition.mpc'), () => storedCeremony(home, id))
  await look(at('start'), () => files.readStart())
  await look(at('receipt.cbor'), async () => {
    const receipt = await files.readReceipt()
    if (receipt) receiptCodec.decode(decodeEnvelope(receipt).body)
  })
  await look(at('certificate.cbor'), async () => {
    const certificate = await files.readCertificate()
    if (certificate && !equalBytes(decodeCertificate(certificate).definition, id)) throw another()
  })
  for (const name of await files.listTranscripts()) {
    await look(at(name), async () => {
      const { definition } = transcriptCodec.decode((await files.readTranscript(name)) ?? new Uint8Array())
      if (!equalBytes(idOfEncoded(definition), id)) throw another()
    })
  }
  const pending = (name: string): string => at(`pending/${name}`)
  await look(pending('record.cbor'), async () => {
    const record = await files.readPending('record.cbor')
    if (record) parseRecord(record)
  })
  await look(pending('prepared.cbor'), async () => {
    const prepared = await files.readPending('prepared.cbor')
    if (prepared) preparedCodec.decode(decodeEnvelope(prepared).body)
  })
  await look(pending('transcript.cbor'), async () => {
    const transcript = await files.readPending('transcript.cbor')
    if (transcript) transcriptCodec.decode(transcript)
  })
  await look(pending('share.age'), async () => {
    const share = await files.readPending('share.age')
    if (share) (await ownVault(owner).open(share, 'share')).wipe()
  })
}

const another = (): Failure =>
  new Failure('conflict', 'E_CEREMONY_FILES', 'it is of another ceremony', {
    hint: 'put it back from a copy of this home',
  })

async function checkClaims(home: Home, id: Uint8Array, keys: readonly HeldKey[], look: Look): Promise<void> {
  const claims = new RequestClaims(home, id)
  await look(claims.folder, async () => {
    const { end } = await claims.status()
    if (end?.outcome === 'done' && signaturesFrom(end.note) === null)
      throw new CodecError('done', 'it holds no signatures')
  })
  await look(`${claims.folder}/request.cbor`, async () => {
    const request = await claims.readRequest()
    if (request && !equalBytes(parseRequest(request, (asker) => askerIn(keys, asker), ANY_GUEST).id, id))
      throw another()
  })
  await look(`${claims.folder}/order.cbor`, async () => {
    const order = await claims.readOrder()
    if (order && !equalBytes(orderCodec.decode(order).request, id)) throw another()
  })
  await look(`${claims.folder}/approval.*.cbor`, async () => {
    const statements = (await claims.readApprovals()).map(parseApproval)
    if (statements.some(({ request }) => !equalBytes(request, id))) throw another()
  })
}

async function checkPrime(owner: Owner, file: string): Promise<void> {
  const sealed = await readPrime(file)
  // Another process has taken it meanwhile.
  if (sealed === null) return
  using plaintext = await ownVault(owner).open(sealed, 'prime')
  const prime = parsePrime(plaintext.reveal(), owner.card.signing)
  if (prime === null) throw new CodecError('prime', 'this identity did not make it')
  prime.fill(0)
}

async function checkWaiting(home: Home, id: Uint8Array, keys: readonly HeldKey[], look: Look): Promise<void> {
  const files = new WaitingFiles(home, id)
  const at = (name: string): string => `${files.folder}/${name}`
  const isOf = (about: Uint8Array): void => {
    if (!equalBytes(about, id)) throw another()
  }
  await look(at('request.cbor'), async () => {
    const request = await files.readRequest()
    if (request) isOf(parseRequest(request, (asker) => askerIn(keys, asker), ANY_GUEST).id)
  })
  await look(at('approval.*.cbor'), async () => {
    for (const { body } of await files.readSpoken('approval')) isOf(parseApproval(body).request)
  })
  await look(at('refusal.*.cbor'), async () => {
    for (const { body } of await files.readSpoken('refusal')) isOf(refusalCodec.decode(body).request)
  })
  await look(at('result.cbor'), async () => {
    const result = await files.readResult()
    if (result) isOf(resultCodec.decode(result).request)
  })
  for (const name of ['cancel.cbor', ...(await files.unsent()).map((kind) => `unsent.${kind}.cbor`)]) {
    await look(at(name), async () => {
      const envelope = await files.readEnvelope(name)
      if (envelope) decodeEnvelope(envelope)
    })
  }
}
