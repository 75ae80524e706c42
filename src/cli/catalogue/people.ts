/** Codes about who is who and what was agreed: identities, cards, ceremony files. */
import { entry } from './entry.js'

export const peopleCodes = {
  E_NO_IDENTITY: entry('This home has no identity yet.', 'Make one: `mpc identity init --name NAME`.'),
  E_IDENTITY_EXISTS: entry('This home has an identity.', 'Use it, or name another --home.'),
  E_IDENTITY: entry('identity.age opens, but holds no identity.', 'Restore it from your copy.'),
  E_IDENTITY_CARD: entry(
    'The card beside the identity is missing or another.',
    'Put back the card that others have.',
  ),
  E_CARD: entry('This is not a card, or it was altered.', 'Ask its owner for `mpc identity export` again.'),
  E_CARD_OLDER: entry('A newer card of this identity is known here.', 'Ask for the one that is in use now.'),
  E_CARD_DIFFERS: entry(
    'Two cards of one identity have the same number.',
    'Ask its owner how there can be two.',
  ),
  E_FINGERPRINT: entry(
    'The card is not the one that its owner described. Somebody may have exchanged it on the way.',
    'Ask the owner, in person or by voice, for the fingerprint and the card.',
  ),
  E_NAME_TAKEN: entry(
    'The name means another card here.',
    'Ask its owner. --fingerprint keeps both; --replace gives the name to the new card.',
  ),
  E_NAME_AMBIGUOUS: entry('A name means two cards here.', 'Import the right one with --replace.'),
  E_UNKNOWN_PEER: entry(
    'Nobody of this name is known here.',
    'Import their card: `mpc identity import FILE`.',
  ),
  E_UNVERIFIED: entry(
    'A participant was never verified, and no person is here to hear them.',
    'Import the card with --fingerprint, or run it at a terminal and compare words.',
  ),
  E_WORDS_DIFFER: entry(
    'People did not read the same words. Somebody may be between you.',
    'Check the cards out of band (`mpc identity verify`) before you try again.',
  ),
  E_CLOCK: entry("A member's clock is more than two minutes ahead.", 'Set the clock that is wrong.'),
  E_TWO_HOMES: entry('One identity runs in two places.', 'Its owner must use one home only.'),
  E_PLAN: entry(
    'What the ceremony is to be does not hold together.',
    'Correct each point that the error names.',
  ),
  E_LATER: entry('This kind of ceremony is not built yet.', 'Use what `mpc ceremony new --help` offers.'),
  E_QUARANTINED: entry(
    'This machine saw that member break the rules of a ceremony. Nobody else is kept from meeting it.',
    'Ask its person what happened. Then go on at a terminal, or with --allow-quarantined NAME.',
  ),
  E_QUARANTINE_FILE: entry(
    'What is held against a member cannot be read.',
    'Put the file back from a copy of this home.',
  ),
  E_KIND: entry('The file defines another kind of ceremony.', 'Look at it with `mpc ceremony show`.'),
  E_DEFINITION: entry(
    'This is no ceremony file, or it was altered.',
    'Ask its author again and compare the ids.',
  ),
  E_NOT_A_CEREMONY: entry('An order to sign is not agreed on by file.', 'Run `mpc sign --key NAME --next`.'),
  E_DEFINITION_DIFFERS: entry(
    'The files are of different ceremonies.',
    'Compare them with `mpc ceremony show`.',
  ),
  E_ACCEPT: entry('The ceremony is not the one that --accept names.', 'Look at it with `mpc ceremony show`.'),
  E_NOT_MEMBER: entry('This identity has no part in it.', 'Check --home, and who the file names.'),
  E_UNSIGNED: entry(
    'Participants have not signed yet.',
    'They sign with `mpc ceremony sign`, or by taking part.',
  ),
  E_EXPIRED: entry('It was to happen earlier.', 'Make a new one; nothing can be done under this one.'),
  E_TOO_EARLY: entry('It may not begin yet.', 'Wait until the time that the error names.'),
  E_NOT_PUBLISHED: entry(
    'Nobody handed out the ceremony that has this id.',
    'Its author runs `mpc ceremony publish FILE`, or `mpc keygen`, at the same time and over the same server.',
  ),
  E_REFUSED: entry('The person here said no.', 'Nothing was done.'),
  E_REHEARSE: entry(
    'There is no such rehearsal.',
    'Give 2 to 10 custodians, how many of them must sign, and one mishap of one of them: `mpc rehearse --help`.',
  ),
  E_REHEARSAL: entry(
    'Something of a rehearsal was met in earnest, or the reverse. It was refused by what it says it is, unopened.',
    'Use what was made for real; what a rehearsal made works in the homes of that rehearsal only.',
  ),
} as const
