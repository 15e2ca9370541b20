/** A text that names the images of one version, or the version of the recipe that goes with it, with the next one instead. */
export function withNextVersion(text: string, { from, to }: { readonly from: string; readonly to: string }): string {
  const old = from.replaceAll('.', '\\.')
  return text
    .replace(new RegExp(`\\b(cc-ci/(?:server|ci)):${old}(?!\\.?[\\w-])`, 'g'), (_, image: string) => `${image}:${to}`)
    .replace(new RegExp(`(?<![\\w.])${old}\\+${old}(?!\\.?[\\w-])`, 'g'), () => `${to}+${to}`)
}
