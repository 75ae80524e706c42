/**
 * What each exit code means, what to do about it, and which error codes end with it. A test holds the codes equal to
 * those in the sources, each under the kinds of failure with which it is thrown.
 */
export type Exit = {
  readonly meaning: string
  readonly next: string
  readonly codes: readonly string[]
}

export const EXITS: Readonly<Record<number, Exit>> = {
  0: {
    meaning: 'Done.',
    next: 'Nothing; a signature that verifies is done even where receipts of others are missing.',
    codes: [],
  },
  1: {
    meaning: 'A bug in mpc: this must not happen.',
    next: 'Report it with the lines on stderr.',
    codes: ['E_UNEXPECTED'],
  },
  2: {
    meaning:
      'The command line cannot be carried out as it stands, or something is missing that only you can give.',
    next: 'Correct the line: `mpc COMMAND --help`. Nothing was begun.',
    codes: [
      'E_AGE_IDENTITY',
      'E_APPROVE_FILE',
      'E_EVENTS',
      'E_FD',
      'E_HANDSHAKE_WITH',
      'E_INPUT_SIZE',
      'E_KEY_NAME',
      'E_KIND',
      'E_LATER',
      'E_NATS_GROUP',
      'E_NATS_URL',
      'E_NOTHING_TO_FINISH',
      'E_NOT_A_CEREMONY',
      'E_NO_FILE',
      'E_NO_INPUT',
      'E_PASSPHRASE',
      'E_PATH',
      'E_PAYLOAD',
      'E_PLAN',
      'E_REASON',
      'E_RECIPIENT',
      'E_REHEARSE',
      'E_RELAY_OPEN',
      'E_SCHEME',
      'E_SIGNATURE',
      'E_SIGNERS',
      'E_SIGN_WAY',
      'E_TLS_FILES',
      'E_UNKNOWN_CODE',
      'E_USAGE',
      'E_VERIFY_KEY',
    ],
  },
  3: {
    meaning: 'Something on this machine is not set up for this: an identity, a key, a card, a setting.',
    next: 'Set up what the error names. Nothing was begun.',
    codes: [
      'E_ASKPASS',
      'E_CONFIG',
      'E_EPOCH',
      'E_FILE_MODE',
      'E_FILE_SIZE',
      'E_HOME',
      'E_IDENTITY',
      'E_IDENTITY_CARD',
      'E_NOT_SIGNER',
      'E_NO_IDENTITY',
      'E_NO_KEY',
      'E_PEER_FILE',
      'E_STORAGE',
      'E_TLS',
      'E_UNKNOWN_PEER',
    ],
  },
  4: {
    meaning: 'The server cannot be reached, or does not let this identity in.',
    next: 'Check its address (--nats, MPC_NATS_URL) and that it runs, then run the same command again.',
    codes: ['E_BROKER', 'E_BROKER_AUTH', 'E_BROKER_AWAY', 'E_BROKER_PERMISSION', 'E_LISTEN'],
  },
  5: {
    meaning: 'Too few came, or too late: somebody is absent, has left, or time is up.',
    next: 'Talk to whom the error names, then all run the same command again. Nothing was kept.',
    codes: [
      'E_ABSENT',
      'E_EXPIRED',
      'E_NO_REQUEST',
      'E_NO_SIGNERS',
      'E_PEER_FAILED',
      'E_PEER_LEFT',
      'E_RESTARTS',
      'E_SILENCE',
      'E_TOO_EARLY',
      'E_UNSIGNED',
    ],
  },
  6: {
    meaning:
      'Somebody or something is not who or what it says: a card, a fingerprint, a ceremony file, a clock.',
    next: 'Stop. Ask the person it is about, by voice or in person, before you try again.',
    codes: [
      'E_ACCEPT',
      'E_CARD',
      'E_CLOCK',
      'E_DEFINITION',
      'E_DEFINITION_DIFFERS',
      'E_FINGERPRINT',
      'E_NOT_MEMBER',
      'E_REQUEST_TIME',
      'E_UNVERIFIED',
      'E_WORDS_DIFFER',
    ],
  },
  7: {
    meaning:
      'Somebody broke the rules of the ceremony; the error names who and how, or nobody where nobody can be blamed.',
    next: 'Stop. Keep the evidence file that the error names, and talk to them. Nothing was kept.',
    codes: ['E_ABORT', 'E_EQUIVOCATION', 'E_PEER_ABORT', 'E_SPLIT_VIEW', 'E_TWO_HOMES'],
  },
  8: {
    meaning: 'Somebody, here or at another machine, or a policy said no.',
    next: "Ask why. Nothing was signed with this machine's share.",
    codes: ['E_APPROVE_TYPE', 'E_DIGEST', 'E_PEER_REFUSED', 'E_REFUSED', 'E_REHEARSAL'],
  },
  9: {
    meaning: 'What was checked does not hold: a signature, a transcript, a payload or its approval.',
    next: 'Check that it is the right file; otherwise believe none of it.',
    codes: [
      'E_APPROVE',
      'E_CERTIFICATE',
      'E_PAYLOAD',
      'E_RECORD',
      'E_SIGNATURE_INVALID',
      'E_TRANSCRIPT',
      'E_TRANSCRIPT_CARDS',
    ],
  },
  10: {
    meaning: 'It cannot be opened: wrong passphrase or identity, or a damaged file.',
    next: 'Try the right one; restore a damaged file from a copy of this home.',
    codes: ['E_CORRUPT', 'E_DECRYPT', 'E_SHARE', 'E_WORK_FACTOR'],
  },
  11: {
    meaning:
      'It collides with what is here already: an identity, a key, a file, or the same thing running now.',
    next: 'Nothing was overwritten. Name another, or wait for what is running.',
    codes: [
      'E_BUSY',
      'E_CARD_DIFFERS',
      'E_CARD_OLDER',
      'E_CEREMONY_FILES',
      'E_CERTIFICATE_EXISTS',
      'E_CLAIMED',
      'E_CLAIM_FILES',
      'E_EPOCH_EXISTS',
      'E_EVIDENCE_EXISTS',
      'E_IDENTITY_EXISTS',
      'E_KEY_EXISTS',
      'E_KEY_STATE',
      'E_LEFT',
      'E_NAME_AMBIGUOUS',
      'E_NAME_TAKEN',
      'E_ORDER',
      'E_OUTPUT_EXISTS',
      'E_PENDING_EXISTS',
      'E_REQUEST_ENDED',
      'E_START',
      'E_TRANSCRIPT_EXISTS',
      'E_VOTED',
    ],
  },
  12: {
    meaning:
      'In doubt: this member has voted, or its part of a signature has left, and it does not know how it ended.',
    next: 'Do not begin anew. Run the same command again while the others do: it only finishes.',
    codes: ['E_IN_DOUBT'],
  },
  130: {
    meaning: 'Interrupted by Ctrl-C, before anything counted.',
    next: 'Nothing was kept. Run the same command again when you are ready.',
    codes: ['E_INTERRUPTED'],
  },
}

/** The exit codes that an error code may end with. */
export const exitsOf = (code: string): number[] =>
  Object.entries(EXITS).flatMap(([exit, { codes }]) => (codes.includes(code) ? [Number(exit)] : []))
