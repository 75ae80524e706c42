/** Signings are found again, with their evidence. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signingsIn } from '../../../src/ceremony/signing/list-signings.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { definitionCodec } from '../../../src/wire/ceremony/definition.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { hex } from '../../../src/wire/base/text.js'
import { transcriptCodec } from '../../../src/wire/session/transcript.js'
import { raze } from '../../support/processes.js'
import { makeTreasury, signed } from '../../support/reshares.js'
import { isValid, somePayload } from '../../support/signing.js'
import { bytes32 } from '../../storage/support.js'
import { type Custodian, custodians } from '../../support/worlds.js'
import { only } from '../../support/only.js'
import { signaturesCodec } from '../../../src/wire/ceremony/signature.js'

let everybody: readonly [Custodian, Custodian]
beforeAll(async () => {
  everybody = (await custodians('alice', 'bob')) as [Custodian, Custodian]
  await makeTreasury(everybody, 2)
})
afterAll(() => raze(everybody))

test('every signature leads to its payload and its transcript, at whoever asked and at whoever joined', async () => {
  const payloads = [somePayload(), somePayload()]
  for (const payload of payloads) {
    const results = await signed(everybody, payload, { linger: 200 })
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  }
  for (const who of everybody) {
    const signings = await signingsIn(who.home)
    expect(signings).toHaveLength(2)
    for (const payload of payloads) {
      const found = signings.find(
        ({ request }) => hex(request?.payloadSha256 ?? bytes32(0)) === hex(sha256(payload)),
      )
      const sentence = `Signs ${payload.length} bytes that this program does not decode.`
      expect(found).toMatchObject({ key: 'treasury', state: 'signed', view: { type: 'raw', sentence } })
      expect(await isValid(who, payload, only(found))).toBe(true)
      const transcript = transcriptCodec.decode(new Uint8Array(await readFile(found?.transcript as string)))
      expect(transcript.outcome).toEqual(signaturesCodec.encode([only(found)]))
      const order = definitionCodec.decode(transcript.definition)
      expect(order.kind === 'sign' && hex(order.request)).toBe(hex(found?.id as Uint8Array))
    }
  }
})

test('what was refused, or of which nothing more is known, is listed too', async () => {
  const [alice] = everybody
  await new RequestClaims(alice.home, bytes32(1)).finish('refused', 'no')
  const claims = new RequestClaims(alice.home, bytes32(2))
  await claims.take(1)
  const states = (await signingsIn(alice.home)).map(({ id, state, transcript }) => [
    hex(id).slice(0, 2),
    state,
    transcript,
  ])
  expect(states).toContainEqual(['01', 'refused', null])
  expect(states).toContainEqual(['02', 'begun', null])
})
