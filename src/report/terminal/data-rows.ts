import type { Results } from '../../verdict/results.ts'
import type { Ink } from '../text/colors.ts'
import { oneLine } from '../text/plain-text.ts'
import { fitRows } from './fit-rows.ts'

const VOLUME_KINDS: readonly string[] = ['file', 'manifest']
const RESULT_WORDS = { kept: '', changed: '', lost: 'LOST: ', excluded: 'not asked back: ' } as const

/** What became of the data: each database with its numbers, the volumes of a tier in one line, whatever is lost by name. */
export function dataRows({ tiers }: Results, ink: Ink, width?: number): string[] {
  return tiers.flatMap(({ id, evidence }) => {
    const rows = evidence.flatMap((piece) => (piece.kind === 'witness' && 'witnesses' in piece ? piece.witnesses : []))
    const files = rows.filter(
      ({ kind, result }) => kind === 'file' && (result === 'kept' || result === 'changed'),
    ).length
    const named = rows.filter(({ kind, result }) => result === 'lost' || !VOLUME_KINDS.includes(kind))
    const shown = (text: string, style: 'red' | 'dim') =>
      fitRows(`data after ${id.padEnd(8)} ${text}`, { indent: 2, hang: 4, width }).map((row) => ink(style, row))
    const marker = `${files} marker file${files === 1 ? ' is' : 's are'} ${id === 'restore' ? 'back' : 'still there'}`
    return [
      ...named.flatMap(({ subject, result, summary }) =>
        shown(`${oneLine(subject)}: ${RESULT_WORDS[result]}${oneLine(summary)}`, result === 'lost' ? 'red' : 'dim'),
      ),
      ...(files > 0 ? shown(marker, 'dim') : []),
    ]
  })
}
