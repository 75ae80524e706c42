/** Codes of identities, cards and ceremony files. */
import { entry } from './entry.js'

export const peopleCodes = {
  E_NO_IDENTITY: entry('This home has no identity yet.', 'Make one: `mpc identity init --name NAME`.'),
  E_IDENTITY_EXISTS: entry('This home already has an identity.', 'Use it, or choose another --home.'),
  E_IDENTITY: entry('identity.age opens but holds no identity.', 'Restore it from your copy.'),
  E_IDENTITY_CARD: entry(
    'The card beside the identity is missing, or belongs to another identity.',
    'Restore the card that you gave to the others.',
  ),
  E_CARD: entry('This is not a card, or it was altered.', 'Ask its owner for `mpc identity export` again.'),
  E_CARD_OLDER: entry('This home has a newer card of this identity.', 'Ask its owner for the current card.'),
  E_CARD_DIFFERS: entry(
    'Two cards of one identity have the same number.',
    'Ask their owner why there are two.',
  ),
  E_FINGERPRINT: entry(
    'The card does not have the fingerprint that its owner gave. Somebody may have replaced it on the way.',
    'Ask the owner for the fingerprint and the card, in person or by voice.',
  ),
  E_NAME_TAKEN: entry(
    'The name belongs to another card here. Or you ask for a signature without a share, under the name of a custodian.',
    'Ask its owner. --fingerprint keeps both cards; --replace gives the name to the new card. Ask under a name of your own.',
  ),
  E_NAME_AMBIGUOUS: entry('Two cards here have the same name.', 'Import the right one with --replace.'),
  E_UNKNOWN_PEER: entry(
    'This home knows nobody by that name.',
    'Import the card: `mpc identity import FILE`.',
  ),
  E_UNVERIFIED: entry(
    'A participant is not verified, and nobody is at the terminal to compare words.',
    'Import the card with --fingerprint, or run the command at a terminal and compare words.',
  ),
  E_WORDS_DIFFER: entry(
    'The participants do not see the same words. Somebody may be intercepting the connection.',
    'Verify the cards by voice or in person (`mpc identity verify`) before you try again.',
  ),
  E_CLOCK: entry("Two members' clocks differ by more than two minutes.", 'Set the clock that is wrong.'),
  E_TWO_HOMES: entry('One identity is running in two homes.', 'Its owner must use one home only.'),
  E_PLAN: entry('The parameters of the ceremony are not valid.', 'Correct each point that the error names.'),
  E_QUARANTINED: entry(
    'This home saw the member break the protocol. Other homes are not affected.',
    'Ask its owner what happened. To go on, answer at a terminal or give --allow-quarantined NAME.',
  ),
  E_QUARANTINE_FILE: entry(
    'The file that records why a member is in quarantine cannot be read.',
    'Restore the file from a copy of this home.',
  ),
  E_KIND: entry('The file defines another kind of ceremony.', '`mpc ceremony show FILE` shows which.'),
  E_DEFINITION: entry(
    'This is not a ceremony file, or it was altered.',
    'Ask its author for it again and compare the IDs.',
  ),
  E_NOT_A_CEREMONY: entry(
    'The file is an order to sign. Orders are not signed by file.',
    'Run `mpc sign --key NAME --next`.',
  ),
  E_DEFINITION_DIFFERS: entry('The files define different ceremonies.', 'Compare them: `mpc ceremony show`.'),
  E_ACCEPT: entry(
    'The ID in --accept is not the ID of this ceremony.',
    '`mpc ceremony show FILE` shows what the file says, and its ID.',
  ),
  E_NOT_MEMBER: entry(
    'This identity is not a member of the ceremony.',
    'Check --home, and the members that the file names.',
  ),
  E_UNSIGNED: entry(
    'Some participants have not signed the ceremony file.',
    'They run `mpc ceremony sign FILE`, or sign when they take part.',
  ),
  E_EXPIRED: entry('The ceremony or the request has expired.', 'Make a new one.'),
  E_TOO_EARLY: entry('The ceremony may not begin yet.', 'Wait until the time that the error gives.'),
  E_NOT_PUBLISHED: entry(
    'Nobody on this server has sent the ceremony file with this ID.',
    'Its author must run `mpc ceremony publish FILE` or `mpc keygen` at the same time, over the same server.',
  ),
  E_REFUSED: entry('You said no.', 'Nothing was done.'),
  E_REHEARSE: entry(
    'These parameters cannot be rehearsed.',
    'Give 2 to 10 custodians, a threshold, and at most one fault of one custodian: `mpc rehearse --help`.',
  ),
  E_REHEARSAL: entry(
    'Files of a rehearsal and files of real keys were mixed. Nothing was opened.',
    'Use real files in a real home, and files of a rehearsal only in the homes of that rehearsal.',
  ),
} as const
