/** An error code's general meaning, and what the person can do next. */
export type Entry = { readonly meaning: string; readonly next: string }

export const entry = (meaning: string, next: string): Entry => ({ meaning, next })
