/** A server's certificate that is known by its hash alone: the SHA-256 of its DER. */
import type { PeerCertificate } from 'node:tls'
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'

/** 64 hex digits in lower case. @param by the flag, variable or line that gives it @throws Failure `E_NATS_PIN` (usage) */
export function pinIn(text: string, by: string): string {
  const digits = text
    .trim()
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase()
  if (/^[0-9a-f]{64}$/.test(digits)) return digits
  throw new Failure('usage', 'E_NATS_PIN', `${by} is not the hash of a certificate: ${visible(text)}`, {
    hint: 'it is 64 hex digits: copy the whole line that `mpc relay --self-signed` prints',
  })
}

/** The hash of a certificate that a server shows; '' if it shows none. */
export const hashOf = ({ fingerprint256 }: PeerCertificate): string =>
  (fingerprint256 ?? '').replaceAll(':', '').toLowerCase()

/** A server that shows another certificate. @param shown its hash; null if it is not known */
export const otherCertificate = (where: string, pin: string, shown: string | null): Failure =>
  new Failure(
    'authentication',
    'E_BROKER_PIN',
    `the server at ${where} does not show the pinned certificate: it is ${pin}${shown === null ? '' : `, and the server shows ${shown || 'none'}`}`,
    {
      hint: 'somebody may be between you: ask whoever runs the server, by voice, for the line that it prints now',
    },
  )
