import type { Evidence } from '../../verdict/evidence.ts'

/** What a comparison of two pictures found: `0.4 % of the picture changed (4,096 pixels).` */
export function differenceInWords(compared: Extract<Evidence, { kind: 'visual-difference' }>): string {
  const { size, changedPixels, changedShare, volatileShare } = compared
  const sizes =
    size.before.join() === size.after.join()
      ? ''
      : ` Its size went from ${size.before.join(' × ')} to ${size.after.join(' × ')} pixels.`
  const moving = volatileShare > 0 ? ` ${percent(volatileShare)} of it changes by itself and is left out.` : ''
  const what =
    changedPixels === 0
      ? 'Both pictures show the same.'
      : `${percent(changedShare)} of the picture changed (${changedPixels.toLocaleString('en')} pixels).`
  return `${what}${sizes}${moving}`
}

/** `12 %`, `0.4 %`, `less than 0.1 %`. */
function percent(share: number): string {
  if (share < 0.001) return 'less than 0.1 %'
  return share < 0.1 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`
}
