/**
 * Sealing with age: ordinary age files, which the stock `age -d` opens. age authenticates no author;
 * signatures do that elsewhere. A rehearsal's files have a line before the age file (`rehearsal-mark.ts`).
 */
import {
  armor,
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption'
import { Failure } from '../../wire/base/failure.js'
import { marked, unmarked, withoutMark } from './rehearsal-mark.js'
import { byPassphrase, WORK_FACTOR } from './scrypt.js'
import { canonical, spellings } from './spelling.js'

/**
 * Seals to age recipients (`age1...`, `age1pq1...`).
 * @throws Failure `E_RECIPIENT` (usage) if one is malformed, there is none, or post-quantum ones are mixed
 *   with others: such a file is only as strong as the weaker kind
 */
export async function sealTo(recipients: readonly string[], plaintext: Uint8Array): Promise<Uint8Array> {
  const quantum = recipients.filter((recipient) => /^age1(tag)?pq1/.test(recipient)).length
  if (recipients.length === 0) throw badRecipient('no recipient is given')
  if (quantum !== 0 && quantum !== recipients.length) {
    throw badRecipient('post-quantum recipients and others cannot share one file')
  }
  const encrypter = new Encrypter()
  try {
    for (const recipient of recipients) encrypter.addRecipient(recipient)
  } catch (cause) {
    throw badRecipient('this is not an age recipient', cause)
  }
  return marked(await encrypter.encrypt(plaintext))
}

function badRecipient(message: string, cause?: unknown): Failure {
  return new Failure('usage', 'E_RECIPIENT', message, {
    hint: 'a recipient is age1... or age1pq1...; give all of one kind, or seal one file each',
    cause,
  })
}

/**
 * Opens a file that is sealed to one of these identities (`AGE-SECRET-KEY-...`), armored or not.
 * @throws Failure (decryption) `E_DECRYPT` if it is sealed to others, `E_CORRUPT` if it is damaged or no age
 *   file; (usage) `E_AGE_IDENTITY` if an identity is malformed
 */
export async function openWith(identities: readonly string[], sealed: Uint8Array): Promise<Uint8Array> {
  if (kindOfSealed(sealed) === 'passphrase') {
    throw cannotDecrypt('it is sealed by a passphrase, not to an identity', 'give its passphrase')
  }
  const decrypter = new Decrypter()
  try {
    for (const identity of identities) decrypter.addIdentity(identity)
  } catch {
    throw badIdentity()
  }
  return open(
    decrypter,
    sealed,
    'it is sealed to another identity',
    'give the identity that it was sealed to',
  )
}

/**
 * Seals with a passphrase in its canonical form (`spelling.ts`); the stock age needs that form to open it.
 * @param workFactor base-2 logarithm of scrypt's N; tests lower it
 * @throws Failure `E_PASSPHRASE` (usage) if it is empty
 */
export async function sealWithPassphrase(
  passphrase: string,
  plaintext: Uint8Array,
  workFactor = WORK_FACTOR,
): Promise<Uint8Array> {
  if (passphrase === '') {
    throw new Failure('usage', 'E_PASSPHRASE', 'an empty passphrase protects nothing', {
      hint: 'give one of several random words',
    })
  }
  const encrypter = new Encrypter()
  encrypter.addRecipient(byPassphrase(canonical(passphrase), workFactor))
  return marked(await encrypter.encrypt(plaintext))
}

/**
 * Opens a file that is sealed with a passphrase, armored or not, ours or of the stock age, in any spelling.
 * @throws Failure (decryption) `E_DECRYPT` for another passphrase, `E_CORRUPT` if the file is damaged or no
 *   age file, `E_WORK_FACTOR` if it demands excessive work: a file from others must not hang us
 */
export async function openWithPassphrase(passphrase: string, sealed: Uint8Array): Promise<Uint8Array> {
  if (kindOfSealed(sealed) === 'recipient') {
    throw cannotDecrypt('it is sealed to an identity, not by a passphrase', 'give the identity that opens it')
  }
  const decrypter = new Decrypter()
  for (const spelling of spellings(passphrase)) decrypter.addIdentity(byPassphrase(spelling, WORK_FACTOR))
  return open(
    decrypter,
    sealed,
    'wrong passphrase',
    'try again; mind the keyboard layout and capital letters',
  )
}

/** Whether bytes begin as a sealed file: armored or not, real or of a rehearsal, even truncated. */
export const isSealed = (bytes: Uint8Array): boolean =>
  /^(?:age-encryption\.org\/|\s*-----BEGIN AGE)/.test(asText(withoutMark(bytes).subarray(0, 256)))

/** A sealed file as text (ASCII armor). */
export const armored = (sealed: Uint8Array): string =>
  asText(marked(Buffer.from(armor.encode(unmarked(sealed)))))

/**
 * Whether a passphrase or an identity opens it, from its header alone.
 * @throws Failure `E_CORRUPT` (decryption) if it is no age file; `E_REHEARSAL` (refused)
 */
export function kindOfSealed(sealed: Uint8Array): 'passphrase' | 'recipient' {
  const first = /^age-encryption\.org\/v1\n-> ([!-~]+)[ \n]/.exec(
    asText(binary(unmarked(sealed)).subarray(0, 256)),
  )
  if (first === null) throw corrupt()
  return first[1] === 'scrypt' ? 'passphrase' : 'recipient'
}

/** A new age identity, `AGE-SECRET-KEY-1...`, or `AGE-SECRET-KEY-PQ-1...`, which needs age 1.3. */
export function generateAgeIdentity(options: { readonly postQuantum: boolean }): Promise<string> {
  return options.postQuantum ? generateHybridIdentity() : generateX25519Identity()
}

/** The recipient of an age identity. @throws Failure `E_AGE_IDENTITY` (usage) if it is malformed */
export async function recipientOf(identity: string): Promise<string> {
  try {
    return await identityToRecipient(identity)
  } catch {
    throw badIdentity()
  }
}

// -----------------------------------------------------------------------------------------------------------

async function open(
  decrypter: Decrypter,
  sealed: Uint8Array,
  problem: string,
  hint: string,
): Promise<Uint8Array> {
  // Identities are asked in order; the last one notes that none before it fits.
  decrypter.addIdentity({
    unwrapFileKey() {
      throw cannotDecrypt(problem, hint)
    },
  })
  try {
    return await decrypter.decrypt(binary(unmarked(sealed)))
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw corrupt(cause)
  }
}

function binary(sealed: Uint8Array): Uint8Array {
  if (!/^\s*-----BEGIN/.test(asText(sealed.subarray(0, 256)))) return sealed
  try {
    return armor.decode(asText(sealed))
  } catch (cause) {
    throw corrupt(cause)
  }
}

const asText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const cannotDecrypt = (problem: string, hint: string): Failure =>
  new Failure('decryption', 'E_DECRYPT', `cannot decrypt: ${problem}`, { hint })

const corrupt = (cause?: unknown): Failure =>
  new Failure('decryption', 'E_CORRUPT', 'this is not a whole age file', {
    hint: 'it is damaged or cut short: take another copy of it',
    cause,
  })

// Without a cause: the library's message quotes its input, which is a secret.
const badIdentity = (): Failure =>
  new Failure('usage', 'E_AGE_IDENTITY', 'this is not an age identity', {
    hint: 'an age identity is one line that begins with AGE-SECRET-KEY-',
  })
