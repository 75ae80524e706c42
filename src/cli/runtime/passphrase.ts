/**
 * The secret that opens the identity, in the documented order: an age identity, a descriptor, a file,
 * `MPC_PASSPHRASE_FILE`, `MPC_ASKPASS`, the person. A flag or variable never holds the secret itself, since others can
 * read those.
 */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { Unlock } from '../../storage/vault/age-vault.js'
import type { Rng } from '../../protocol/core/session.js'
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'
import type { Globals } from './globals.js'
import { readDescriptor, readNamedSecret } from './read-input.js'
import type { Terminal } from '../terminal/terminal.js'

export type Sources = {
  readonly globals: Globals
  readonly env: Readonly<Record<string, string | undefined>>
  readonly terminal: Terminal
  readonly rng: Rng
}

export const LIMIT = 4096
export const FLAG = '--passphrase-file FILE'
/** Tries of a person, who types blindly. A script has one. */
export const TRIES = 3

/** An existing identity: its name, and the kind of its secret. */
export type Sealed = { readonly name: string; readonly sealedBy: Unlock['kind'] }

/** Opens an identity; a person at a terminal may retry. @throws as `open` does */
export async function withExistingSecret<T>(
  sources: Sources,
  { name, sealedBy }: Sealed,
  open: (secret: Unlock) => Promise<T>,
): Promise<T> {
  const given = await givenSecret(sources)
  if (given) return open(given)
  if (sealedBy === 'identity') {
    throw new Failure('usage', 'E_NO_INPUT', 'identity.age is sealed to an age identity', {
      hint: 'give --identity FILE, the file of that age identity',
    })
  }
  const { terminal } = sources
  for (let left = TRIES - 1; ; left--) {
    const passphrase = await terminal.askSecret(`Passphrase of ${name}:`, { flag: FLAG })
    try {
      return await open({ kind: 'passphrase', passphrase })
    } catch (error) {
      const isWrong = error instanceof Failure && error.code === 'E_DECRYPT'
      if (!isWrong || left === 0) throw error
      terminal.say(
        `Wrong passphrase for the identity of ${name}. ${left === 1 ? 'One try' : `${left} tries`} left.`,
      )
    }
  }
}

/** Whether a flag or a variable names the secret, so that nobody need be asked. */
export const isSecretNamed = ({ globals, env }: Pick<Sources, 'globals' | 'env'>): boolean =>
  globals.identity !== null ||
  globals.passphraseFd !== null ||
  globals.passphraseFile !== null ||
  Boolean(env['MPC_PASSPHRASE_FILE'] || env['MPC_ASKPASS'])

/** The secret that a flag or a variable names; null if a person must be asked. */
export async function givenSecret({ globals, env }: Sources): Promise<Unlock | null> {
  if (globals.identity !== null) {
    return { kind: 'identity', identities: await readAgeIdentities(globals.identity) }
  }
  const passphrase = (bytes: Uint8Array, from: string): Unlock => ({
    kind: 'passphrase',
    passphrase: passphraseOf(bytes, from),
  })
  if (globals.passphraseFd !== null) {
    const from = '--passphrase-fd'
    return passphrase(await readDescriptor(globals.passphraseFd, from, LIMIT), from)
  }
  const [file, from] =
    globals.passphraseFile === null
      ? [env['MPC_PASSPHRASE_FILE'], 'MPC_PASSPHRASE_FILE']
      : [globals.passphraseFile, '--passphrase-file']
  if (file) return passphrase(await readNamedSecret(file, from, LIMIT), from)
  const program = env['MPC_ASKPASS']
  return program ? passphrase(await askProgram(program), 'MPC_ASKPASS') : null
}

/** @param from the flag or variable that names them */
export function passphraseOf(bytes: Uint8Array, from: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    throw new Failure('usage', 'E_PASSPHRASE', `the passphrase from ${from} is not UTF-8 text`)
  } finally {
    bytes.fill(0)
  }
  if (text === '') {
    throw new Failure('usage', 'E_PASSPHRASE', `the passphrase from ${from} is empty`, {
      hint: 'choose several random words',
    })
  }
  return text
}

/** The identities in an age identity file, without comments. */
export async function readAgeIdentities(path: string, flag = '--identity'): Promise<readonly string[]> {
  const text = Buffer.from(await readNamedSecret(path, flag)).toString('utf8')
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (identities.length === 0 || identities.some((line) => !line.startsWith('AGE-SECRET-KEY-'))) {
    throw new Failure('usage', 'E_AGE_IDENTITY', `${path} does not hold age identities`, {
      hint: '`age-keygen -o FILE` makes one; each line begins with AGE-SECRET-KEY-',
    })
  }
  return identities
}

/** The secret of a piece. It is seldom the one of this home's identity. */
export async function pieceSecret({ terminal }: Sources, label: string, fd: number | null): Promise<Unlock> {
  const flag = '--piece-passphrase-fd'
  if (fd !== null)
    return { kind: 'passphrase', passphrase: passphraseOf(await readDescriptor(fd, flag, LIMIT), flag) }
  return {
    kind: 'passphrase',
    passphrase: await terminal.askSecret(`Passphrase of ${visible(label)}:`, { flag: `${flag} N` }),
  }
}

/** The stdout of MPC_ASKPASS. The program runs without a shell, and only if no other user can change it. */
async function askProgram(program: string): Promise<Uint8Array> {
  const refuse = (problem: string, cause?: unknown): Failure =>
    new Failure('configuration', 'E_ASKPASS', `MPC_ASKPASS: ${program} ${problem}`, {
      hint: 'give the absolute path of a program that prints the passphrase and that only you can change',
      cause,
    })
  if (!isAbsolute(program)) throw refuse('is not an absolute path')
  const found = await stat(program).catch((cause: unknown) => {
    throw refuse('does not exist', cause)
  })
  if ((found.uid !== process.getuid?.() && found.uid !== 0) || (found.mode & 0o022) !== 0) {
    throw refuse('can be changed by other users')
  }
  return new Promise((resolve, reject) => {
    execFile(program, ['mpc passphrase:'], { encoding: 'buffer', maxBuffer: LIMIT }, (error, stdout) => {
      // The error of a child process contains its output, so it is no cause.
      if (error) reject(refuse('did not give a passphrase'))
      else resolve(Uint8Array.from(stdout))
      stdout.fill(0)
    })
  })
}
