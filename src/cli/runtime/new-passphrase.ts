/** New secrets: a script names them; a person types them twice and is warned of weak ones. */
import type { Unlock } from '../../storage/vault/age-vault.js'
import { canonical, GENERATED_WORDS } from '../../storage/sealed/spelling.js'
import { Failure } from '../../wire/base/failure.js'
import { wordsOf } from '../../wire/base/safety-words.js'
import { readDescriptor, readNamedSecret } from './read-input.js'
import {
  FLAG,
  givenSecret,
  LIMIT,
  passphraseOf,
  readAgeIdentities,
  type Sources,
  TRIES,
} from './passphrase.js'
import { isWeak, strengthOf } from './passphrase-strength.js'
import type { Asking } from '../terminal/terminal.js'

const AGAIN = 'Repeat the passphrase:'
const WHOSE = 'your identity'

/** The secret of a new identity. */
export async function newSecret(sources: Sources): Promise<Unlock> {
  const given = await givenSecret(sources)
  return given ? warnedOf(sources, given) : askNewSecret(sources, FLAG)
}

/** The new secret of an existing identity. */
export async function replacingSecret(sources: Sources, { file, fd, identity }: Replacing): Promise<Unlock> {
  if (identity !== null) {
    return { kind: 'identity', identities: await readAgeIdentities(identity, '--new-identity') }
  }
  const [from, bytes] =
    fd !== null
      ? (['--new-passphrase-fd', await readDescriptor(fd, '--new-passphrase-fd', LIMIT)] as const)
      : ([
          '--new-passphrase-file',
          file && (await readNamedSecret(file, '--new-passphrase-file', LIMIT)),
        ] as const)
  if (!bytes) return askNewSecret(sources, '--new-passphrase-file FILE')
  return warnedOf(sources, { kind: 'passphrase', passphrase: passphraseOf(bytes, from) })
}

/** Where a script's new secret is; all null if a person is asked. */
export type Replacing = {
  readonly file: string | null
  readonly fd: number | null
  /** A file of age identities. */
  readonly identity: string | null
}

async function askNewSecret(sources: Sources, flag: string): Promise<Unlock> {
  const question = 'New passphrase (Enter alone generates one):'
  return { kind: 'passphrase', passphrase: await askNew(sources, { question, what: WHOSE, flag }) }
}

function warnedOf(sources: Sources, unlock: Unlock): Unlock {
  if (unlock.kind === 'passphrase') warned(sources, unlock.passphrase, WHOSE)
  return unlock
}

/** A holder's passphrase for its piece. It is typed twice, since nobody can ask for it later. */
export async function holderSecret(sources: Sources, name: string, fd: number | null): Promise<string> {
  const flag = '--holder-passphrase-fd'
  const what = `the piece of ${name}`
  if (fd !== null) return warned(sources, passphraseOf(await readDescriptor(fd, flag, LIMIT), flag), what)
  const question = `Passphrase for ${what} (Enter alone generates one):`
  return askNew(sources, { question, what, flag: `${flag} ${name}:N` })
}

/** Warns of a script's weak passphrase and accepts it. */
function warned({ terminal }: Sources, passphrase: string, what: string): string {
  if (isWeak(passphrase)) terminal.say(`Warning: the passphrase of ${what} is weak${howWeak(passphrase)}.`)
  return passphrase
}

const howWeak = (passphrase: string): string =>
  ` (about ${strengthOf(passphrase)} bits; eight random words have 64): a thief of the file can guess it`

type NewPassphrase = Asking & { readonly question: string; readonly what: string }

/**
 * A new passphrase, typed twice; Enter alone generates one. A warning of a weak one comes before the second entry, which
 * confirms it.
 */
async function askNew(sources: Sources, wanted: NewPassphrase): Promise<string> {
  const { terminal } = sources
  for (let left = TRIES; left > 0; left--) {
    const typed = await terminal.askSecret(wanted.question, wanted)
    if (typed === '') return makeOne(sources, wanted)
    const weak = isWeak(typed)
    if (weak) terminal.say(`This passphrase is weak${howWeak(typed)}.`)
    const again = weak
      ? 'Repeat the passphrase to keep it anyway (Enter alone generates a strong one):'
      : AGAIN
    const repeated = await terminal.askSecret(again, wanted)
    if (repeated === typed) return typed
    if (weak && repeated === '') return makeOne(sources, wanted)
    if (left > 1) terminal.say('The two differ. Type both again.')
  }
  throw differ()
}

/** A generated passphrase, once the person has typed it back. */
async function makeOne({ terminal, rng }: Sources, { what, flag }: NewPassphrase): Promise<string> {
  const words = wordsOf(rng(GENERATED_WORDS)).map((word) => word.toLowerCase())
  await terminal.read([
    '',
    `The new passphrase of ${what} is ${terminal.style.bold('SECRET')}. Write it on paper now. Do not read it aloud.`,
    '',
    { words },
    '',
    'These eight random words (64 bits) are shown only here. Type them with blanks between them.',
  ])
  for (let left = TRIES; left > 0; left--) {
    const typed = await terminal.askSecret('Type the eight words:', { flag })
    // As at opening, case and blanks do not matter.
    if (canonical(typed) === words.join(' ')) return words.join(' ')
    if (left > 1) terminal.say('The words differ. Compare your notes with the words above.')
  }
  throw differ()
}

const differ = (): Failure =>
  new Failure('usage', 'E_PASSPHRASE', 'the two passphrases differ', {
    hint: 'nothing was made; run the command again',
  })
