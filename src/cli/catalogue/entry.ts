/** What an error code means in general, and what the person can do next. */
export type Entry = { readonly meaning: string; readonly next: string }

export const entry = (meaning: string, next: string): Entry => ({ meaning, next })
