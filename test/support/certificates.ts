/** Certificate authorities for one test, and what they vouch for. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const P256 = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'

/** Paths of PEM files. */
export type Issued = { readonly cert: string; readonly key: string }

export type Wish = {
  /** As in a `subjectAltName`. */
  readonly names?: string
  readonly usage?: 'serverAuth' | 'clientAuth'
  /** Below 0 it has expired. */
  readonly days?: number
}

export class Authority {
  readonly #dir = mkdtempSync(join(tmpdir(), 'mpc-tls-'))
  #issued = 0
  /** Path of its own certificate, PEM. */
  readonly ca = join(this.#dir, 'ca.pem')

  constructor() {
    this.#openssl(`req -x509 ${P256} -keyout ca.key -out ca.pem -subj /CN=authority -days 2`)
  }

  issue({ names = 'IP:127.0.0.1', usage = 'serverAuth', days = 2 }: Wish = {}): Issued {
    const name = `issued-${this.#issued++}`
    this.#openssl(`req ${P256} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`)
    writeFileSync(join(this.#dir, `${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=${usage}\n`)
    const signer = '-CA ca.pem -CAkey ca.key -CAcreateserial'
    this.#openssl(`x509 -req -in ${name}.csr ${signer} -out ${name}.pem -days ${days} -extfile ${name}.ext`)
    return { cert: join(this.#dir, `${name}.pem`), key: join(this.#dir, `${name}.key`) }
  }

  #openssl(line: string): void {
    execFileSync('openssl', line.split(' '), { cwd: this.#dir, stdio: 'ignore' })
  }
}

/** An authority, and a server at 127.0.0.1 that it vouches for. */
export function certificates(): { readonly ca: string } & Issued {
  const authority = new Authority()
  return { ca: authority.ca, ...authority.issue() }
}
