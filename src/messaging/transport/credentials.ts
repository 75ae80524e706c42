/** A client's answer to a NATS server's challenge: from the identity's key, or from a credentials file. */
import { CodecError } from '../../protocol/core/codec.js'
import { SigningKey } from '../../wire/base/ed25519.js'
import { Failure } from '../../wire/base/failure.js'
import { nkeyText, parseNkeySeed } from '../../wire/base/nkey.js'
import type { FileText } from './servers.js'

/** The authentication fields of CONNECT, in the form that the client library takes. */
export type Answer = { readonly nkey: string; readonly sig: string; readonly jwt?: string }

export type Login = {
  readonly answer: (nonce?: string) => Answer
  /** The path of the credentials file; null if the identity answers. */
  readonly path: string | null
  /** When the credentials expire, milliseconds since 1970; null for never. */
  readonly expires: number | null
}

/**
 * @param identity null where there are credentials
 * @throws Failure `E_NATS_CREDS` (configuration) for a file without credentials
 */
export function loginOf(creds: FileText | undefined, identity: SigningKey | null): Login {
  if (creds === undefined && identity === null) throw new Error('nobody answers the server')
  if (creds === undefined) return { answer: answerBy(identity as SigningKey), path: null, expires: null }
  const { jwt, seed } = blocksOf(creds)
  const claims = claimsOf(jwt)
  if (claims === null) throw unusable(creds, 'its JWT is cut short or damaged')
  let key: SigningKey
  try {
    key = new SigningKey(parseNkeySeed(seed))
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw unusable(creds, 'its seed is cut short or damaged')
  }
  if (claims.user !== nkeyText(key.publicKey)) throw unusable(creds, 'its seed is not that of its JWT')
  return { answer: answerBy(key, jwt), path: creds.path, expires: claims.expires }
}

const answerBy =
  (key: SigningKey, jwt?: string) =>
  (nonce?: string): Answer => ({
    nkey: nkeyText(key.publicKey),
    sig: nonce === undefined ? '' : Buffer.from(key.signBytes(Buffer.from(nonce))).toString('base64url'),
    ...(jwt !== undefined && { jwt }),
  })

/** The two blocks between lines of dashes: the JWT, then the seed. Any line ending is fine. */
function blocksOf(creds: FileText): { jwt: string; seed: string } {
  if (creds.text.trim() === '') throw unusable(creds, 'it is empty')
  const blocks = creds.text.matchAll(/-{3,}BEGIN [A-Z ]+-{3,}\s+(\S+)\s+-{3,}END [A-Z ]+-{3,}/g)
  const [jwt, seed] = [...blocks].map(([, inside]) => inside as string)
  if (jwt === undefined) throw unusable(creds, 'no JWT stands in it between BEGIN and END')
  if (seed === undefined) throw unusable(creds, 'it ends before the seed does')
  return { jwt, seed }
}

function claimsOf(jwt: string): { user: string; expires: number | null } | null {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]{86}$/.exec(jwt) ?? []
  if (payload === undefined) return null
  try {
    const { sub, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<
      string,
      unknown
    >
    if (typeof sub !== 'string') return null
    return { user: sub, expires: typeof exp === 'number' && exp > 0 ? exp * 1000 : null }
  } catch {
    return null
  }
}

const unusable = ({ path }: FileText, problem: string): Failure =>
  new Failure('configuration', 'E_NATS_CREDS', `${path} holds no usable NATS credentials: ${problem}`, {
    hint: 'ask the administrator of the server for the file again; --nats-creds, or its line in the configuration, names it',
  })
