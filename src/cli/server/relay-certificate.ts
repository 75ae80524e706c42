/** The relay's own certificate. The home keeps it with its key, so that a relay that starts again shows the same one. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { type Certified, selfSigned } from '../../messaging/relay/certificate.js'
import type { Rng } from '../../protocol/core/session.js'
import { readSecretFile, replaceFile } from '../../storage/fs/atomic.js'
import type { Home } from '../../storage/home/home.js'

const DAY = 86_400_000
const VALID_FOR = 90 * DAY
/** A certificate with less time is replaced. */
const LEAST = DAY
const SLACK = 3_600_000
const LIMIT = 1 << 16
const PARTS =
  /^(?<cert>-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n)(?<key>-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n)$/

export type OwnCertificate = Certified & {
  /** SHA-256 of its DER, in hex: the pin. */
  readonly hash: string
  /** Unix milliseconds. */
  readonly until: number
}

/** The certificate that this home keeps for these hosts, if it is valid for another day; else a new one. */
export async function ownCertificate(
  home: Home,
  hosts: readonly string[],
  { now, rng }: { readonly now: () => number; readonly rng: Rng },
): Promise<OwnCertificate> {
  const path = join(home.root, 'relay.pem')
  const kept = await readKept(path)
  if (kept && serves(new X509Certificate(kept.cert), hosts, now())) return own(kept)
  const second = Math.floor(now() / 1000) * 1000
  const made = selfSigned({ hosts, from: second - SLACK, until: second + VALID_FOR, rng })
  await replaceFile(path, Buffer.from(made.cert + made.key))
  return own(made)
}

/** The addresses at which other machines may reach this one; IPv4 first. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  // An address with a zone means something on this machine alone.
  const outside = all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  return outside.map(({ address }) => address).sort((a, b) => isIP(a) - isIP(b))
}

async function readKept(path: string): Promise<Certified | null> {
  const bytes = await readSecretFile(path, LIMIT)
  const { cert, key } = PARTS.exec(Buffer.from(bytes ?? []).toString('latin1'))?.groups ?? {}
  return cert === undefined || key === undefined ? null : { cert, key }
}

function serves(certificate: X509Certificate, hosts: readonly string[], now: number): boolean {
  const names = (host: string) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host))
  return Date.parse(certificate.validTo) - now > LEAST && hosts.every((host) => names(host) !== undefined)
}

function own(certified: Certified): OwnCertificate {
  const { fingerprint256, validTo } = new X509Certificate(certified.cert)
  return { ...certified, hash: fingerprint256.replaceAll(':', '').toLowerCase(), until: Date.parse(validTo) }
}
