/** A certificate authority for one test, and a server at 127.0.0.1 that it vouches for. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Paths of PEM files. */
export function certificates(): { readonly ca: string; readonly cert: string; readonly key: string } {
  const dir = mkdtempSync(join(tmpdir(), 'mpc-tls-'))
  const openssl = (line: string) => execFileSync('openssl', line.split(' '), { cwd: dir, stdio: 'ignore' })
  openssl(`req -x509 ${P256.join(' ')} -keyout ca.key -out ca.pem -subj /CN=authority -days 2`)
  openssl(`req ${P256.join(' ')} -keyout server.key -out server.csr -subj /CN=server`)
  writeFileSync(join(dir, 'ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n')
  const signer = '-CA ca.pem -CAkey ca.key -CAcreateserial'
  openssl(`x509 -req -in server.csr ${signer} -out server.pem -days 2 -extfile ext`)
  return { ca: join(dir, 'ca.pem'), cert: join(dir, 'server.pem'), key: join(dir, 'server.key') }
}
