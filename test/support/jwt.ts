/** A nats-server in operator mode: an operator, an account, and users whose credentials it signs. */
import { createAccount, createOperator, createUser, type KeyPair } from 'nkeys.js'

const base64url = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** A JWT as nats-server reads it. */
function sign(issuer: KeyPair, subject: string, nats: object, expires: number | null): string {
  const claims = {
    iss: issuer.getPublicKey(),
    sub: subject,
    iat: 1_700_000_000,
    jti: subject,
    ...(expires !== null && { exp: Math.floor(expires / 1000) }),
    nats: { version: 2, ...nats },
  }
  const head = base64url(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }))
  const signed = `${head}.${base64url(JSON.stringify(claims))}`
  return `${signed}.${base64url(issuer.sign(Buffer.from(signed)))}`
}

const unlimited = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
}

export class Operator {
  readonly #operator = createOperator()
  readonly #account = createAccount()

  /** Lines of a server's configuration. */
  get configuration(): string {
    const id = this.#account.getPublicKey()
    const account = sign(this.#operator, id, { type: 'account', limits: unlimited }, null)
    const operator = sign(this.#operator, this.#operator.getPublicKey(), { type: 'operator' }, null)
    return `operator: ${operator}\nresolver: MEMORY\nresolver_preload: { ${id}: ${account} }`
  }

  /** The text of a credentials file of a new user. @param expires milliseconds since 1970 */
  credentials(expires: number | null = null): string {
    const user = createUser()
    const claims = { type: 'user', pub: {}, sub: {}, subs: -1, data: -1, payload: -1 }
    const jwt = sign(this.#account, user.getPublicKey(), claims, expires)
    const seed = Buffer.from(user.getSeed()).toString('ascii')
    return [
      '-----BEGIN NATS USER JWT-----',
      jwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      seed,
      '------END USER NKEY SEED------',
      '',
    ].join('\n')
  }
}
