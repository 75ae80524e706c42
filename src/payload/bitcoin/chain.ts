/** The network of this process, as rules and people call it. */
import { isRehearsal } from '../../wire/base/realm.js'

/** In effects. */
export const chain = (): string => (isRehearsal() ? 'bitcoin-testnet' : 'bitcoin')

export const chainName = (): string => (isRehearsal() ? 'the Bitcoin test network' : 'Bitcoin')
