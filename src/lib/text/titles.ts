/** What may fill a title: its blanks are `{subject}` and `{service}`. */
export interface Blanks {
  readonly subject?: string | undefined
  readonly service?: string | undefined
}

/** Ids of a table to titles that leave nothing open. */
export type PlainId<Table> = {
  [Id in keyof Table]: Table[Id] extends `${string}{${string}` ? never : Id
}[keyof Table]

/** One entry of a table of titles with all that its title leaves open; `Key` is what its id is called. */
export type TitleRef<Table, Key extends string> = {
  [Id in keyof Table]: { readonly [K in Key]: Id } & Needs<Table[Id], 'subject'> & Needs<Table[Id], 'service'>
}[keyof Table]

type Needs<Title, Blank extends keyof Blanks> = Title extends `${string}{${Blank}}${string}`
  ? { readonly [B in Blank]: string }
  : { readonly [B in Blank]?: undefined }

/** The title for a reader. */
export function fillTitle(title: string, blanks: Blanks): string {
  return title.replace(/\{(subject|service)\}/g, (_, blank: keyof Blanks) => blanks[blank] ?? '')
}
